"""Exported TFLite models without TensorFlow: on a device (`sample.py`) and in a browser (`web/`)."""
