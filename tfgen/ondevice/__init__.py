"""Exported models where there is no TensorFlow: on a device (`sample.py`) and in a browser (`web/`)."""
