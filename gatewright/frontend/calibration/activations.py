"""Quantizers of activations: one scale each, by what was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gatewright.frontend.calibration.options import RangeOptions
from gatewright.frontend.calibration.quantizers import Grid
from gatewright.frontend.calibration.ranges import choose_scale
from gatewright.frontend.calibration.slots import Slot


def activation_grid(
    slot: Slot, options: RangeOptions, bits: int, percentile: float | None
) -> tuple[Grid, float]:
    """The grid of an activation, and its scale.

    Args:
        slot: One quantizer, which has seen data.
        options: The method.
        bits: Of the quantizer.
        percentile: Of the values seen that the range holds, for that method.
    """
    scale = choose_scale(slot.seen, options, bits=bits, signed=slot.signed, percentile=percentile)
    grid = Grid(
        scale,
        bits,
        slot.signed,
        narrow=slot.clamp is not None and slot.signed,
        power_of_two=options.scale == "power_of_two",
    )
    if grid.power_of_two and grid.largest_code * scale > (slot.clamp or np.inf):
        scale /= 2  # so that the quantizer clamps as soon as the function does
        grid = replace(grid, scale=scale)
    return grid, scale
