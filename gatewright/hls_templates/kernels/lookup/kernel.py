"""Functions of one code: a table, or thresholds where the table would be far larger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from gatewright.files.records import Count
from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.elementwise.kernel import place_function
from gatewright.hls_templates.kernels.requantize.kernel import Requantizer
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, output_tap
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.hls_templates.records import KernelRecord, Placement
from gatewright.hls_templates.rtl.cut import Stretch, cycles, memory
from gatewright.hls_templates.rtl.functions import FunctionModule
from gatewright.hls_templates.rtl.sv import Module, Rom, SvValue, pack
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.types import IntArray, IntType

BLOCK_RAM_BITS = 2**15
"""A table that fits one block RAM answers in a cycle and costs next to nothing."""
SMALLER = 8
"""How many times smaller thresholds have to be, because their search is longer than a read."""


class LookupRecord(KernelRecord, tag="lookup", kw_only=True, frozen=True):
    """A function as a table.

    Attributes:
        entries: Of the table.
        variant: That it is one.
    """

    entries: Count
    variant: Literal["table"] = "table"


@dataclass(frozen=True, eq=False)
class Table:
    """A look-up table.

    Attributes:
        ident: C++ identifier of its parameters.
        domain: Range of the input.
        out: Range of the output.
        words: int64 [2**bits of the input].
    """

    header: ClassVar[str] = "lookup.hpp"

    ident: str
    domain: IntType
    out: IntType
    words: IntArray

    @property
    def call(self) -> str:
        """The C++ class with its parameters."""
        return f"{LIBRARY}::lookup<{self.ident}>"

    def record(self, place: Placement) -> LookupRecord:
        """Its size."""
        return LookupRecord(**place, entries=int(self.words.size))

    @property
    def chain(self) -> tuple[Stretch, ...]:
        """Its memory."""
        return memory(self.address_bits)

    @property
    def latency(self) -> int:
        """Cycles that it takes with every register."""
        return cycles(self.chain)

    @property
    def address_bits(self) -> int:
        """Bits of the input."""
        return int(self.words.size).bit_length() - 1

    @property
    def operators(self) -> tuple[str, ...]:
        """The longest way through its C++, see ``delays``."""
        return ("read",)

    def rtl(self, lanes: int, rows: int, ident: str, cut: int | None = None) -> FunctionModule:
        """Its module: a ROM for each lane."""
        bits = {"N_BITS": self.address_bits, "Y_BITS": self.out.bits}
        params: dict[str, SvValue] = {"LANES": lanes, **bits}
        rom = Rom(pack(self.words[:, None], self.out.bits), self.out.bits)
        return FunctionModule(Module("gw_table", params, {"FILE": rom})).cut(self.chain, cut)

    def params_cpp(self, rows: int, lanes: int) -> str:
        """The ROM and the parameter struct; each lane reads at an address of its own."""
        table = cpp.RomArray(f"{self.ident}_table", self.words, copied=lanes > 1)
        members = [
            f"using in_t = {cpp.word(self.domain)};",
            f"using out_t = {cpp.word(self.out)};",
            *cpp.accessor(f"{table.element} entry(unsigned a)", f"{table.name}[a]"),
            *cpp.storage([table]),
        ]
        constants = {"ADDRESS_BITS": self.address_bits}
        return table.declaration() + "\n" + cpp.struct(self.ident, constants, members)


def make_lookup(graph: Graph, node: Node, ident: str) -> Table | Requantizer:
    """The cheaper form of a LookUp node; both have ``call`` and ``params_cpp``.

    Args:
        graph: The graph the node is in.
        node: A ``LookUp``.
        ident: Identifier for its parameters.
    """
    words = graph[node.inputs[1]].value
    assert words is not None
    table = Table(ident, graph[node.inputs[0]].type, graph[node.outputs[0]].type, words)
    bits = words.size * IntType.of(words).bits
    if bits <= BLOCK_RAM_BITS:
        return table
    search = _as_thresholds(table)
    return table if search is None or SMALLER * search.rom_bits > bits else search


def _as_thresholds(table: Table) -> Requantizer | None:
    """A table that rises, by no more than it has entries, as the first input of each output."""
    domain = table.domain
    entries = table.words[np.arange(domain.lo, domain.hi + 1)]
    if (np.diff(entries) < 0).any() or not 0 < entries[-1] - entries[0] <= entries.size:
        return None
    codes = np.arange(int(entries[0]) + 1, int(entries[-1]) + 1)
    rows = np.searchsorted(entries, codes, side="left")[None] + domain.lo
    out = IntType.of(entries)
    return Requantizer(table.ident, domain, out, rows, out.lo, "thresholds", None)


def _place(mapper: Mapper, node: Node) -> None:
    place_function(
        mapper, node, node.outputs[0], lambda ident: make_lookup(mapper.graph, node, ident)
    )


MAPPINGS: Mappings = {ops.LOOKUP: OpMapping(_place, output_tap, LookupRecord)}
