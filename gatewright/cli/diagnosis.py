"""``gatewright doctor MODEL``: the traps in a model or file, each with its remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gatewright import frontend
from gatewright.errors import GatewrightError
from gatewright.frontend.torch.traps import Trap, file_traps, module_traps, refused
from gatewright.ir import interpreter
from gatewright.ir.certificate.certify import certify
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.lowering.rounding import Rounding
from gatewright.ir.types import IntArray
from gatewright.levels.inputs import check_arguments
from gatewright.verify.torch_check import check_torch

CLIPPED_SHARE = 0.01
MAX_SEQUENCES = 1024


def diagnose(model: Any, example_input: Any = None, data: Any = None) -> list[Trap]:
    """Look for traps.

    Args:
        model: A torch module, or the path of an ONNX file.
        example_input: For a module, as for ``compile``.
        data: Typical inputs, to see which accumulators are clipped; by default the example.

    Returns:
        What was found, in the order of the model; traps that keep it from compiling are marked.
    """
    is_file = isinstance(model, str | Path)
    try:
        traps = file_traps(Path(model)) if is_file else module_traps(model, example_input)
    except GatewrightError as error:
        return [refused(error)]
    if any(trap.fatal for trap in traps):
        return traps
    try:
        traced = frontend.load(model) if is_file else frontend.trace(model, example_input)
        integer = lower(traced)
        if not is_file:
            check_torch(model, example_input, traced, integer, certify(traced, integer))
        x = data if data is not None else example_input
        return traps if x is None else traps + _clipping(integer, x)
    except GatewrightError as error:
        return [*traps, *(refused(each) for each in (error, *error.others))]


def _clipping(model: IntegerModel, x: Any) -> list[Trap]:
    """Accumulators of which more than ``CLIPPED_SHARE`` lie beyond their quantizer's range."""
    arguments = check_arguments(_plain(x), model)
    few = tuple(
        np.take(a, range(min(a.shape[arg.batch_axis], MAX_SEQUENCES)), arg.batch_axis)
        for a, arg in zip(arguments, model.arguments, strict=True)
    )
    _, taps = interpreter.run(model.graph, model.encode(few))
    traps = []
    for rounding in model.roundings:
        if rounding.kind != "accumulator" or rounding.source not in taps:
            continue
        share = _clipped_share(rounding, taps[rounding.source])
        if share > CLIPPED_SHARE:
            traps.append(
                Trap(
                    "clipped accumulator",
                    rounding.name,
                    f"{share:.1%} of its values on the data lie beyond the range of its quantizer.",
                    "Calibrate or train with a wider range, or give the accumulator more bits.",
                )
            )
    return traps


def _clipped_share(rounding: Rounding, n: IntArray) -> float:
    q = rounding.quantizer
    scale, offset = (
        np.array([float(v) for v in values]) for values in (rounding.scales, rounding.offsets)
    )
    v = (n * scale + offset) / float(q.scales[0]) + q.zero_point
    if rounding.relu:
        v = np.maximum(v, q.zero_point)
    return float(((v > q.code_max + 0.5) | (v < q.code_min - 0.5)).mean())


def _plain(x: Any) -> Any:
    """Torch tensors as numpy, one or a tuple of them."""
    if isinstance(x, tuple | list):
        return tuple(_plain(part) for part in x)
    return x.detach().cpu().numpy() if hasattr(x, "detach") else x
