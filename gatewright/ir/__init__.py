"""The QONNX graph, the integer graph, their ops, the passes between them, the interpreter."""
