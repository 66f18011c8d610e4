"""The default addresses of the protocols, in a module that the command line imports without NumPy."""

#: Default address of each protocol, with TensorFlow Serving's default ports.
ADDRESSES = {"rest": "127.0.0.1:8501", "grpc": "127.0.0.1:8500", "v2": "127.0.0.1:8501", "grpc-v2": "127.0.0.1:8500"}
