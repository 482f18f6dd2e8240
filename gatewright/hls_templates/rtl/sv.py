"""SystemVerilog text: parameters, ROM images, instances of modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gatewright.ir.types import IntArray, IntType

PACKAGE = "gw_params_pkg"
ROMS = "rom"


@dataclass(frozen=True)
class Bits:
    """A constant of a stated width.

    Attributes:
        width: Bits.
        value: Its low ``width`` bits count.
    """

    width: int
    value: int

    def __str__(self) -> str:
        return f"{self.width}'h{self.value & ((1 << self.width) - 1):x}"


@dataclass(frozen=True)
class Rom:
    """The words of a memory that ``$readmemh`` fills.

    Attributes:
        words: Not negative, each below ``2**width``.
        width: Bits of a word.
    """

    words: Sequence[int]
    width: int

    def text(self) -> str:
        """A word a line."""
        digits = -(-self.width // 4)
        return "".join(f"{word:0{digits}x}\n" for word in self.words)


SvValue = int | bool | str | Bits


@dataclass(frozen=True)
class Module:
    """A module of the library with parameters, ready to be placed.

    Attributes:
        name: Of the module.
        params: By name.
        roms: Memory images, by the parameter that names their file.
        files: Further memory images, by file name below ``rom/``.
    """

    name: str
    params: Mapping[str, SvValue]
    roms: Mapping[str, Rom] = field(default_factory=dict)
    files: Mapping[str, Rom] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """Generated text and what goes with it.

    Attributes:
        constants: Lines of the parameter package.
        text: An instance, or a module.
        roms: Memory images by path below ``rtl/``.
    """

    constants: tuple[str, ...]
    text: str
    roms: Mapping[str, Rom]


def signed_bits(type_: IntType) -> int:
    """Bits of the narrowest two's complement word that holds a range."""
    return type_.bits + (not type_.signed)


def zero(bits: int) -> str:
    """A literal; of a '0 of more than 8,192 bits Verilator warns as of a replication."""
    return f"{bits}'h0"


PLANES = 1 << 20
"""Bits that ``pack`` takes apart at once."""


def pack(values: IntArray, bits: int) -> list[int]:
    """Rows [..., n] of integers as words of ``n * bits`` bits, the first value lowest."""
    rows = np.asarray(values, dtype=np.int64).reshape(-1, values.shape[-1])
    block = max(1, PLANES // (rows.shape[1] * bits))
    words = []
    for first in range(0, len(rows), block):
        planes = (rows[first : first + block, :, None] >> np.arange(bits)) & 1
        flat = planes.astype(np.uint8).reshape(len(planes), -1)
        packed = np.packbits(flat, axis=1, bitorder="little")
        words += [int.from_bytes(word.tobytes(), "little") for word in packed]
    return words


def constants(prefix: str, params: Mapping[str, SvValue]) -> tuple[str, ...]:
    """Package lines of parameters, each with a prefix."""
    return tuple(_constant(f"{prefix}_{name}".upper(), value) for name, value in params.items())


def _constant(name: str, value: SvValue) -> str:
    if isinstance(value, bool):
        return f"localparam bit {name} = 1'b{int(value)};"
    if isinstance(value, Bits):
        return f"localparam logic [{value.width - 1}:0] {name} = {value};"
    if isinstance(value, str):
        return f'localparam {name} = "{value}";'
    return f"localparam int {name} = {value};"


def instance(module: Module, ident: str, ports: Mapping[str, str]) -> Piece:
    """Place a module: its parameters become constants of the package.

    Args:
        module: What to place.
        ident: Unique identifier; the instance is ``u_`` and that.
        ports: Expressions by port; an empty one leaves an output open.
    """
    roms = {f"{ROMS}/{ident}_{name}.hex".lower(): rom for name, rom in module.roms.items()}
    named = {n: p for n, p in zip(module.roms, roms, strict=True)}
    values: dict[str, SvValue] = {**module.params, **named}
    lines = [f"    .{name}({PACKAGE}::{f'{ident}_{name}'.upper()})" for name in values]
    wires = [f"    .{name}({wire})" for name, wire in ports.items()]
    params = " #(\n" + ",\n".join(lines) + "\n  )" if lines else ""
    head = f"  {module.name}{params} u_{ident} (\n"
    text = head + ",\n".join(wires) + "\n  );"
    files = {f"{ROMS}/{name}": rom for name, rom in module.files.items()}
    return Piece(constants(ident, values), text, {**roms, **files})


@dataclass(frozen=True)
class RtlStage:
    """A kernel in its place in the core.

    Attributes:
        wires: Declarations that its instances need.
        placed: Instances.
        modules: Generated modules, by name.
        taps: Tap ports: width and the expression behind each.
    """

    wires: tuple[str, ...]
    placed: tuple[Piece, ...]
    modules: Mapping[str, Piece] = field(default_factory=dict)
    taps: Mapping[str, tuple[int, str]] = field(default_factory=dict)


def reading(port: str, stream: str, beside: Sequence[str] = ("last", "keep")) -> dict[str, str]:
    """Connections of an input of a kernel to the stream that it reads."""
    return {
        f"{port}_valid_i": f"{stream}_valid",
        f"{port}_ready_o": f"{stream}_ready",
        f"{port}_data_i": f"{stream}_data",
        **{f"{port}_{name}_i": f"{stream}_{name}" for name in beside},
    }


def writing(port: str, stream: str, beside: Sequence[str] = ("last", "keep")) -> dict[str, str]:
    """Connections of an output of a kernel to the FIFO of the stream that it writes."""
    return {
        f"{port}_valid_o": f"{stream}_put_valid",
        f"{port}_ready_i": f"{stream}_put_ready",
        f"{port}_data_o": f"{stream}_put_data",
        **{f"{port}_{name}_o": f"{stream}_put_{name}" for name in beside},
    }


def beside(wires: Iterable[str]) -> str:
    """Wires as one vector, the first lowest."""
    return "{" + ", ".join(reversed(list(wires))) + "}"


SIDES = {"valid": "io", "ready": "oi", "data": "io", "last": "io", "keep": "io"}
"""The signals of a stream: their suffix at whoever reads it, and at whoever writes it."""

OPEN = ""
"""The connection of an output that nobody reads."""

CLOCK = {"clk_i": "clk", "rst_i": "rst"}
