"""Ops that qonnx lacks, written as it has its own: nothing here needs Gatewright."""
