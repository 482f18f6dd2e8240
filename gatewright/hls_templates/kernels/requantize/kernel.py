"""Requantizers: pick the cheapest variant that equals the thresholds, and write its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gatewright.hls_templates import cpp
from gatewright.hls_templates.delays import addition, product
from gatewright.hls_templates.kernels.elementwise.kernel import place_function
from gatewright.hls_templates.kernels.requantize.corrected import find_corrected
from gatewright.hls_templates.kernels.requantize.form import Form
from gatewright.hls_templates.kernels.requantize.rtl import MODULES
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
)
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.types import IntArray, IntType

# A table of this many address bits costs less than a multiplier.
_TABLE_BITS = 6

# Cycles of the modules beside this file.
CLIP_LATENCY, SHIFT_LATENCY, AFFINE_LATENCY, LEVEL_LATENCY = 1, 2, 4, 3
CORRECTED_LATENCY = AFFINE_LATENCY + ROM_LATENCY + 1

VARIANTS = ("auto", "thresholds")


class RequantizeRecord(KernelRecord, tag="requantize", kw_only=True, frozen=True):
    """A requantizer as a stage of its own.

    Attributes:
        requantizer: How it computes.
    """

    requantizer: RequantizerRecord


@dataclass(frozen=True, eq=False)
class Requantizer(Form):
    """One requantizer, tied to a tensor, in either language."""

    header: ClassVar[str] = "requantize.hpp"

    @property
    def call(self) -> str:
        """The C++ class with its parameters."""
        return f"{LIBRARY}::requantize_{self.variant}<{self.ident}>"

    @property
    def rom_bits(self) -> int:
        """Bits that its thresholds take as a ROM."""
        padded = self.padded()
        return padded.size * IntType.of(padded).bits

    def choice(self) -> RequantizerRecord:
        """What was chosen."""
        affine = None
        if self.variant in ("affine", "corrected") and self.affine is not None:
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
            "corrected": self._corrected_params,
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

    def _corrected_params(
        self, constants: dict[str, int], members: list[str], rows: int, lanes: int
    ) -> list[cpp.RomArray]:
        assert self.corrected is not None
        arrays = self._affine_params(constants, members, rows, lanes)
        del constants["TIES"]
        constants["DROP"] = self.corrected.drop
        bounds, name = self.corrected.bounds, f"{self.ident}_bound"
        if len(bounds) == 1:
            array = cpp.RomArray(name, bounds[0], copied=lanes > 1)
            place = ("int", "int", f"{name}[code]")
        else:
            array = cpp.by_row(name, bounds, rows, lanes)
            place = ("int row", "int lane", f"{name}[row][lane][code]")
        row, lane, value = place
        members += cpp.accessor(f"{array.element} bound({row}, {lane}, int code)", value)
        return [*arrays, array]

    def _table_params(
        self, constants: dict[str, int], members: list[str], rows: int, lanes: int
    ) -> list[cpp.RomArray]:
        constants["ADDRESS_BITS"] = self.domain.bits
        table = cpp.RomArray(f"{self.ident}_table", self.table_words(), self.out, copied=lanes > 1)
        members += cpp.accessor(f"{table.element} entry(unsigned a)", f"{table.name}[a]")
        return [table]

    def _threshold_params(
        self, constants: dict[str, int], members: list[str], rows: int, lanes: int
    ) -> list[cpp.RomArray]:
        padded = self.padded()
        depth, element = padded.shape[1].bit_length() - 1, IntType.of(padded)
        constants |= {"DEPTH": depth, "LOW": self.out_bias}
        arrays = []
        for level, nodes in enumerate(self.levels()):
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
            return AFFINE_LATENCY + (self.affine.ties != 0) + self._reading
        if self.variant == "corrected":
            return CORRECTED_LATENCY + self._reading
        return LEVEL_LATENCY * int(self.thresholds.shape[1]).bit_length() + 1

    @property
    def _reading(self) -> int:
        """Cycles in which it reads its channel's multiplier and offset."""
        return ROM_LATENCY if self.affine is not None and self.affine.by_channel else 0

    @property
    def operators(self) -> tuple[str, ...]:
        """The longest way through its C++, see ``delays``."""
        clamps = ("compare", "select") * 2
        if self.variant == "clip":
            return clamps
        if self.variant == "table":
            return ("read",)
        if self.variant in ("affine", "corrected") and self.affine is not None:
            bits = IntType.of(self.affine.multipliers).bits
            products = () if self.affine.shifts else product(self.domain.bits, bits)
            adder = addition(product_bits(self.affine, self.domain))
            ties = (adder, adder) if self.affine.ties else ()
            bound = ("read", "compare", "add") if self.variant == "corrected" else ()
            return (*products, adder, *ties, *clamps, *bound)
        levels = int(self.thresholds.shape[1]).bit_length()
        return ("read", "compare") * levels + ("add",)

    def rtl(self, lanes: int, rows: int, ident: str) -> FunctionModule:
        """Its module, for rows of lanes."""
        return MODULES[self.variant](self, lanes, rows, ident)


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
    chosen, affine, corrected = "thresholds", None, None
    if variant == "auto":
        affine = find_affine(thresholds, bias, domain, out)
        chosen = _choose(thresholds, domain, affine)
    if variant == "auto" and chosen == "thresholds":
        corrected = find_corrected(thresholds, bias, domain, out)
    if corrected is not None:
        chosen, affine = "corrected", corrected.rescaling
    return Requantizer(ident, domain, out, thresholds, bias, chosen, affine, corrected)


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
