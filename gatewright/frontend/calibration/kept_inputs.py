"""Whether a forward() leaves what it is given as it is, and hooks what it gives."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.batches import Batch
from gatewright.frontend.calibration.observe import run
from gatewright.frontend.torch.changes import remedy
from gatewright.frontend.torch.preserve import preserved
from gatewright.frontend.torch.watch import tensors_of


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


def refuse_hooks(model: nn.Module, examples: Sequence[torch.Tensor]) -> None:
    """Refuse a model whose own hooks change what forward() takes or gives: no trace sees those.

    Args:
        model: In eval mode.
        examples: One for each of its arguments; they stay as they are.

    Raises:
        GatewrightError: GW-110.
    """
    if not (model._forward_hooks or model._forward_pre_hooks):
        return
    with preserved(model) as put_back, torch.no_grad():
        hooked = tensors_of(model(*(tensor.clone() for tensor in examples)))
        put_back()
        plain = tensors_of(model.forward(*(tensor.clone() for tensor in examples)))
    alike = (np.array_equal(a, b, equal_nan=True) for a, b in zip(hooked, plain, strict=False))
    if len(hooked) != len(plain) or not all(alike):
        raise GatewrightError(
            "GW-110",
            where=type(model).__name__,
            cause="a hook of the model itself changes what forward() takes or gives, out of sight.",
            remedy=remedy(model, None),
        )
