"""State of one lowering, and the requantizer every op shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.files.limits import THRESHOLDS
from gatewright.ir import ops
from gatewright.ir.exact import activation_table, function_thresholds, thresholds
from gatewright.ir.functions import Function
from gatewright.ir.graph import Graph, Op
from gatewright.ir.lowering.rounding import FloatPath, KnownStep, Rounding, RoundingLog, codes
from gatewright.ir.lowering.values import ZERO, Affine, Lowered
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.quantizer import InputBoundary, Quantizer, Scales
from gatewright.ir.steps import StepCount
from gatewright.ir.traced.layouts import BATCH_FIRST, CHANNELS_FIRST, TIME_MAJOR
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.types import IntArray, IntType


@dataclass
class LoweringState:
    """The graph under construction and what is known of each traced tensor.

    Attributes:
        layouts: The axes of the traced sequences; the integer graph's are all [B, T, F].
        time_major: Whether those of recurrent layers are [T, B, F].
        shapes: Shapes of the example arguments in the user's layout, a sequence first.
        sequences: Which of them are sequences.
        inputs: One for each quantizer that reads an argument.
        fixed_steps: Whether a layer binds T to that of the example.
        roundings: Every place where float32 might round another way.
    """

    traced: TracedGraph
    graph: Graph
    layouts: dict[str, str]
    time_major: bool
    shapes: list[list[int]] = field(default_factory=list)
    sequences: frozenset[int] = frozenset({0})
    values: dict[str, Lowered] = field(default_factory=dict)
    inputs: list[InputBoundary] = field(default_factory=list)
    fixed_steps: bool = False
    roundings: RoundingLog = field(default_factory=RoundingLog)

    @property
    def steps(self) -> int:
        """T of the example input."""
        return self.shapes[0][self.axes(self.traced.graph.input[0].name).index("T")]

    def steps_of(self, name: str) -> int:
        """Those of an integer sequence then."""
        return StepCount.of(self.graph[name].shape[1]).count(self.steps)

    def axes(self, name: str) -> str:
        """The axes of a traced sequence."""
        return self.layouts.get(name, TIME_MAJOR if self.time_major else BATCH_FIRST)

    def boundary_layout(self, name: str, sequence: bool) -> dict[str, Any]:
        """What a boundary of the integer graph says of the layout of a traced tensor."""
        axes = self.axes(name) if sequence else BATCH_FIRST
        return {"time_major": axes == TIME_MAJOR, "channels_first": axes == CHANNELS_FIRST}

    def channels_first(self) -> set[str]:
        """What its quantizers give as [B, F, T] in torch."""
        return {
            f"{node.name}.out"
            for node in self.traced.graph.node
            if node.op_type == "Quant" and self.layouts.get(node.output[0]) == CHANNELS_FIRST
        }

    def swapped(self) -> set[str]:
        """What its quantizers give with sequences and steps the other way round than the input."""
        first = self.axes(self.traced.graph.input[0].name).startswith("T")
        other = BATCH_FIRST if first else TIME_MAJOR
        return {
            f"{node.name}.out"
            for node in self.traced.graph.node
            if node.op_type == "Quant" and self.layouts.get(node.output[0]) == other
        }

    def affine(self, node: onnx.NodeProto, name: str) -> Affine:
        """The integer tensor behind a traced one.

        Raises:
            GatewrightError: GW-301 if it is float.
        """
        value = self.values.get(name)
        if not isinstance(value, Affine):
            raise GatewrightError(
                "GW-301",
                where=node.name,
                cause="its input was never quantized.",
                remedy="Put a QuantIdentity before it.",
            )
        return value

    def number(self, node: onnx.NodeProto, name: str) -> Affine:
        """Like ``affine``, for ops that need ``n * scale + offset`` itself.

        Raises:
            GatewrightError: GW-301 too where a Relu, Sigmoid or Tanh still waits for its quantizer.
        """
        value = self.affine(node, name)
        if value.waits:
            waiting = value.function.name if value.function else "relu"
            raise GatewrightError(
                "GW-301",
                where=node.name,
                cause=f"its input is a {waiting} that no quantizer follows.",
                remedy="Quantize it first: use QuantReLU, QuantSigmoid or QuantTanh, or put a "
                "QuantIdentity behind it.",
            )
        return value

    def codes(self, node: onnx.NodeProto, name: str) -> Affine:
        """Like ``affine``, for ops that need the codes of a quantizer."""
        value = self.number(node, name)
        if value.quantizer is None:
            raise GatewrightError(
                "GW-301",
                where=node.name,
                cause="its input comes from a layer whose output is not quantized.",
                remedy="Put a QuantReLU or QuantIdentity between the two layers.",
            )
        return value


def requantize(
    graph: Graph,
    source: str,
    output: str,
    quantizer: Quantizer,
    scales: Scales,
    offsets: Scales,
    *,
    relu: bool = False,
    function: Function | None = None,
    kind: str,
    path: FloatPath,
    log: RoundingLog,
) -> str:
    """Append the MultiThreshold that quantizes ``source * scale + offset``, and note it down.

    With ``relu`` or a ``function`` it quantizes what that gives.
    """
    domain = graph[source].type
    steps = quantizer.code_max - quantizer.code_min
    THRESHOLDS.check(log.prefix + output, steps * max(len(scales), len(offsets)))

    def rows() -> IntArray:
        if function is None:
            return thresholds(quantizer, scales, offsets, domain, relu=relu)
        return function_thresholds(function, quantizer, scales, offsets, domain)

    place = Rounding(
        output, source, kind, quantizer, scales, offsets, path, relu, function, function is not None
    )
    bias = quantizer.type.lo
    return _append(graph, place, ops.MULTITHRESHOLD, "thresholds", rows, log, out_bias=bias)


def look_up(
    graph: Graph,
    source: str,
    output: str,
    function: Function,
    quantizer: Quantizer,
    scale: Fraction,
    *,
    log: RoundingLog,
    runtime: bool = False,
) -> str:
    """Append the table of ``quantizer(function(source * scale))``, and note it down."""
    domain = graph[source].type

    def table() -> IntArray:
        def entries(part: IntType) -> IntArray:
            return activation_table(function, quantizer, scale, part)

        return wrapped_table(_extended(entries, domain, log.known.get(log.prefix + output)), domain)

    place = Rounding(
        output,
        source,
        "table",
        quantizer,
        (scale,),
        ZERO,
        codes(domain, scale),
        function=function,
        runtime=runtime,
    )
    return _append(graph, place, ops.LOOKUP, "table", table, log, function=function.name)


def _append(
    graph: Graph,
    place: Rounding,
    op: Op,
    kind: str,
    compute: Callable[[], IntArray],
    log: RoundingLog,
    **attrs: Any,
) -> str:
    """A place of rounding as an op and its constant, which is computed unless it is known."""
    domain, known = log.known.get(log.prefix + place.name, (None, None))
    step = known if known is not None and domain == graph[place.source].type else compute()
    constant = graph.add_constant(f"{place.name}.{kind}", step)
    graph.add(op, [place.source, constant], [place.name], **attrs)
    reached = log.add(place)
    if reached is not None:
        graph.widen(place.name, reached)
    return place.name


def _extended(
    entries: Callable[[IntType], IntArray], domain: IntType, known: KnownStep | None
) -> IntArray:
    """The entries of a domain, of which a table of an inner one is perhaps known."""
    if known is None:
        return entries(domain)
    inner, table = known
    parts = [table[np.arange(inner.lo, inner.hi + 1)]]
    if domain.lo < inner.lo:
        parts.insert(0, entries(IntType(domain.lo, inner.lo - 1)))
    if domain.hi > inner.hi:
        parts.append(entries(IntType(inner.hi + 1, domain.hi)))
    return np.concatenate(parts)
