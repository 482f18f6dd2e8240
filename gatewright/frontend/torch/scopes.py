"""Where a forward() may set names outside of its module: class attributes and globals."""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from torch import nn

# Objects of these hold no state of a model; a dataclass of the user's or a SimpleNamespace may.
_FOREIGN = (sys.stdlib_module_names | {"brevitas", "numpy", "torch"}) - {"types"}


def is_users(kind: type) -> bool:
    """Whether a class is the user's."""
    return kind.__module__.partition(".")[0] not in _FOREIGN


@dataclass(frozen=True)
class Scope:
    """Names that a forward() may set.

    Attributes:
        owner: A class, or the globals of a Python module.
        names: Those that functions use; of a class they are all there are.
    """

    owner: type | dict[str, Any]
    names: tuple[str, ...] = ()

    def shown(self, name: str) -> str:
        """What an error calls one of them."""
        return f"{self.owner.__name__}.{name}" if isinstance(self.owner, type) else f"global {name}"

    def contents(self) -> dict[str, Any]:
        """What they stand for now."""
        if isinstance(self.owner, type):
            return {k: v for k, v in vars(self.owner).items() if not k.startswith("__")}
        return {k: self.owner[k] for k in self.names if k in self.owner}

    def restore(self, before: dict[str, Any]) -> None:
        """Let them stand for what they did."""
        now = self.contents()
        for name in now.keys() - before.keys():
            if isinstance(self.owner, type):
                type.__delattr__(self.owner, name)
            else:
                del self.owner[name]
        for name, value in before.items():
            if name in now and now[name] is value:
                continue
            if isinstance(self.owner, type):
                type.__setattr__(self.owner, name, value)
            else:
                self.owner[name] = value


def named_modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Those of ``model.named_modules()``, which walks back through all above for each."""
    found: dict[nn.Module, str] = {}
    waiting: list[tuple[str, nn.Module | None]] = [("", model)]
    while waiting:
        path, module = waiting.pop()
        if module is not None and module not in found:
            found[module] = path
            inside = f"{path}." if path else ""
            below = [(f"{inside}{name}", child) for name, child in module._modules.items()]
            waiting += reversed(below)
    return [(path, module) for module, path in found.items()]


def modules(model: nn.Module) -> list[nn.Module]:
    """Those of ``model.modules()``."""
    return [module for _, module in named_modules(model)]


def scopes(model: nn.Module) -> list[Scope]:
    """The classes of a model that are the user's, and the globals that their methods use.

    Globals are those of the Python modules which define these classes, also where a method uses
    them through a function there.
    """
    kinds = dict.fromkeys(type(module) for module in modules(model))
    classes = dict.fromkeys(c for kind in kinds for c in kind.__mro__ if is_users(c))
    homes = {c.__module__ for c in classes}
    used: dict[int, tuple[dict[str, Any], set[str]]] = {}
    seen: set[CodeType] = set()
    waiting = [f for c in classes for f in _functions(vars(c).values())]
    while waiting:
        function = waiting.pop()
        if function.__code__ in seen or function.__module__ not in homes:
            continue
        seen.add(function.__code__)
        space = function.__globals__
        names = sorted(set(_globals_of(function.__code__)))
        used.setdefault(id(space), (space, set()))[1].update(names)
        waiting += _functions(space[name] for name in names if name in space)
    found = [Scope(space, tuple(sorted(names))) for space, names in used.values()]
    return [*map(Scope, classes), *found]


def _functions(values: Iterable[Any]) -> Iterator[FunctionType]:
    for value in values:
        if isinstance(value, property):
            value = value.fget
        elif isinstance(value, staticmethod | classmethod):
            value = value.__func__
        if isinstance(value, FunctionType):
            wrapped = inspect.unwrap(value)
            yield from [value, wrapped] if isinstance(wrapped, FunctionType) else [value]


def _globals_of(code: CodeType) -> Iterator[str]:
    """The names that code, and functions inside it, read and set as globals."""
    for instruction in dis.get_instructions(code):
        if instruction.opname.endswith("_GLOBAL"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_of(constant)
