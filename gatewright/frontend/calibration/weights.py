"""Quantizers of weights: one scale a tensor, or one a row."""

from __future__ import annotations

import numpy as np
from brevitas.nn import QuantEmbedding
from torch import nn

from gatewright.frontend.calibration.options import RangeOptions
from gatewright.frontend.calibration.quantizers import Grid
from gatewright.frontend.calibration.ranges import Histogram, choose_scale
from gatewright.frontend.calibration.result import Placed
from gatewright.frontend.calibration.slots import Slot, weight_slots
from gatewright.frontend.torch.brevitas_quant import to_numpy
from gatewright.ir.types import Float32Array


def place_weights(net: nn.Module, options: RangeOptions) -> list[Placed]:
    """Fill every weight quantizer that is missing."""
    slots = weight_slots(net)
    for chosen in (options.weight_bits, options.weight_scale):
        chosen.check_keys((), [slot.row for slot in slots])
    return [_place(slot, options) for slot in slots]


def _place(slot: Slot, options: RangeOptions) -> Placed:
    grid, clipped = weight_grid(
        slot,
        options,
        options.weight_bits.of(slot.row, slot.kind),
        options.weight_scale.of(slot.row, slot.kind),
    )
    slot.fill(grid, weight=True)
    return Placed(
        name=slot.name,
        places=len(slot.places),
        kind=slot.kind,
        bits=grid.bits,
        signed=True,
        scale=float(grid.scale) if np.ndim(grid.scale) == 0 else 0.0,
        clipped=clipped,
    )


def weight_grid(slot: Slot, options: RangeOptions, bits: int, scale: str) -> tuple[Grid, float]:
    """The grid of a weight, and the share of its values that the grid clips.

    Args:
        slot: One quantizer, of a matrix or of several with as many rows.
        options: The method.
        bits: Of the quantizer.
        scale: ``per_tensor``, or ``per_channel``: of each row, the same one in all its matrices.
            Of a table of rows that are looked up always one, which is that of what it gives.
    """
    if any(isinstance(module, QuantEmbedding) for module, _ in slot.places):
        scale = "per_tensor"
    weights = [to_numpy(module.weight) for module, _ in slot.places]
    rows = _rows(weights) if scale == "per_channel" else [_histogram(weights)]
    scales = [choose_scale(row, options, bits=bits, signed=True) for row in rows]
    shape = (-1, *[1] * (weights[0].ndim - 1)) if scale == "per_channel" else ()
    grid = Grid(
        np.array(scales, dtype=np.float32).reshape(shape),
        bits,
        signed=True,
        narrow=True,
        power_of_two=options.scale == "power_of_two",
    )
    limits = [(grid.largest_code + 0.5) * s for s in scales]
    shares = [row.share_above(limit) for row, limit in zip(rows, limits, strict=True)]
    return grid, float(np.mean(shares))  # rows are of one length


def _histogram(parts: list[Float32Array]) -> Histogram:
    seen = Histogram()
    for part in parts:
        seen.add(part)
    return seen


def _rows(weights: list[Float32Array]) -> list[Histogram]:
    return [_histogram(list(row)) for row in zip(*weights, strict=True)]
