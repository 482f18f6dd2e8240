"""Plain float files, as torch.onnx.export writes them, read as torch modules."""
