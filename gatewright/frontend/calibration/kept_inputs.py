"""Whether a forward() leaves what it is given as it is."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.batches import Batch
from gatewright.frontend.calibration.observe import run


def refuse_changed_inputs(model: nn.Module, examples: Sequence[torch.Tensor]) -> None:
    """Refuse a forward() that changes its arguments in place: what is traced would not.

    Args:
        model: In eval mode.
        examples: One for each of its arguments; they stay as they are.

    Raises:
        GatewrightError: GW-110; GW-604 where it does not take them.
    """
    given = tuple(tensor.detach().clone() for tensor in examples)
    run(model, [Batch(given)])
    names = list(inspect.signature(model.forward).parameters)
    for position, (before, after) in enumerate(zip(examples, given, strict=True)):
        if not torch.equal(before, after):
            name = names[position] if position < len(names) else f"argument {position}"
            raise GatewrightError(
                "GW-110",
                where=name,
                cause="forward() changes it in place, and so everything that reads it later.",
                remedy="Compute another tensor: y = x + 1 for y = x; y += 1, torch.relu(x) for "
                "nn.ReLU(inplace=True)(x).",
            )
