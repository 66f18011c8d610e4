"""Serving an exported SavedModel, and requesting pictures from a server.

`server` needs no Docker; TensorFlow Serving can serve the same folder. `client` works with both. Serving needs only the
exported folder: neither the run nor Keras nor the model's class is loaded.
"""
