"""Requantizers: pick the cheapest variant that equals the thresholds, and write its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import addition, product
from gatewright.hls_templates.kernels.elementwise.kernel import place_function
from gatewright.hls_templates.kernels.requantize.search import Rescaling, find_affine, product_bits
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, output_tap
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.hls_templates.records import (
    AffineRecord,
    KernelRecord,
    Placement,
    RequantizerRecord,
)
from gatewright.hls_templates.rtl.functions import (
    ROM_LATENCY,
    TABLE_LATENCY,
    FunctionModule,
    by_row,
    row_bits,
)
from gatewright.hls_templates.rtl.sv import Bits, Module, Rom, RomFile, SvValue, pack, signed_bits
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.types import IntArray, IntType

# A table of this many address bits costs less than a multiplier.
_TABLE_BITS = 6

# Cycles of the modules beside this file.
CLIP_LATENCY, SHIFT_LATENCY, AFFINE_LATENCY, LEVEL_LATENCY = 1, 2, 4, 3

VARIANTS = ("auto", "thresholds")


class RequantizeRecord(KernelRecord, tag="requantize", kw_only=True, frozen=True):
    """A requantizer as a stage of its own.

    Attributes:
        requantizer: How it computes.
    """

    requantizer: RequantizerRecord


@dataclass(frozen=True, eq=False)
class Requantizer:
    """One requantizer, tied to a tensor.

    Attributes:
        ident: C++ identifier of its parameters.
        domain: Range of the input.
        out: Range of the output.
        thresholds: int64 [C, K].
        out_bias: Output below the first threshold.
        variant: ``clip``, ``affine``, ``table`` or ``thresholds``.
        affine: For ``clip`` and ``affine``.
    """

    header: ClassVar[str] = "requantize.hpp"

    ident: str
    domain: IntType
    out: IntType
    thresholds: IntArray
    out_bias: int
    variant: str
    affine: Rescaling | None

    @property
    def call(self) -> str:
        """The C++ class with its parameters."""
        return f"{LIBRARY}::requantize_{self.variant}<{self.ident}>"

    @property
    def rom_bits(self) -> int:
        """Bits that its thresholds take as a ROM."""
        padded = self._padded()
        return padded.size * IntType.of(padded).bits

    def _padded(self) -> IntArray:
        """Each row filled to a full binary tree, with ``hi + 1``, which is never reached."""
        rows, count = self.thresholds.shape
        padded = np.full((rows, 2 ** int(count).bit_length()), self.domain.hi + 1, dtype=np.int64)
        padded[:, 1 : count + 1] = self.thresholds
        return padded

    def choice(self) -> RequantizerRecord:
        """What was chosen."""
        affine = None
        if self.variant == "affine" and self.affine is not None:
            affine = AffineRecord(
                multiplier_bits=int(self.affine.multipliers.max()).bit_length(),
                shift=self.affine.shift,
                ties=("up", "even", "odd")[self.affine.ties],
            )
        return RequantizerRecord(self.variant, len(self.thresholds), affine)

    def record(self, place: Placement) -> RequantizeRecord:
        """The same, as of a kernel."""
        return RequantizeRecord(**place, requantizer=self.choice())

    def params_cpp(self, rows: int, lanes: int) -> str:
        """Arrays and parameter struct, for rows of lanes."""
        constants: dict[str, int] = {"LOW": self.out.lo, "HIGH": self.out.hi}
        members = [f"using in_t = {cpp.word(self.domain)};", f"using out_t = {cpp.word(self.out)};"]
        write = {
            "clip": lambda *_: [],
            "affine": self._affine_params,
            "table": self._table_params,
            "thresholds": self._threshold_params,
        }[self.variant]
        arrays: list[cpp.RomArray] = write(constants, members, rows, lanes)
        members += cpp.storage(arrays)
        declared = (array.declaration() for array in arrays)
        return "\n".join([*declared, cpp.struct(self.ident, constants, members)])

    def _affine_params(
        self, constants: dict[str, int], members: list[str], rows: int, lanes: int
    ) -> list[cpp.RomArray]:
        assert self.affine is not None
        constants |= {
            "PRODUCT_BITS": product_bits(self.affine, self.domain),
            "SHIFT": self.affine.shift,
            "TIES": self.affine.ties,
        }
        arrays = []
        for name, values in (
            ("multiplier", self.affine.multipliers),
            ("offset", self.affine.offsets),
        ):
            if len(values) == 1:
                body = cpp.literal(values[0])
                members += cpp.accessor(f"constexpr long long {name}(int, int)", body)
            else:
                array = cpp.by_row(f"{self.ident}_{name}", values, rows, lanes)
                arrays.append(array)
                body = f"{array.name}[row][lane]"
                members += cpp.accessor(f"{array.element} {name}(int row, int lane)", body)
        return arrays

    def _table_params(
        self, constants: dict[str, int], members: list[str], rows: int, lanes: int
    ) -> list[cpp.RomArray]:
        constants["ADDRESS_BITS"] = self.domain.bits
        table = cpp.RomArray(f"{self.ident}_table", self._table_words(), self.out, copied=lanes > 1)
        members += cpp.accessor(f"{table.element} entry(unsigned a)", f"{table.name}[a]")
        return [table]

    def _table_words(self) -> IntArray:
        """The output for each address, negative inputs in the upper half."""
        n = np.arange(self.domain.lo, self.domain.hi + 1)
        entries = np.searchsorted(self.thresholds[0], n, side="right") + self.out_bias
        return wrapped_table(entries, self.domain)

    def _threshold_params(
        self, constants: dict[str, int], members: list[str], rows: int, lanes: int
    ) -> list[cpp.RomArray]:
        padded = self._padded()
        depth, element = padded.shape[1].bit_length() - 1, IntType.of(padded)
        constants |= {"DEPTH": depth, "LOW": self.out_bias}
        arrays = []
        for level, nodes in enumerate(self._levels(padded)):
            name = f"{self.ident}_level_{level}"
            if len(padded) == 1:
                array = cpp.RomArray(name, nodes[0], element, copied=lanes > 1)
                place = ("int", "int", f"{name}[node]")
            else:
                array = cpp.by_row(name, nodes, rows, lanes, element)
                place = ("int row", "int lane", f"{name}[row][lane][node]")
            arrays.append(array)
            row, lane, value = place
            at = f"{LIBRARY}::tree_level<{level}>"
            members += cpp.accessor(
                f"{array.element} threshold({at}, {row}, {lane}, int node)", value
            )
        return arrays

    def _levels(self, padded: IntArray) -> list[IntArray]:
        """Thresholds by the level of the search that reads them, from the root; [C, 2**level]."""
        depth = padded.shape[1].bit_length() - 1
        return [
            padded[:, (2 * np.arange(1 << level) + 1) << (depth - 1 - level)]
            for level in range(depth)
        ]

    @property
    def latency(self) -> int:
        """Cycles that it takes."""
        if self.variant == "clip":
            return CLIP_LATENCY
        if self.variant == "table":
            return TABLE_LATENCY
        if self.variant == "affine" and self.affine is not None:
            if self.affine.shifts:
                return SHIFT_LATENCY
            reading = ROM_LATENCY if self.affine.by_channel else 0
            return AFFINE_LATENCY + (self.affine.ties != 0) + reading
        return LEVEL_LATENCY * int(self.thresholds.shape[1]).bit_length() + 1

    @property
    def operators(self) -> tuple[str, ...]:
        """The longest way through its C++, see ``delays``."""
        clamps = ("compare", "select") * 2
        if self.variant == "clip":
            return clamps
        if self.variant == "table":
            return ("read",)
        if self.variant == "affine" and self.affine is not None:
            bits = IntType.of(self.affine.multipliers).bits
            products = () if self.affine.shifts else product(self.domain.bits, bits)
            adder = addition(product_bits(self.affine, self.domain))
            ties = (adder, adder) if self.affine.ties else ()
            return (*products, adder, *ties, *clamps)
        levels = int(self.thresholds.shape[1]).bit_length()
        return ("read", "compare") * levels + ("add",)

    def rtl(self, lanes: int, rows: int, ident: str) -> FunctionModule:
        """Its module, for rows of lanes."""
        params: dict[str, SvValue] = {
            "LANES": lanes,
            "N_BITS": self.domain.bits,
            "Y_BITS": self.out.bits,
        }
        signed: dict[str, SvValue] = {"N_SIGNED": self.domain.signed}
        ends: dict[str, SvValue] = {"LOW": self.out.lo, "HIGH": self.out.hi}
        if self.variant == "clip":
            return FunctionModule(Module("gw_requantize_clip", {**params, **signed, **ends}))
        if self.variant == "table":
            rom = Rom(pack(self._table_words()[:, None], self.out.bits), self.out.bits)
            return FunctionModule(Module("gw_table", params, {"FILE": rom}))
        if self.variant == "affine":
            return self._affine_rtl({**params, **signed, **ends}, lanes, rows)
        return self._threshold_rtl({**params, **signed, "LOW": self.out_bias}, lanes, rows, ident)

    def _affine_rtl(self, params: dict[str, SvValue], lanes: int, rows: int) -> FunctionModule:
        assert self.affine is not None
        m, r = self.affine.multipliers, self.affine.offsets
        bits = product_bits(self.affine, self.domain)
        params |= {"SHIFT": self.affine.shift, "TIES": self.affine.ties}
        if self.affine.shifts:
            params |= {"SUM_BITS": bits, "OFFSET": Bits(64, int(r[0]))}
            return FunctionModule(Module("gw_requantize_shift", params))
        m_bits, r_bits = IntType.of(m).bits, signed_bits(IntType.of(r))
        params |= {
            "PRODUCT_BITS": bits,
            "MULTIPLIER_BITS": m_bits,
            "OFFSET_BITS": r_bits,
            "ROW_BITS": row_bits(rows),
        }
        if not self.affine.by_channel:
            shared = {"MULTIPLIER": Bits(64, int(m[0])), "OFFSET": Bits(64, int(r[0]))}
            module = Module("gw_requantize_affine", {**params, **shared})
            return FunctionModule(module, resets=True)
        words = by_row(m, lanes, rows, m_bits)
        above = by_row(r, lanes, rows, r_bits)
        both = [low | high << lanes * m_bits for low, high in zip(words, above, strict=True)]
        rom = Rom(both, lanes * (m_bits + r_bits))
        module = Module("gw_requantize_affine", {**params, "ROWS": rows}, {"FILE": rom})
        return FunctionModule(module, by_row=True, resets=True)

    def _threshold_rtl(
        self, params: dict[str, SvValue], lanes: int, rows: int, ident: str
    ) -> FunctionModule:
        padded = self._padded()
        by_channel = len(padded) > 1
        levels, bits = self._levels(padded), signed_bits(IntType.of(padded))
        files: dict[RomFile, Rom] = {}
        for lane in range(lanes if by_channel else 1):
            # The channels of this lane, row after row; beyond the last one nobody looks.
            channels = np.minimum(np.arange(rows) * lanes + lane, len(padded) - 1)
            for level, nodes in enumerate(levels):
                own = nodes[channels] if by_channel else nodes
                words = pack(own.reshape(-1, 1), bits)
                files[RomFile(f"{ident}_{lane:04}_{level:02}")] = Rom(words, bits)
        params |= {
            "T_BITS": bits,
            "DEPTH": len(levels),
            "ROW_BITS": row_bits(rows),
            "PREFIX": RomFile(ident, ""),
        }
        if by_channel:
            params["ROWS"] = rows
        module = Module("gw_requantize_thresholds", params, files=files)
        return FunctionModule(module, by_row=by_channel, resets=True)


def make_requantizer(graph: Graph, node: Node, ident: str, variant: str = "auto") -> Requantizer:
    """The requantizer of a MultiThreshold node.

    Args:
        graph: The graph the node is in.
        node: A ``MultiThreshold``.
        ident: Identifier for its parameters.
        variant: ``auto``, or ``thresholds`` to keep the binary search.
    """
    domain, out = graph[node.inputs[0]].type, graph[node.outputs[0]].type
    thresholds = graph[node.inputs[1]].value
    assert thresholds is not None
    bias = int(node.attrs["out_bias"])
    chosen, affine = "thresholds", None
    if variant == "auto":
        affine = find_affine(thresholds, bias, domain, out)
        chosen = _choose(thresholds, domain, affine)
    return Requantizer(ident, domain, out, thresholds, bias, chosen, affine)


def _choose(thresholds: IntArray, domain: IntType, affine: Rescaling | None) -> str:
    if affine is not None and affine.shift == 0 and _is_identity(affine):
        return "clip"
    if len(thresholds) == 1 and domain.bits <= _TABLE_BITS:
        return "table"
    return "thresholds" if affine is None else "affine"


def _is_identity(affine: Rescaling) -> bool:
    return bool((affine.multipliers == 1).all() and (affine.offsets == 0).all())


def _place(mapper: Mapper, node: Node) -> None:
    variant = mapper.options.requantizer
    place_function(
        mapper,
        node,
        node.outputs[0],
        lambda ident: make_requantizer(mapper.graph, node, ident, variant),
    )


MAPPINGS: Mappings = {ops.MULTITHRESHOLD: OpMapping(_place, output_tap, RequantizeRecord)}
