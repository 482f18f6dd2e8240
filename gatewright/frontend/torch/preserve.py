"""Leaves a module as it was, whatever tracing or running it does to it."""

from __future__ import annotations

import operator
import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType, MethodType, NoneType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from gatewright.frontend.torch.scopes import is_users, modules, scopes

_MAPPINGS = (dict, OrderedDict, defaultdict)
_SEQUENCES = (list, deque)
_CONTAINERS = frozenset({*_MAPPINGS, *_SEQUENCES, set})
_REGISTRIES = ("_parameters", "_buffers", "_modules")

_ATOMS = frozenset({NoneType, bool, int, float, str, FunctionType, MethodType, torch.dtype})
"""They hold nothing that can change."""


def held(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """What the attributes of a model hold, each once, with the name by which it is reached.

    Modules (also those in plain lists), containers, tensors and all else in them; and what is in
    objects of the user's that they hold, but not in objects of those.
    """
    return _reached([("", model)], _named)


def held_outside(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """The same of the class attributes and globals that its forward() may set."""
    return _reached(
        [
            (scope.shown(name), value)
            for scope in scopes(model)
            for name, value in scope.contents().items()
        ],
        _named,
    )


_Named = tuple[str, Any]


def _reached(
    roots: list[_Named], inner: Callable[[str, Any, bool], Iterable[_Named]]
) -> Iterator[_Named]:
    seen: dict[int, Any] = {}
    objects: dict[type, bool] = {}
    waiting = [(name, value, False) for name, value in reversed(roots)]
    while waiting:
        name, value, in_object = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        yield name, value
        kind = type(value)
        if kind in _CONTAINERS and not value:  # most are: each module has a dozen for hooks
            continue
        is_object = objects.get(kind)
        if is_object is None:
            is_object = objects[kind] = _is_object(value)
        if not (in_object and is_object):
            inside = in_object or is_object
            found = [(k, item, inside) for k, item in inner(name, value, is_object)]
            waiting += [entry for entry in reversed(found) if type(entry[1]) not in _ATOMS]


def _items(value: Any, is_object: bool) -> Iterable[Any]:
    """What a value holds."""
    items: Iterable[Any] = ()
    if is_object or isinstance(value, nn.Module):
        items = vars(value).values()
    elif type(value) in _MAPPINGS:
        items = value.values()
    elif type(value) in _SEQUENCES or isinstance(value, tuple):
        items = value
    return items


def _unnamed(name: str, value: Any, is_object: bool) -> list[_Named]:
    """The same for whom names are nothing: to make them takes longest."""
    return [(name, item) for item in _items(value, is_object)]


def _named(name: str, value: Any, is_object: bool) -> Iterator[_Named]:
    """The same, with names."""
    return zip(_names(name, value, is_object), _items(value, is_object), strict=True)


def _names(name: str, value: Any, is_object: bool) -> list[str]:
    if is_object or isinstance(value, nn.Module):
        return [_joined(name, key) for key in vars(value)]
    if type(value) in _MAPPINGS:
        prefix, _, last = name.rpartition(".")
        if last in _REGISTRIES:
            return [_joined(prefix, key) for key in value]
        return [f"{name}[{key!r}]" for key in value]
    return [f"{name}[{index}]" for index, _ in enumerate(_items(value, is_object))]


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _is_object(value: Any) -> bool:
    """Whether it is an object of the user's, with attributes that can be set."""
    if type(value) in _CONTAINERS or isinstance(value, nn.Module | type) or callable(value):
        return False
    if not hasattr(value, "__dict__"):
        return False
    return is_users(type(value))


_OWNER, _CONTAINER, _TENSOR, _ARRAY = range(4)


def _by_kind(values: Iterable[Any]) -> tuple[list[Any], ...]:
    """Modules and objects of the user's, containers, tensors, and arrays."""
    known: dict[type, tuple[int, ...]] = {}
    found: tuple[list[Any], ...] = ([], [], [], [])
    for value in values:
        kinds = known.get(type(value))
        if kinds is None:
            kinds = known[type(value)] = tuple(_kinds(value))
        for kind in kinds:
            found[kind].append(value)
    return found


def _kinds(value: Any) -> Iterator[int]:
    """Which of these, by its type alone."""
    if isinstance(value, nn.Module) or _is_object(value):
        yield _OWNER
    if type(value) in _CONTAINERS:
        yield _CONTAINER
    if isinstance(value, torch.Tensor):
        yield _TENSOR
    if isinstance(value, np.ndarray):
        yield _ARRAY


class _Snapshot:
    """What a model holds at one time."""

    def __init__(self, model: nn.Module) -> None:
        self._scopes = [(scope, scope.contents()) for scope in scopes(model)]
        outside = [("", value) for _, names in self._scopes for value in names.values()]
        found = (_reached(roots, _unnamed) for roots in ([("", model)], outside))
        values = _by_kind(value for reached in found for _, value in reached)
        owners = [vars(owner) for owner in values[_OWNER]]
        self._attributes = [(attributes, _contents(attributes)) for attributes in owners]
        containers = values[_CONTAINER]
        self._containers = [(v, _contents(v)) for v in containers if v]
        self._empty = [v for v in containers if not v]  # most are
        # Modules that TorchScript compiled hold theirs elsewhere.
        self._modes = [(module, module.training) for module in modules(model)]
        registered = (*model.parameters(), *model.buffers())  # TorchScript's, too
        tensors = {id(v): v for v in (*values[_TENSOR], *registered)}.values()
        self._tensors = [(t, t.detach().clone(), t.requires_grad) for t in tensors if _is_plain(t)]
        arrays = [v for v in values[_ARRAY] if v.flags.writeable]
        self._arrays = [(array, array.copy()) for array in arrays]

    def restore(self) -> None:
        """Put back what changed since."""
        for scope, names in self._scopes:
            scope.restore(names)
        for attributes, before in self._attributes:
            _restore(attributes, before)
        for container, before in self._containers:
            _restore(container, before)
        for container in self._empty:
            if container:
                container.clear()
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
    """Whether a tensor has values of its own."""
    if is_lazy(value) or value.is_meta or value.is_nested:
        return False
    return bool(value.layout == torch.strided)


_Contents = dict[Any, Any] | Sequence[Any]


def _contents(container: Any) -> _Contents:
    """What a container holds, in its order."""
    if not container:
        return ()
    return dict(container) if isinstance(container, dict) else list(container)


def _restore(container: Any, before: _Contents) -> None:
    """Let a container hold the very things it held, in their order."""
    if _same(container, before):
        return
    container.clear()
    container.extend(before) if type(container) in _SEQUENCES else container.update(before)


def _same(container: Any, before: _Contents) -> bool:
    """Whether it holds the very same things in the same order."""
    if len(container) != len(before) or not all(map(operator.is_, container, before)):
        return False
    if not isinstance(before, dict):
        return True
    return all(map(operator.is_, container.values(), before.values()))


@contextmanager
def preserved(model: nn.Module) -> Iterator[Callable[[], None]]:
    """Put a model and the states of random generators back, also after an error.

    The block is given what puts the model back before its end.

    Restored are the attributes of all modules and of the objects they hold, the class attributes
    and globals of ``scopes``, the containers among all these, the values of parameters, buffers and
    other tensors, training modes, and the generators of torch, Python and numpy.
    """
    snapshot = _Snapshot(model)
    python, legacy = random.getstate(), np.random.get_state()
    devices = range(torch.cuda.device_count() if torch.cuda.is_initialized() else 0)
    try:
        with torch.random.fork_rng(devices=devices):
            yield snapshot.restore
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        snapshot.restore()
