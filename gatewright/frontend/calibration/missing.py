"""Where a model is still float."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from gatewright.frontend.calibration.floats import float_layers
from gatewright.frontend.calibration.slots import (
    input_slots,
    output_slots,
    recurrent_slots,
    weight_slots,
)
from gatewright.frontend.calibration.waiting import waiting_quantizers
from gatewright.frontend.torch.checks import check_model
from gatewright.frontend.torch.uncalled import called_alone


def float_place(model: object, examples: Sequence[torch.Tensor], *, everywhere: bool) -> str | None:
    """The first place of a model that calibration would quantize; None if there is none.

    Args:
        model: A torch module in eval mode.
        examples: One for each argument of its forward().
        everywhere: Whether to look at all of it; else where no build can be float, in the recurrent
            layers.

    Raises:
        GatewrightError: As ``check_model``; GW-108 where forward() cannot be traced.
    """
    module = check_model(model)
    with called_alone(module, examples):
        return next(_places(module, examples, everywhere), None)


def _places(model: nn.Module, examples: Sequence[torch.Tensor], everywhere: bool) -> Iterator[str]:
    yield from (path or type(model).__name__ for path in float_layers(model))
    yield from (slot.name for slot in recurrent_slots(model))
    if everywhere:
        yield from (slot.name for slot in (*weight_slots(model), *output_slots(model)))
        yield from waiting_quantizers(model)
        yield from (slot.name for slot in input_slots(model, examples))
