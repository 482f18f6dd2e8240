"""Traced graph in, integer graph out: each traced op has one lowering."""

from gatewright.ir.lowering.lower import IntegerModel, lower

__all__ = ["IntegerModel", "lower"]
