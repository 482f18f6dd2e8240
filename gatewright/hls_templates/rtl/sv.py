"""SystemVerilog text: parameters, ROM images, instances of modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gatewright.hls_templates.project.names import ROMS_HERE, Names, library_module
from gatewright.ir.types import IntArray, IntType


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
        if self.width > WORD_BITS:
            return "".join(f"{word:0{digits}x}\n" for word in self.words)
        big = np.array(self.words, dtype=">u8").tobytes().hex().encode()
        lines = np.full((len(self.words), digits + 1), ord("\n"), dtype=np.uint8)
        lines[:, :-1] = np.frombuffer(big, dtype=np.uint8).reshape(-1, WORD_BITS // 4)[:, -digits:]
        return lines.tobytes().decode()


@dataclass(frozen=True)
class RomFile:
    """The path of a memory image, or what the paths of several begin with; see ``Names.rom``.

    Attributes:
        ident: Unique.
        suffix: Behind it.
    """

    ident: str
    suffix: str = ".hex"

    def path(self, names: Names) -> str:
        """Below ``rtl/``."""
        return names.rom(self.ident) + self.suffix


SvValue = int | bool | RomFile | Bits


@dataclass(frozen=True)
class Module:
    """A module of the library with parameters, ready to be placed.

    Attributes:
        name: Of the module, as its file in the repository has it.
        params: By name.
        roms: Memory images, by the parameter that names their file.
        files: Further memory images.
    """

    name: str
    params: Mapping[str, SvValue]
    roms: Mapping[str, Rom] = field(default_factory=dict)
    files: Mapping[RomFile, Rom] = field(default_factory=dict)


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


WORD_BITS = 64
"""Bits that numpy takes whole."""
PLANES = 1 << 20
"""Bits that ``pack`` takes apart at once."""


def pack(values: IntArray, bits: int) -> list[int]:
    """Rows [..., n] of integers as words of ``n * bits`` bits, the first value lowest."""
    rows = np.asarray(values, dtype=np.int64).reshape(-1, values.shape[-1])
    if rows.shape[1] == 1 and bits < WORD_BITS:
        return list((rows[:, 0] & ((1 << bits) - 1)).tolist())
    block = max(1, PLANES // (rows.shape[1] * bits))
    words = []
    for first in range(0, len(rows), block):
        planes = (rows[first : first + block, :, None] >> np.arange(bits)) & 1
        flat = planes.astype(np.uint8).reshape(len(planes), -1)
        packed = np.packbits(flat, axis=1, bitorder="little")
        words += [int.from_bytes(word.tobytes(), "little") for word in packed]
    return words


def constants(prefix: str, params: Mapping[str, SvValue], names: Names) -> tuple[str, ...]:
    """Package lines of parameters, each with a prefix."""
    return tuple(_constant(f"{prefix}_{n}".upper(), value, names) for n, value in params.items())


def _constant(name: str, value: SvValue, names: Names) -> str:
    if isinstance(value, bool):
        return f"localparam bit {name} = 1'b{int(value)};"
    if isinstance(value, Bits):
        return f"localparam logic [{value.width - 1}:0] {name} = {value};"
    if isinstance(value, RomFile):
        return f'localparam {name} = "{value.path(names)}";'
    return f"localparam int {name} = {value};"


@dataclass(frozen=True)
class Generated:
    """A module of one design.

    Attributes:
        ident: Unique; the name of the build comes before it.
        what: A comment for its first line.
        ports: Their declarations.
        body: Text, and what is placed in it.
    """

    ident: str
    what: str
    ports: tuple[str, ...]
    body: tuple[str | Instance, ...]

    @property
    def has_roms(self) -> bool:
        """Whether it has to be told where ``rom/`` is."""
        return any(isinstance(part, Instance) and part.has_roms for part in self.body)

    def piece(self, names: Names) -> Piece:
        """The module."""
        placed = [p.piece(names) if isinstance(p, Instance) else p for p in self.body]
        pieces = [part for part in placed if isinstance(part, Piece)]
        params = f' #(\n  parameter ROM_DIR = "{ROMS_HERE}"\n)' if self.has_roms else ""
        lines = (part.text if isinstance(part, Piece) else part for part in placed)
        text = (
            f"// {self.what}\nmodule {names.module(self.ident)}{params} (\n"
            + ",\n".join(self.ports)
            + "\n);\n\n"
            + "\n".join(lines)
            + "\n\nendmodule\n"
        )
        roms = {path: rom for piece in pieces for path, rom in piece.roms.items()}
        return Piece(tuple(line for piece in pieces for line in piece.constants), text, roms)


@dataclass(frozen=True)
class Instance:
    """A module in its place.

    Attributes:
        module: What is placed.
        ident: Unique identifier; the instance is ``u_`` and that.
        ports: Expressions by port; an empty one leaves an output open.
    """

    module: Module | Generated
    ident: str
    ports: Mapping[str, str]

    @property
    def has_roms(self) -> bool:
        """Whether it has to be told where ``rom/`` is."""
        if isinstance(self.module, Generated):
            return self.module.has_roms
        return bool(self.module.roms or self.module.files)

    def piece(self, names: Names) -> Piece:
        """Its text; its parameters become constants of the package."""
        if isinstance(self.module, Generated):
            told = ["    .ROM_DIR(ROM_DIR)"] if self.has_roms else []
            return Piece((), self._text(names.module(self.module.ident), told), {})
        module, files = self.module, {n: RomFile(f"{self.ident}_{n}") for n in self.module.roms}
        values: dict[str, SvValue] = {**module.params, **files}
        params = [f"    .{n}({self._constant(n, value, names)})" for n, value in values.items()]
        roms = {files[n]: rom for n, rom in module.roms.items()} | dict(module.files)
        return Piece(
            constants(self.ident, values, names),
            self._text(library_module(module.name), params),
            {file.path(names): rom for file, rom in roms.items()},
        )

    def _constant(self, name: str, value: SvValue, names: Names) -> str:
        constant = f"{names.package}::{f'{self.ident}_{name}'.upper()}"
        return f"{{ROM_DIR, {constant}}}" if isinstance(value, RomFile) else constant

    def _text(self, module: str, params: Sequence[str]) -> str:
        shown = " #(\n" + ",\n".join(params) + "\n  )" if params else ""
        wires = ",\n".join(f"    .{name}({wire})" for name, wire in self.ports.items())
        return f"  {module}{shown} u_{self.ident} (\n{wires}\n  );"


@dataclass(frozen=True)
class RtlStage:
    """A kernel in its place in the core.

    Attributes:
        wires: Declarations that its instances need.
        placed: Instances.
        modules: Generated modules.
        taps: Tap ports: width and the expression behind each.
    """

    wires: tuple[str, ...]
    placed: tuple[Instance, ...]
    modules: tuple[Generated, ...] = ()
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
