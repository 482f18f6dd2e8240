"""The level before all others: the torch module itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatewright.errors import GatewrightError
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.quantizer import turned
from gatewright.levels.level import Level
from gatewright.levels.run import Engine, Run, nearest

if TYPE_CHECKING:
    from gatewright.frontend.torch.reference import Result


def torch_engine(integer: IntegerModel, model: Any, *, calibrated: bool) -> Engine:
    """A torch module, its integers read off its quantizers.

    Args:
        integer: What it was compiled to.
        model: The module.
        calibrated: Whether ``compile`` placed quantizers first, so that this one needs them too.

    Raises:
        GatewrightError: GW-605 where it is float in a place that is not in the build.
    """
    from gatewright.frontend import TorchReference
    from gatewright.frontend.calibration.missing import float_place

    place = float_place(model, _examples(integer), everywhere=calibrated)
    if place is not None:
        raise GatewrightError(
            "GW-605",
            where=place,
            cause="it is float there, and the build is of a model that was calibrated."
            if calibrated
            else "it is float there, and the build is not.",
            remedy="Add --calibrate with the data that compile was given; in Python, give the "
            "calibrated model, calibrate(model, data).model."
            if calibrated
            else "Give the model that was compiled.",
        )
    reference = TorchReference(model)
    return lambda arguments: torch_run(integer, reference.run(*integer.given(arguments)))


def _examples(integer: IntegerModel) -> list[Any]:
    """Two sequences and their states, for the shapes that a forward() asks for."""
    import torch

    sizes: dict[int | str, int | str] = {"B": 2, "T": integer.trial_steps}
    return [
        torch.zeros(
            [sizes.get(n, n) for n in argument.given_shape],
            dtype=torch.int64 if argument.rows else torch.float32,
        )
        for argument in integer.arguments
    ]


def torch_run(integer: IntegerModel, result: Result) -> Run:
    """What a module gave, by the names of the integer graph.

    Raises:
        GatewrightError: GW-605 where it gives another number of outputs, or one of another rank.
    """
    tensors = integer.graph.tensors
    time_major = integer.arguments[0].time_axis == 0
    taps = {}
    sizes = next((v.shape[:2] for k, v in result.taps.items() if not k.endswith("/out")), (1, 1))
    for name, value in result.taps.items():
        layer = name.removesuffix("/out")
        if layer != name:  # the output of a quantizer in the head, in the user's layout
            name = next(
                (n for n in (f"{layer}.out", f"{layer}.output_quant.out") if n in tensors), ""
            )
            steps_first = time_major != (name in integer.swapped)
            rank = len(tensors[name].shape) if name else value.ndim
            if value.ndim != rank:  # with its axes joined, or with others of size 1 between them
                rows = (sizes[0], -1) if rank == 2 or not steps_first else (-1, sizes[0])
                value = value.reshape(*rows[: rank - 1], value.shape[-1])
            if value.ndim == 3:
                value = turned(value, steps_first, name in integer.channels_first)
        if name:
            taps[name] = value
    return Run(result.outputs, nearest(integer, result.outputs), taps)


LEVEL = Level("torch", "the Brevitas module", "torch, in float32", None, floats=True)
