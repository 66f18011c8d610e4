"""A trained run as a SavedModel for servers and as TFLite for devices: python -m export RUN --to saved_model tflite."""
