"""A sequence that is there as a whole, through a stream: what the command line does."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from gatewright.ir.lowering import IntegerModel
from gatewright.ir.quantizer import OutputBoundary
from gatewright.levels.inputs import check_arguments
from gatewright.levels.rtl import Simulated
from gatewright.levels.stream import Stream


def in_pieces(
    stream: Stream, integer: IntegerModel, x: Any, steps: int, *, raw: bool, states: bool = False
) -> Simulated:
    """Feed a sequence to a stream, ``steps`` time steps a call.

    Args:
        stream: That begins.
        integer: The model it runs.
        x: The arguments, as ``simulate`` takes them, of one sequence.
        steps: Of a call; the last one may have fewer. The first one has more of them where windows
            over time need that.
        raw: Integer codes out instead of floats.
        states: Also h and c after each call.

    Returns:
        Outputs of every step joined along time; of others the answer of each call, along the axis
        of sequences. States [1, calls, H].

    Raises:
        GatewrightError: As a call of the stream.
    """
    first, *given = check_arguments(x, integer)
    axis = integer.arguments[0].time_axis
    assert axis is not None
    answers, left, length = [], [], first.shape[axis]
    ends = [0, *range(min(stream.pieces.first(steps), length), length, steps), length]
    for start, end in pairwise(ends):
        frame = np.take(first, range(start, end), axis)
        y = stream((frame, *given) if start == 0 else frame, raw=raw)
        answers.append(y if len(integer.outputs) > 1 else (y,))
        left.append(stream.states if states else {})
    outputs = tuple(
        np.concatenate(parts, _joined_axis(output, integer))
        for output, parts in zip(integer.outputs, zip(*answers, strict=True), strict=True)
    )
    shown = {name: np.stack([part[name] for part in left], axis=1) for name in left[0]}
    return Simulated(outputs if len(outputs) > 1 else outputs[0], shown, None)


def _joined_axis(output: OutputBoundary, integer: IntegerModel) -> int:
    if output.channels_first:
        return 2
    every_step = len(integer.graph[output.tensors[0]].shape) == 3
    return 1 - output.batch_axis if every_step else output.batch_axis
