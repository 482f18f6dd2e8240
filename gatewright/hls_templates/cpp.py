"""C++ text: identifiers, word types, constant arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import SupportsInt

import numpy as np

from gatewright.ir.types import IntArray, IntType

_IDENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
LINE_WIDTH = 100


def identifier(*parts: str) -> str:
    """A valid identifier out of names that came from a model.

    Raises:
        ValueError: If a part has no letter or digit at all.
    """
    words = [re.sub(r"[^A-Za-z0-9]+", "_", part).strip("_") for part in parts]
    name = "_".join(words)
    if not all(words) or not _IDENT.fullmatch(name):
        raise ValueError(f"no identifier can be made of {parts}")
    return name


def word(type_: IntType) -> str:
    """The computed type that holds a range."""
    return f"gw::word<{type_.bits}, {_bool(type_.signed)}>"


def rom(type_: IntType) -> str:
    """The constant-array element type that holds a range."""
    return f"gw::rom<{type_.bits}, {_bool(type_.signed)}>"


def _bool(value: bool) -> str:
    return "true" if value else "false"


def literal(value: SupportsInt) -> str:
    """An integer or boolean literal."""
    if isinstance(value, bool | np.bool_):
        return _bool(bool(value))
    number = int(value)
    return str(number) if -(2**31) < number < 2**31 else f"{number}LL"


def array(name: str, values: IntArray, type_: IntType | None = None, *, lanes: bool = False) -> str:
    """A constant array at namespace scope, which HLS makes a ROM of.

    Args:
        name: Its identifier.
        values: What it holds.
        type_: The type of its elements, where their range does not decide.
        lanes: Whether its last axis is computed side by side, and may be padded with zeros.
    """
    sizes = [str(n) for n in values.shape]
    if lanes:
        sizes[-1] = f"gw::padded_lanes({sizes[-1]})"
    extents = "".join(f"[{size}]" for size in sizes)
    element = rom(type_ or IntType.of(values))
    return f"static const {element} {name}{extents} = {_braces(values)};"


def _braces(values: IntArray) -> str:
    if values.ndim > 1:
        return "{" + ",\n".join(_braces(row) for row in values) + "}"
    numbers = values.tolist()
    wide = not IntType(-(2**31) + 1, 2**31 - 1).contains(values)
    items = [literal(v) for v in numbers] if wide else list(map(str, numbers))
    count = max(LINE_WIDTH // (max(map(len, items)) + 2), 1)
    lines = [", ".join(items[i : i + count]) for i in range(0, len(items), count)]
    return "{" + ",\n".join(lines) + "}"


def accessor(declaration: str, value: str) -> list[str]:
    """A static member that gives one value, as the lines of a struct; HLS makes no module of it."""
    return [f"static {declaration} {{", "#pragma HLS inline", f"  return {value};", "}"]


def struct(name: str, constants: Mapping[str, int], members: Iterable[str]) -> str:
    """A parameter struct: integer constants first, then types and functions."""
    lines = [
        f"  static constexpr {'bool' if isinstance(v, bool) else 'int'} {k} = {literal(v)};"
        for k, v in constants.items()
    ]
    return "\n".join([f"struct {name} {{", *lines, *(f"  {m}" for m in members), "};"])
