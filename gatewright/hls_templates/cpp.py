"""C++ text: identifiers, word types, constant arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import SupportsInt

import numpy as np

from gatewright.hls_templates.project.names import LIBRARY
from gatewright.ir.types import IntArray, IntType

_IDENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
LINE_WIDTH = 100
LUT_DEPTH = 128
"""Words of a memory that lookup tables hold for less than a block RAM costs."""


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
    return f"{LIBRARY}::word<{type_.bits}, {_bool(type_.signed)}>"


def rom(type_: IntType) -> str:
    """The constant-array element type that holds a range."""
    return f"{LIBRARY}::rom<{type_.bits}, {_bool(type_.signed)}>"


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
        sizes[-1] = f"{LIBRARY}::padded_lanes({sizes[-1]})"
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


@dataclass(frozen=True, eq=False)
class RomArray:
    """A constant array that hardware reads, and how it lies in memory.

    Attributes:
        name: Its identifier, at namespace scope.
        values: What it holds.
        type: Range of its elements, where that of the values does not decide.
        lanes: Whether its last axis is computed side by side, and may be padded with zeros.
        banks: Axes, from 1, along which each element is a memory of its own.
        wide: Axes, from 1, whose elements make one word.
        copied: Whether many places read it at addresses of their own in a cycle.
    """

    name: str
    values: IntArray
    type: IntType | None = None
    lanes: bool = False
    banks: tuple[int, ...] = ()
    wide: tuple[int, ...] = ()
    copied: bool = False

    @property
    def element(self) -> str:
        """The C++ type of an element."""
        return rom(self.type or IntType.of(self.values))

    @property
    def depth(self) -> int:
        """Words of each memory."""
        side = {*self.banks, *self.wide}
        return prod(n for axis, n in enumerate(self.values.shape, 1) if axis not in side)

    def declaration(self) -> str:
        """The array itself."""
        return array(self.name, self.values, self.type, lanes=self.lanes)

    def pragmas(self) -> list[str]:
        """What Vitis is told of it; a memory of one word is a constant."""
        lines = [
            f"#pragma HLS {kind} variable = {self.name} type = complete dim = {axis}"
            for kind, axes in (("array_partition", self.banks), ("array_reshape", self.wide))
            for axis in axes
        ]
        if self.depth > 1:
            kind = "rom_np" if self.copied else "rom_1p"
            impl = "lutram" if self.depth <= LUT_DEPTH else "bram"
            lines.append(
                f"#pragma HLS bind_storage variable = {self.name} type = {kind} impl = {impl}"
            )
        return lines


def by_row(
    name: str, values: IntArray, rows: int, lanes: int, type_: IntType | None = None
) -> RomArray:
    """What each channel has of its own, [C, ...], as rows of lanes; a lane has its own memory.

    Args:
        name: The identifier.
        values: Of the channels; beyond the last one nobody looks.
        rows: Rows that make a beat.
        lanes: Channels of a row.
        type_: The type of its elements, where their range does not decide.
    """
    channels = np.minimum(np.arange(rows * lanes), len(values) - 1)
    shaped = values[channels].reshape(rows, lanes, *values.shape[1:])
    return RomArray(name, shaped, type_ or IntType.of(values), banks=(2,))


def storage(arrays: Iterable[RomArray], others: Iterable[str] = ()) -> list[str]:
    """A static member that says how arrays lie in memory, as the lines of a struct.

    Args:
        arrays: Those that the struct reads.
        others: Structs whose own arrays it reads as well.
    """
    pragmas = [line for array in arrays for line in array.pragmas()]
    calls = [f"  {other}::storage();" for other in others]
    return ["static void storage() {", "#pragma HLS inline", *pragmas, *calls, "}"]


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
