"""What no calibration lets compile, told before any data is run."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.floats import check_layer
from gatewright.frontend.calibration.functions import becomes_a_module
from gatewright.frontend.calibration.own_weights import layer_call
from gatewright.frontend.torch.trace import check_calls, trace_module
from gatewright.ir.lowering import lower

_WHATEVER_THE_DATA = frozenset({"GW-101", "GW-106", "GW-108", "GW-109", "GW-205"})
"""What is refused of a model's form, and not of its numbers."""


def refuse_what_never_compiles(model: nn.Module, examples: Sequence[torch.Tensor]) -> None:
    """Refuse calls of a float model that nothing stands for, all of them at once.

    Args:
        model: Its layers, float or of Brevitas.
        examples: One for each argument of its forward().

    Raises:
        GatewrightError: GW-101, GW-108, GW-109.
    """

    def replaced(node: fx.Node) -> bool:
        if node.op == "call_module":
            return check_layer(str(node.target), model.get_submodule(str(node.target)))
        return becomes_a_module(node) or layer_call(node) is not None

    check_calls(model, examples, replaced)


def check_trace(model: nn.Module, examples: Sequence[torch.Tensor]) -> None:
    """Refuse a model whose form no kernels have, though each of its calls could be taken.

    Args:
        model: With quantizers that some sequences gave.
        examples: One for each argument of its forward().

    Raises:
        GatewrightError: GW-101, GW-106, GW-108, GW-109, GW-205, GW-301; what else is wrong with it
            may lie in so few sequences.
    """
    try:
        lower(trace_module(model, tuple(examples)).model)
    except GatewrightError as error:
        if error.code == "GW-301":
            remedy = f"{error.remedy} {_PLACED}"
            raise GatewrightError(
                "GW-301", where=error.where, cause=error.cause, remedy=remedy
            ) from error
        if error.code in _WHATEVER_THE_DATA:
            raise


_PLACED = (
    "In a float model that is brevitas.nn.QuantIdentity(act_quant=None): calibration gives it a "
    "scale."
)
