"""ONNX files, loaded."""
