"""Trains a calibrated model on: weights, and the scales of the quantizers that were placed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gatewright.frontend.calibration.observe import first_output, plain
from gatewright.frontend.calibration.options import refused

Loss = Callable[[Tensor, Tensor], Tensor]
_LARGEST_GRADIENT = 1.0


def train_on(
    model: nn.Module, loader: Iterable[Any], steps: int, learning_rate: float, loss: Loss | None
) -> nn.Module:
    """See ``gatewright.finetune``."""
    if type(steps) is not int or steps < 1:
        raise refused("steps", f"it is {steps!r}.", "Use an integer from 1 on.")
    net = _trainable_copy(model)
    optimizer = torch.optim.Adam(net.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for *inputs, target in islice(_endless(loader), steps):
        output = plain(first_output(net(*inputs)))
        error = (loss or fitting_loss)(output, target)
        optimizer.zero_grad()
        error.backward()
        nn.utils.clip_grad_norm_(net.parameters(), _LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()
    return net.eval()


def _trainable_copy(model: nn.Module) -> nn.Module:
    with torch.no_grad():  # else TorchScript copies parameters as results of a computation
        net = copy.deepcopy(model)
    for copied, given in zip(net.parameters(), model.parameters(), strict=True):
        copied.requires_grad_(given.requires_grad)
    return net.train()


def fitting_loss(output: Tensor, target: Tensor) -> Tensor:
    """Cross entropy for classes, which are integers, [N] or [N, T]; else the mean square error."""
    if target.is_floating_point():
        return functional.mse_loss(output, target)
    return functional.cross_entropy(output.flatten(0, -2), target.flatten())


def _endless(loader: Iterable[Any]) -> Iterator[Any]:
    """Batches, over and over."""
    while True:
        batch = None
        for batch in loader:
            if not isinstance(batch, tuple | list) or len(batch) < 2:
                kind = type(batch).__name__
                raise refused("loader", f"it gives a {kind}, not inputs and targets.", _PAIRS)
            yield batch
        if batch is None:
            raise refused("loader", "it has no batch, or no second time.", _PAIRS)


_PAIRS = "Pass a DataLoader, or a list of pairs: inputs of the model, and classes or values."
