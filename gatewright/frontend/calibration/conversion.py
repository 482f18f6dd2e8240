"""A model against its copy in which Brevitas' layers stand for torch's, before any quantizer."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from brevitas.quant_tensor import QuantTensor
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.floats import float_layers
from gatewright.frontend.calibration.observe import biases_where_scaled, python_cell
from gatewright.frontend.calibration.slots import layers
from gatewright.frontend.torch.changes import line_of_call, remedy
from gatewright.frontend.torch.preserve import preserved
from gatewright.frontend.torch.watch import Arrays, tensors_of

COMPARED = 32
"""Sequences that both are given."""
_SLACK = 256
"""Times the error of float32 in one of two computations that another one of the same may have."""


@dataclass(frozen=True)
class _Call:
    """One call of a float layer: what it was given, and what it returned, in torch's own form."""

    inputs: Arrays
    output: Any


def check_conversion(model: nn.Module, net: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    """Refuse a model whose converted copy computes something else.

    Both run on the same input, and each converted layer of the copy returns what the original's
    did. So all else has to be equal, bit for bit, and a converted layer differs from its original
    by the rounding of float32 alone, which is measured against float64.

    Args:
        model: As given; it is left as it was.
        net: The copy, with Brevitas layers.
        inputs: What its forward() takes.

    Raises:
        GatewrightError: GW-110, which names the layer that differs.
    """
    paths = float_layers(model)
    with torch.no_grad():
        with _running(model), _recorded(model, paths) as calls:
            expected = tensors_of(model(*inputs))
        with _running(net), _forced(model, net, calls, inputs):
            try:
                outputs = tensors_of(net(*inputs))
            except GatewrightError:
                raise
            except Exception as error:  # whatever forward() raises on layers of another class
                what = f"it fails: {type(error).__name__}: {error}"
                raise _differs(model, None, what, inputs) from error
    if not _equal(expected, outputs) or any(calls.values()):
        raise _differs(model, None, "it gives another output", inputs)


@contextmanager
def _running(model: nn.Module) -> Iterator[None]:
    """A model that can run, left as it was; TorchScript would compile its cells for one call."""
    with preserved(model), biases_where_scaled(model):
        for _, layer in layers(model):
            python_cell(layer)
        yield


def _equal(a: Arrays, b: Arrays) -> bool:
    return len(a) == len(b) and all(
        np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True)
    )


@contextmanager
def _recorded(model: nn.Module, paths: list[str]) -> Iterator[dict[str, list[_Call]]]:
    """The calls of layers while the block runs, seen from outside of their hooks."""
    calls: dict[str, list[_Call]] = {path: [] for path in paths}
    given: list[Arrays] = []
    handles = []

    def begin(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given.append(tensors_of([*args, *kwargs.values()]))

    def end(path: str) -> Any:
        return lambda module, args, output: calls[path].append(_Call(given.pop(), _cloned(output)))

    for path in paths:
        module = model.get_submodule(path)
        handles.append(module.register_forward_pre_hook(begin, with_kwargs=True, prepend=True))
        handles.append(module.register_forward_hook(end(path)))
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _cloned(output: Any) -> Any:
    if isinstance(output, tuple) and not isinstance(output, QuantTensor):
        return tuple(map(_cloned, output))
    return output.clone() if isinstance(output, torch.Tensor) else output


@contextmanager
def _forced(
    model: nn.Module,
    net: nn.Module,
    calls: dict[str, list[_Call]],
    examples: tuple[torch.Tensor, ...],
) -> Iterator[None]:
    """Let converted layers return what the originals did, once theirs has been compared."""

    def hook(path: str) -> Any:
        def compare(layer: Any, args: Any, kwargs: Any, output: Any) -> Any:
            inputs = [*args, *kwargs.values()]
            if not calls[path] or not _equal(calls[path][0].inputs, tensors_of(inputs)):
                line = line_of_call(model, path, examples)
                what = f"it gives {path or 'its layer'}{line} another input"
                raise _differs(model, None, what, examples)
            call = calls[path].pop(0)
            if not _near(layer, args, kwargs, tensors_of(output), tensors_of(call.output)):
                raise _differs(model, path, "it makes something else of the same input", examples)
            return call.output

        return compare

    handles = [
        net.get_submodule(path).register_forward_hook(hook(path), with_kwargs=True)
        for path in calls
        if calls[path]
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _near(layer: Any, args: Any, kwargs: Any, own: Arrays, theirs: Arrays) -> bool:
    """Whether both differ from float64 as float32 does."""
    if [a.shape for a in own] != [b.shape for b in theirs]:
        return False
    if _equal(own, theirs):
        return True
    exact = _in_float64(layer, args, kwargs)
    for a, b, reference in zip(own, theirs, exact, strict=True):
        error = _largest(a - reference) + 2.0**-23 * _largest(reference)
        if not _largest(b - reference) <= _SLACK * error:
            return False
    return True


def _in_float64(layer: Any, args: Any, kwargs: Any) -> Arrays:
    def double(value: Any) -> Any:
        if isinstance(value, tuple | list) and not isinstance(value, QuantTensor):
            return tuple(map(double, value))
        floats = isinstance(value, torch.Tensor) and value.is_floating_point()
        return value.double() if floats else value

    wide = copy.deepcopy(layer).double()
    wide._forward_hooks.clear()
    for _, inner in layers(wide):
        python_cell(inner)
    return tensors_of(wide(*map(double, args), **{k: double(v) for k, v in kwargs.items()}))


def _largest(values: npt.NDArray[Any]) -> float:
    return float(np.abs(values).max(initial=0.0))


def _differs(
    model: nn.Module, path: str | None, what: str, examples: tuple[torch.Tensor, ...]
) -> GatewrightError:
    return GatewrightError(
        "GW-110",
        where=path or type(model).__name__,
        cause="its copy with Brevitas layers, which is to be calibrated, is not what torch runs on "
        f"the calibration data: {what}.",
        remedy=remedy(model, path, examples),
    )
