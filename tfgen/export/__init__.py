"""Export of a trained run to SavedModel, TFLite and ONNX, each checked against the Keras model."""
