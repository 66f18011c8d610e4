"""Serving an exported SavedModel, and asking a server for pictures.

`serving.server` is for machines without Docker; TensorFlow Serving takes the same folder. `serving.client` talks to
both. Only the folder is needed, not the run: nothing here knows Keras or a model's class.
"""
