"""The addresses of a running server: health, metrics, versions, and the OpenAPI document that describes them."""

import json
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import requests

from tfgen.serving.client import Client
from tfgen.serving.transports import ServerError

ROOT = Path(__file__).parents[2]


def get(server, path):
    return requests.get(server.http + path, timeout=60)


def test_health_names_the_served_versions(server):
    response = get(server, "/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "versions": ["2", "10"]}


@pytest.mark.parametrize("protocol", ["rest", "v2", "grpc-v2"])
def test_a_version_can_be_named(server, vae, protocol):
    address = server.grpc if protocol.startswith("grpc") else server.http
    for version in (2, 10, None):
        with Client(address, protocol, version=version) as client:
            np.testing.assert_allclose(client.sample(2, seed=7), vae.sample(2, seed=7), atol=1e-6)
    with Client(address, protocol, version=3) as client, pytest.raises(ServerError, match="model/versions/3 does not"):
        client.sample(1)


def test_a_response_names_its_version(server):
    body = {"inputs": [{"name": "seed", "shape": [1], "datatype": "INT32", "data": [7]}]}
    for path, version in (("", "10"), ("/versions/2", "2"), ("/versions/10", "10")):
        response = requests.post(f"{server.http}/v2/models/model{path}/infer", json=body, timeout=60).json()
        assert (response["model_name"], response["model_version"]) == ("model", version)
    described = get(server, "/v2/models/model/versions/2").json()
    assert (described["name"], described["versions"]) == ("model", ["2", "10"])
    assert get(server, "/v2/models/model/versions/2/ready").json()["ready"] is True
    assert get(server, "/v1/models/model/versions/2/metadata").json()["model_spec"]["version"] == "2"
    for path in ("/v2/models/model/versions/3", "/v2/models/model/versions/3/ready", "/v1/models/other"):
        assert get(server, path).status_code == 404


def test_every_method_of_the_client_returns_what_the_model_returns(server, vae):
    pictures = np.round(vae.sample(3, seed=1).numpy() * 16) / 16
    with Client(server.http) as client:
        latents = client.encode(pictures)
        np.testing.assert_allclose(latents, vae.encode(pictures), atol=1e-5)
        np.testing.assert_allclose(client.decode(latents), vae.decode(latents), atol=1e-5)
        np.testing.assert_allclose(client.reconstruct(pictures), vae.decode(latents), atol=1e-5)
        bits, nats = client.bits_per_dim(pictures, seed=5), client.log_prob(pictures, seed=5)
    np.testing.assert_allclose(bits, -nats / np.log(2) / 64, rtol=1e-5)


def test_the_openapi_document_describes_the_routes_that_exist(server):
    document = get(server, "/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path in ("/health", "/metrics", "/v1/models/{model_name}:predict", "/v2/models/{model_name}/infer"):
        assert path in document["paths"]
    assert "/v2/models/{model_name}/versions/{model_version}/infer" in document["paths"]
    assert not [path for path in document["paths"] if "repository" in path or "explain" in path]
    sent = 0
    for path, operations in document["paths"].items():
        address = server.http + path.replace("{model_name}", "model").replace("{model_version}", "10")
        for method, operation in operations.items():
            if method == "get":
                assert get(server, address.removeprefix(server.http)).status_code == 200, path
                continue
            examples = operation["requestBody"]["content"]["application/json"]["examples"]
            assert {"sample", "decode", "interpolate"} <= examples.keys()
            for example in examples.values():
                response = requests.post(address, json=example["value"], timeout=60)
                assert response.status_code == 200, (path, response.text)
                sent += 1
    assert sent >= 12
    # Every reference leads to a schema.
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)):
        assert name in document["components"]["schemas"]


def metrics(server) -> set[str]:
    return {line.split("{")[0].split(" ")[0] for line in get(server, "/metrics").text.splitlines() if line[:1] != "#"}


def test_the_dashboard_shows_metrics_that_the_server_has(server):
    assert requests.post(server.http + "/v1/models/model:predict", data=b"{nope", timeout=60).status_code == 400
    requests.post(server.http + "/v1/models/model:predict", json={"instances": [{"seed": 1}]}, timeout=60)
    served = metrics(server)
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) >= 6
    for expression in expressions:
        names = re.findall(r"[a-z_]+(?=[{\[])", expression)
        assert names and {*names} <= served, expression
    version = next(line for line in get(server, "/metrics").text.splitlines() if line.startswith("model_version{"))
    assert version == 'model_version{model_name="model"} 10.0'


@pytest.mark.slow
def test_a_newer_version_is_served_without_a_restart(exported, start_server, tmp_path):
    shutil.copytree(exported / "saved_model" / "2", tmp_path / "saved_model" / "2")
    server = start_server(str(tmp_path), "--versions=1", "--no-batching")
    with Client(server.http) as client:
        assert get(server, "/health").json()["versions"] == ["2"]
        shutil.copytree(exported / "saved_model" / "10", tmp_path / "saved_model" / "3.part")
        (tmp_path / "saved_model" / "3.part").rename(tmp_path / "saved_model" / "3")
        deadline = time.monotonic() + 60
        while get(server, "/health").json()["versions"] != ["3"]:
            # Requests are answered all the time.
            assert client.sample(1).shape == (1, 8, 8, 1)
            assert time.monotonic() < deadline
        assert client.sample(1).shape == (1, 8, 8, 1)
    with Client(server.http, version=2) as client, pytest.raises(ServerError, match="versions/2 does not exist"):
        client.sample(1)
