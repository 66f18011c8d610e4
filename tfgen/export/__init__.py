"""A trained run as a SavedModel for servers and as TFLite for devices: tfgen export RUN --to saved_model tflite."""
