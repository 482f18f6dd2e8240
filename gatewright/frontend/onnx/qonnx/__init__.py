"""Files of Brevitas' QONNX export, read as traced graphs."""
