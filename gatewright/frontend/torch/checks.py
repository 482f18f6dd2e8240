"""Checks of a torch model before anything is read from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils.rnn import PackedSequence

from gatewright.errors import GatewrightError
from gatewright.frontend.torch.scopes import named_modules

_FORM = (
    "Pass one float32 tensor of the shape the model takes, with a batch axis (int64 [B, T] of what "
    "an embedding looks up); a tuple of them if forward() takes initial states too."
)
PADDED = (
    "Pass sequences of one length as one tensor [B, T, I]; cut or pad those of several, as "
    "torch.nn.utils.rnn.pad_packed_sequence and pad_sequence do."
)

# Brevitas builds this copy of the cell on the first forward and leaves its flag at training=True.
_LAZY_COPY = "_fast_cell"


def check_model(model: object) -> nn.Module:
    """Refuse what is no module, is in training mode or holds bad numbers.

    Raises:
        GatewrightError: GW-603, GW-102, GW-104, GW-109.
    """
    if not isinstance(model, nn.Module):
        raise GatewrightError(
            "GW-603",
            where=type(model).__name__,
            cause="it is not a torch.nn.Module.",
            remedy="Pass the model object itself, not its class, path or state dict.",
        )
    _check_wrappers("", model)
    _check_mode(model)
    _check_parameters(model)
    return model


def _check_wrappers(path: str, module: nn.Module) -> None:
    """Refuse modules that hide others from who would trace them (GW-603)."""
    if type(module).__module__.startswith("brevitas."):
        return  # it compiles helpers of its own
    for applies, cause, remedy in _WRAPPERS:
        if applies(module):
            raise GatewrightError(
                "GW-603", where=path or _class_name(module), cause=cause, remedy=remedy
            )
    for name, child in module.named_children():
        _check_wrappers(f"{path}.{name}".lstrip("."), child)


def _class_name(module: nn.Module) -> str:
    return type(module).__name__


_WRAPPERS: tuple[tuple[Callable[[nn.Module], bool], str, str], ...] = (
    (
        lambda module: isinstance(module, torch.jit.ScriptModule),
        "TorchScript has compiled it, so that its layers cannot be read.",
        "pass the module that torch.jit.script or torch.jit.trace was given.",
    ),
    (
        lambda module: "_orig_mod" in module._modules,
        "torch.compile wraps it.",
        "pass the module that torch.compile was given: it is the wrapper's _orig_mod.",
    ),
    (
        lambda module: isinstance(module, nn.DataParallel | DistributedDataParallel),
        "it spreads a model over devices.",
        "pass the model in it: it is the wrapper's .module.",
    ),
)


def returns_no_tensors(result: object) -> GatewrightError:
    """GW-108 for a model that returns anything but tensors and tuples of them."""
    what = type(result).__name__
    if isinstance(result, Mapping):
        what = f"a dict of {', '.join(map(str, result))}"
    return GatewrightError(
        "GW-108",
        where="the model's output",
        cause=f"it returns {what}.",
        remedy="Return the tensor itself, or a tuple of tensors.",
    )


def _has_mode(path: str, module: nn.Module) -> bool:
    """Whether the training flag of a module means anything.

    Brevitas shares stateless helpers between all quantizers of a process (they are default
    arguments), so that another model in training mode sets their flags too.
    """
    if _LAZY_COPY in path.split("."):
        return False
    helper = type(module).__module__.startswith(("brevitas.core.", "torch.jit."))
    return not helper or hasattr(module, "counter")


def _check_mode(model: nn.Module) -> None:
    for path, module in named_modules(model):
        if module.training and _has_mode(path, module):
            raise GatewrightError(
                "GW-102",
                where=path or type(model).__name__,
                cause="it is in training mode, where quantizers still change.",
                remedy="Call model.eval() first.",
            )


def _check_parameters(model: nn.Module) -> None:
    tensors = [*model.named_parameters(), *model.named_buffers()]
    for name, tensor in tensors:
        if not tensor.is_floating_point():
            continue
        if not bool(torch.isfinite(tensor).all()):
            raise GatewrightError(
                "GW-104",
                where=name,
                cause="it holds NaN or infinite values.",
                remedy="Train the model again or load a sound checkpoint.",
            )
        if tensor.dtype != torch.float32:
            raise GatewrightError(
                "GW-109",
                where=name,
                cause=f"its type is {tensor.dtype}, only torch.float32 is supported.",
                remedy="Call model.float() first.",
            )


def check_calibrated(where: str, quantizer: nn.Module) -> None:
    """Refuse a quantizer whose scale or zero point still waits for its first data (GW-103)."""
    if waits_for_data(quantizer):
        raise GatewrightError(
            "GW-103",
            where=where,
            cause="its scale or zero point comes from statistics, and it never saw data.",
            remedy="Train the model (forward passes in train() mode), load a trained state dict, "
            "or collect the statistics with gatewright.calibrate(model, data).",
        )


def waits_for_data(quantizer: nn.Module) -> bool:
    """Whether the scale or zero point of a quantizer still waits for its first data.

    Quantizers that collect statistics count their forwards in training mode. A loaded state dict
    sets the counter of those that end in a parameter, but not that of running statistics, whose
    initial value is 1.0.
    """
    for module in quantizer.modules():
        if getattr(module, "counter", None) != 0:
            continue
        running: torch.Tensor | None = getattr(module, "running_stats", None)
        if running is None or bool((running == 1.0).all()):
            return True
    return False


def example_arrays(example_input: Any) -> tuple[npt.NDArray[Any], ...]:
    """The example input, a tensor or a tuple of one an argument, as numpy.

    Returns:
        float32, or int64 of the first one if it holds integers.

    Raises:
        GatewrightError: GW-106 where one holds no numbers, a later one no floats, or is empty.
    """
    if isinstance(example_input, PackedSequence):
        raise _not_a_tensor("a packed sequence", PADDED)
    if isinstance(example_input, (tuple, list)) and not hasattr(example_input, "value"):
        parts = list(example_input)
    else:
        parts = [example_input]
    if not parts:
        raise _not_a_tensor("an empty tuple")
    arrays = tuple(_example_array(part) for part in parts)
    integers = next((a for a in arrays[1:] if a.dtype == np.int64), None)
    if integers is not None:
        raise _not_a_tensor("an array of int64 behind the first one")
    if arrays[0].ndim == 2 and len(arrays) > 1 and all(a.ndim == 2 for a in arrays):
        raise _not_a_tensor(f"{len(arrays)} tensors without a batch axis", PADDED)
    return arrays


def _example_array(example: Any) -> npt.NDArray[Any]:
    value = getattr(example, "value", example)  # of a QuantTensor
    if isinstance(value, torch.Tensor):
        if value.is_nested:
            raise _not_a_tensor("a nested tensor", PADDED)
        if value.layout != torch.strided or value.is_meta:
            raise _not_a_tensor("a tensor without values of its own")
        value = value.detach().cpu()
        value = (value.float() if value.is_floating_point() else value).numpy()
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise _not_a_tensor(_describe(value))
    if value.size == 0:
        raise GatewrightError(
            "GW-106",
            where="example input",
            cause=f"its shape {list(value.shape)} holds no values.",
            remedy="Pass at least one sequence of one time step.",
        )
    return value.astype(np.float32 if value.dtype.kind == "f" else np.int64)


def _not_a_tensor(what: str, remedy: str = _FORM) -> GatewrightError:
    return GatewrightError(
        "GW-106",
        where="example input",
        cause=f"it is {what}, but the model takes float tensors.",
        remedy=remedy,
    )


def _describe(example: object) -> str:
    if isinstance(example, np.ndarray):
        return f"an array of {example.dtype}"
    return f"of type {type(example).__name__}"
