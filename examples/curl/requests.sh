#!/bin/sh
# Requests to `tfgen serve` with curl. Run: sh examples/curl/requests.sh [ADDRESS]
set -eu
address=${1:-http://127.0.0.1:8501}

# Whether the server answers, and with which versions.
curl --fail --silent --show-error "$address/health"
echo

# Two pictures in TensorFlow Serving's JSON: an object for each row.
curl --fail --silent --show-error "$address/v1/models/model:predict" \
  -d '{"signature_name": "sample", "instances": [{"seed": 7, "temperature": 1.0}, {"seed": 8, "temperature": 1.0}]}' |
  head -c 120
echo

# The same in the open inference protocol.
curl --fail --silent --show-error "$address/v2/models/model/infer" -H 'Content-Type: application/json' -d '{
    "parameters": {"signature_name": "sample"},
    "inputs": [
      {"name": "seed", "shape": [2], "datatype": "INT32", "data": [7, 8]},
      {"name": "temperature", "shape": [2], "datatype": "FP32", "data": [1.0, 1.0]}
    ]
  }' | head -c 120
echo

# The description of all addresses.
curl --fail --silent --show-error "$address/openapi.json" | head -c 120
echo
