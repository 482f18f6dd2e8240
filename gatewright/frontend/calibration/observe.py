"""Runs a model and records what its missing quantizers would be given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import brevitas
import numpy as np
import torch
from brevitas.nn.mixin import QuantBiasMixin
from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.batches import Batch
from gatewright.frontend.calibration.options import refused
from gatewright.frontend.calibration.quantizers import activation_function
from gatewright.frontend.calibration.slots import Slot, Slots, cell_quantizers, layers
from gatewright.frontend.torch.brevitas_quant import is_enabled, to_numpy
from gatewright.frontend.torch.checks import returns_no_tensors
from gatewright.frontend.torch.failures import called
from gatewright.ir.types import Float32Array


def plain(value: Any) -> Tensor:
    """The tensor in a QuantTensor, or a tensor itself."""
    return value.value if isinstance(value, QuantTensor) else value


class _InCell(nn.Module):  # type: ignore[misc]
    """Stands for a slot inside a cell: applies the activation function and records."""

    def __init__(self, slot: Slot) -> None:
        super().__init__()
        self._function = activation_function(slot.quantizer) or nn.Identity()
        self._slot = slot

    def forward(self, x: Tensor) -> tuple[Tensor, None, None, None]:
        return self.tensor_quant(self._function(x))

    def tensor_quant(self, x: Tensor) -> tuple[Tensor, None, None, None]:
        """What follows the activation function; CIFG calls it on 1, which has to fit too."""
        self._slot.seen.add(to_numpy(x))
        return x, None, None, None


class _AtBorder(nn.Module):  # type: ignore[misc]
    """Stands for a slot at the border of a layer: input and initial states."""

    is_quant_enabled = False

    def __init__(self, slot: Slot) -> None:
        super().__init__()
        self._slot = slot

    def forward(self, x: Any) -> Any:
        self._slot.seen.add(to_numpy(plain(x)))
        return x


class _WhereScaled(nn.Module):  # type: ignore[misc]
    """A bias quantizer that leaves the bias in float while its input has no scale yet."""

    def __init__(self, quantizer: Any) -> None:
        super().__init__()
        self.quantizer = quantizer
        self.is_quant_enabled = True
        self.requires_input_scale = True

    def forward(self, x: Tensor, input: Any = None, weight: Any = None) -> Any:
        if self.quantizer.compute_bias_scale(input, weight) is None:
            return x
        return self.quantizer(x, input, weight)


@contextmanager
def biases_where_scaled(model: nn.Module) -> Iterator[None]:
    """Let a model run in which bias quantizers wait for the scale of an input still in float."""
    owners = [
        module
        for module in model.modules()
        if isinstance(module, QuantBiasMixin)
        and is_enabled(module.bias_quant)
        and module.bias_quant.requires_input_scale
    ]
    for owner in owners:
        owner.bias_quant = _WhereScaled(owner.bias_quant)
    try:
        yield
    finally:
        for owner in owners:
            owner.bias_quant = owner.bias_quant.quantizer


def observe_recurrent(
    model: nn.Module,
    slots: Slots,
    in_cell: Callable[[Slot], nn.Module] = _InCell,
    at_border: Callable[[Slot], nn.Module] = _AtBorder,
) -> None:
    """Put recorders into all recurrent layers; filling the slots takes them out again."""
    for _, layer in layers(model):
        cell = python_cell(layer)
        for name, quantizer in cell_quantizers(layer):
            slot = slots.of(quantizer)
            if slot is not None:
                setattr(cell, name, in_cell(slot))
    for slot in slots:
        for module, attribute in slot.places:
            setattr(module, attribute, at_border(slot))


def python_cell(layer: Any) -> nn.Module:
    """Brevitas' own fast cell, not compiled by TorchScript, set as the one the layer uses."""
    compiled = brevitas.config.JIT_ENABLED
    brevitas.config.JIT_ENABLED = False
    try:
        layer._fast_cell = None
        cell: nn.Module = layer.fast_cell
    finally:
        brevitas.config.JIT_ENABLED = compiled
    return cell


def forget_cells(model: nn.Module) -> None:
    """Let Brevitas make its fast cells again, from the quantizers that are there now."""
    for _, layer in layers(model):
        layer._fast_cell = None


@contextmanager
def recorded(inputs: Iterable[Slot], outputs: Iterable[Slot]) -> Iterator[None]:
    """Record the inputs and the outputs of feed-forward layers while the block runs."""
    hooks = []
    for slot in inputs:
        module = slot.places[0][0]
        hooks.append(module.register_forward_pre_hook(_input_hook(slot)))
    for slot in outputs:
        module = slot.places[0][0]
        hooks.append(module.register_forward_hook(_output_hook(slot)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def check_finite(slot: Slot) -> None:
    """Refuse values that no range holds (GW-604)."""
    if not np.isfinite(slot.seen.largest):
        raise refused(
            slot.name,
            "on this data its values are NaN or infinite.",
            "Check the model's parameters and the range of the data.",
        )


def _input_hook(slot: Slot) -> Any:
    return lambda module, args: slot.seen.add(to_numpy(plain(args[0])))


def _output_hook(slot: Slot) -> Any:
    return lambda module, args, out: slot.seen.add(to_numpy(plain(out)))


def run(model: nn.Module, batches: list[Batch]) -> list[Float32Array]:
    """The model's output for each batch.

    Raises:
        GatewrightError: GW-604 where the model does not take the data.
    """
    outputs = []
    with torch.no_grad():
        for batch in batches:
            try:
                result = called(model, *batch.inputs)
            except GatewrightError:
                raise
            except Exception as error:  # whatever the user's forward() raises
                raise refused(
                    "calibration data",
                    f"the model fails on a batch of shape {list(batch.x.shape)}: "
                    f"{type(error).__name__}: {str(error).rstrip('.')}.",
                    "Pass sequences as the model takes them, in a tuple one tensor an argument of "
                    "forward(); and make model(x) run by itself.",
                ) from error
            first = plain(first_output(result))
            if not isinstance(first, Tensor):
                raise returns_no_tensors(first)
            outputs.append(to_numpy(first))
    if not all(np.isfinite(y).all() for y in outputs):
        raise refused(
            "calibration data",
            "the model's output on it is NaN or infinite.",
            "Check the model's parameters and the range of the data.",
        )
    return outputs


def first_output(result: Any) -> Any:
    """The output of a model that returns states beside it."""
    while isinstance(result, tuple | list | dict) and result:
        if isinstance(result, QuantTensor):
            break
        result = next(iter(result.values() if isinstance(result, dict) else result))
    return result
