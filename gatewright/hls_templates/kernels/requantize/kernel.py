"""Requantizers: pick the cheapest variant that equals the thresholds, and write its parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from gatewright.hls_templates.delays import addition, product
from gatewright.hls_templates.kernels.elementwise.kernel import place_function
from gatewright.hls_templates.kernels.requantize.corrected import find_corrected
from gatewright.hls_templates.kernels.requantize.form import Form
from gatewright.hls_templates.kernels.requantize.params import params_cpp
from gatewright.hls_templates.kernels.requantize.rescaling import (
    LIMB,
    Rescaling,
    product_bits,
)
from gatewright.hls_templates.kernels.requantize.rtl import VARIANT_MODULES
from gatewright.hls_templates.kernels.requantize.search import find_affine, find_wide
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import Mappings, OpMapping, output_tap
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.hls_templates.records import (
    AffineRecord,
    KernelRecord,
    Placement,
    RequantizerRecord,
)
from gatewright.hls_templates.rtl.cut import Stretch, always, cycles, memory, multiplication
from gatewright.hls_templates.rtl.functions import ROM_LATENCY, FunctionModule
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.types import IntArray, IntType

# A table of this many address bits costs less than a multiplier.
_TABLE_BITS = 6

# Cycles of the modules beside this file.
LEVEL_LATENCY = 3
_LATENCY = {"wide": 5, "corrected": 5 + ROM_LATENCY}

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
        scale, more = self.affine, 0
        if self.wide is not None:
            scale, more = self.wide.high, LIMB
        affine = None
        if scale is not None and self.variant not in ("clip", "table"):
            affine = AffineRecord(
                multiplier_bits=int(scale.multipliers.max()).bit_length() + more,
                shift=scale.shift + more,
                ties=("up", "even", "odd")[scale.ties],
            )
        return RequantizerRecord(self.variant, len(self.thresholds), affine)

    def record(self, place: Placement) -> RequantizeRecord:
        """The same, as of a kernel."""
        return RequantizeRecord(**place, requantizer=self.choice())

    def params_cpp(self, rows: int, lanes: int) -> str:
        """Arrays and parameter struct, for rows of lanes."""
        return params_cpp(self, rows, lanes)

    @property
    def latency(self) -> int:
        """Cycles that it takes with every register."""
        return cycles(self.chain)

    @property
    def chain(self) -> tuple[Stretch, ...]:
        """What its module computes, one after the other."""
        n = self.domain.bits
        if self.variant == "clip":
            return (Stretch("clamp", n + 1, 0),)
        if self.variant == "table":
            return memory(n)
        if self.variant == "affine" and self.affine is not None:
            bits = product_bits(self.affine, self.domain)
            if self.affine.shifts:
                return Stretch("add", bits, 0), Stretch("clamp", bits, 1)
            reach, *product = multiplication(n + 1, IntType.of(self.affine.multipliers).bits + 1)
            return (
                *always(self._reading),
                replace(reach, place=5),
                *product,
                Stretch("add", bits, 2),
                *((Stretch("add", bits, 3),) if self.affine.ties else ()),
                Stretch("clamp", bits, 4),
            )
        if self.variant in _LATENCY:
            return always(_LATENCY[self.variant] + self._reading)
        return always(LEVEL_LATENCY * int(self.thresholds.shape[1]).bit_length() + 1)

    @property
    def _reading(self) -> int:
        """Cycles in which it reads its channel's multiplier and offset."""
        scale = self.affine if self.wide is None else self.wide
        return ROM_LATENCY if scale is not None and scale.by_channel else 0

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
        if self.wide is not None:
            bits = IntType.of(self.wide.high.multipliers).bits
            adder = addition(self.wide.sum_bits(self.domain))
            return (*product(self.domain.bits, bits), adder, adder, *clamps)
        levels = int(self.thresholds.shape[1]).bit_length()
        return ("read", "compare") * levels + ("add",)

    def rtl(self, lanes: int, rows: int, ident: str, cut: int | None = None) -> FunctionModule:
        """Its module, for rows of lanes."""
        return VARIANT_MODULES[self.variant](self, lanes, rows, ident).cut(self.chain, cut)


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
    problem = thresholds, bias, domain, out
    affine = find_affine(*problem) if variant == "auto" else None
    chosen = _choose(thresholds, domain, affine)
    wide = corrected = None
    if variant == "auto" and chosen == "thresholds":
        wide = find_wide(*problem)
        corrected = find_corrected(*problem) if wide is None else None
    if wide is not None:
        chosen = "wide"
    if corrected is not None:
        chosen, affine = "corrected", corrected.rescaling
    return Requantizer(ident, domain, out, thresholds, bias, chosen, affine, wide, corrected)


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
