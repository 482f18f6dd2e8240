"""Leaves a module as it was, whatever tracing or running it does to it."""

from __future__ import annotations

import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType, NoneType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from gatewright.frontend.torch.scopes import is_users, scopes

_MAPPINGS = (dict, OrderedDict, defaultdict)
_SEQUENCES = (list, deque)
_REGISTRIES = ("_parameters", "_buffers", "_modules")

_ATOMS = frozenset({NoneType, bool, int, float, str, FunctionType, MethodType, torch.dtype})
"""They hold nothing that can change."""


def held(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """What the attributes of a model hold, each once, with the name by which it is reached.

    Modules (also those in plain lists), containers, tensors and all else in them; and what is in
    objects of the user's that they hold, but not in objects of those.
    """
    return _reached([("", model)])


def held_outside(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """The same of the class attributes and globals that its forward() may set."""
    return _reached(
        [
            (scope.shown(name), value)
            for scope in scopes(model)
            for name, value in scope.contents().items()
        ]
    )


def _reached(roots: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    seen: dict[int, Any] = {}
    waiting = [(name, value, False) for name, value in reversed(roots)]
    while waiting:
        name, value, in_object = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        yield name, value
        is_object = _is_object(value)
        if not (in_object and is_object):
            inside = in_object or is_object
            inner = reversed(_inner(name, value))
            waiting += [(key, item, inside) for key, item in inner if type(item) not in _ATOMS]


def _inner(name: str, value: Any) -> list[tuple[str, Any]]:
    """What a value holds, with names."""
    if isinstance(value, nn.Module) or _is_object(value):
        return [(_joined(name, key), item) for key, item in vars(value).items()]
    kind = type(value)
    if kind in _MAPPINGS:
        prefix, _, last = name.rpartition(".")
        if last in _REGISTRIES:
            return [(_joined(prefix, key), item) for key, item in value.items()]
        return [(f"{name}[{key!r}]", item) for key, item in value.items()]
    if kind in _SEQUENCES or isinstance(value, tuple):
        return [(f"{name}[{index}]", item) for index, item in enumerate(value)]
    return []


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _is_object(value: Any) -> bool:
    """Whether it is an object of the user's, with attributes that can be set."""
    if isinstance(value, nn.Module | type) or callable(value) or not hasattr(value, "__dict__"):
        return False
    return is_users(type(value))


class _Snapshot:
    """What a model holds at one time."""

    def __init__(self, model: nn.Module) -> None:
        values = [value for found in (held, held_outside) for _, value in found(model)]
        self._scopes = [(scope, scope.contents()) for scope in scopes(model)]
        owners = [v for v in values if isinstance(v, nn.Module) or _is_object(v)]
        self._attributes = [(vars(owner), _contents(vars(owner))) for owner in owners]
        kinds = (*_MAPPINGS, *_SEQUENCES, set)
        self._containers = [(v, _contents(v)) for v in values if type(v) in kinds]
        # Modules that TorchScript compiled hold theirs elsewhere.
        self._modes = [(module, module.training) for module in model.modules()]
        tensors = {id(v): v for v in (*values, *model.parameters(), *model.buffers())}.values()
        self._tensors = [(t, t.detach().clone(), t.requires_grad) for t in tensors if _is_plain(t)]
        arrays = [v for v in values if isinstance(v, np.ndarray) and v.flags.writeable]
        self._arrays = [(array, array.copy()) for array in arrays]

    def restore(self) -> None:
        """Put back what changed since."""
        for scope, names in self._scopes:
            scope.restore(names)
        for attributes, before in self._attributes:
            _restore(attributes, before)
        for container, before in self._containers:
            _restore(container, before)
        for module, mode in self._modes:
            if module.training != mode:
                module.training = mode
        for tensor, before, grad in self._tensors:
            if tensor.shape != before.shape or tensor.dtype != before.dtype:
                tensor.data = before
            elif not torch.equal(tensor.detach(), before):
                tensor.data.copy_(before)
            if tensor.is_leaf and tensor.requires_grad != grad:
                tensor.requires_grad_(grad)
        for array, values in self._arrays:
            array[...] = values


def _is_plain(value: Any) -> bool:
    """Whether it is a tensor with values of its own."""
    if not isinstance(value, torch.Tensor) or is_lazy(value) or value.is_meta or value.is_nested:
        return False
    return bool(value.layout == torch.strided)


def _contents(container: Any) -> list[Any]:
    """What a container holds, in its order: items, or pairs of keys and items."""
    return list(container.items() if isinstance(container, dict) else container)


def _restore(container: Any, before: list[Any]) -> None:
    """Let a container hold the very things it held, in their order."""
    if list(map(_identity, _contents(container))) == list(map(_identity, before)):
        return
    container.clear()
    container.extend(before) if type(container) in _SEQUENCES else container.update(before)


def _identity(item: Any) -> Any:
    return tuple(map(id, item)) if type(item) is tuple else id(item)


@contextmanager
def preserved(model: nn.Module) -> Iterator[None]:
    """Put a model and the states of random generators back, also after an error.

    Restored are the attributes of all modules and of the objects they hold, the class attributes
    and globals of ``scopes``, the containers among all these, the values of parameters, buffers and
    other tensors, training modes, and the generators of torch, Python and numpy.
    """
    snapshot = _Snapshot(model)
    python, legacy = random.getstate(), np.random.get_state()
    devices = range(torch.cuda.device_count() if torch.cuda.is_initialized() else 0)
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        snapshot.restore()
