"""Rows of a table, looked up by integers that the user passes."""

from __future__ import annotations

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.files.limits import UNFOLDED_BYTES
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.spec import Parameter, Value, make_spec

LEAST_BITS = 2
"""Of a quantizer."""


def embedding(builder: GraphBuilder, name: str, x: Value, table: Parameter) -> Value:
    """``Quant(table) -> Gather``: x [B, T] or [T, B] gives the rows of table [N, F].

    Raises:
        GatewrightError: GW-106 where x has another rank, GW-107 where rows have scales of their
            own, GW-108 where x is computed, GW-109 where the table is empty.
    """
    if not x.integers:
        raise GatewrightError(
            "GW-108",
            where=name,
            cause=f"it looks up {x.name}, which is no integer input of the model.",
            remedy="Look up an argument of forward() itself, an int64 tensor [B, T].",
        )
    if len(x.shape) != 2:
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"its input has shape {list(x.shape)}, but it takes integers [B, T].",
            remedy="Give an integer a time step; one sequence needs a batch axis of 1.",
        )
    if 0 in table.values.shape:
        raise GatewrightError(
            "GW-109",
            where=name,
            cause=f"its table has shape {list(table.values.shape)}, and nothing in it.",
            remedy="Give it a row for each integer, and a feature at least.",
        )
    if table.quant is not None and table.quant.scale.size > 1:
        raise GatewrightError(
            "GW-107",
            where=name,
            cause=f"its {table.quant.scale.size} rows have a scale each, so that what it gives has "
            "none.",
            remedy="Quantize its weights with one scale, as Int8WeightPerTensorFloat does.",
        )
    rows = builder.parameter(f"{name}.weight", f"{name}.weight_quant", table)
    out = builder.node("Gather", name, [rows, x.name], axis=0)[0]
    return Value(out, (*x.shape, table.values.shape[1]), table.quant)


def one_hot(builder: GraphBuilder, name: str, x: Value, classes: int) -> Value:
    """The same of a unit matrix, which has the grid of the integers 0 and 1.

    Raises:
        GatewrightError: As ``embedding``; GW-208 for too many classes.
    """
    UNFOLDED_BYTES.check(name, classes * classes * np.dtype(np.float32).itemsize)
    ones = make_spec(
        name,
        scale=np.ones((), dtype=np.float32),
        zero_point=np.zeros((), dtype=np.float32),
        bit_width=LEAST_BITS,
        signed=False,
        narrow=False,
        rounding="ROUND",
    )
    return embedding(builder, name, x, Parameter(np.eye(classes, dtype=np.float32), ones))
