"""The traced graph: QONNX as Brevitas writes it, with the ops that qonnx lacks."""

from gatewright.ir.traced.cell_op import register
from gatewright.ir.traced.shapes import infer_shapes, respecialize

__all__ = ["infer_shapes", "register", "respecialize"]
