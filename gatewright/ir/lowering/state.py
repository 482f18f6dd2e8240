"""State of one lowering, and the requantizer every op shares."""

from __future__ import annotations

from dataclasses import dataclass, field

import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.exact import function_thresholds, thresholds
from gatewright.ir.graph import Graph
from gatewright.ir.lowering.rounding import FloatPath, Rounding, RoundingLog
from gatewright.ir.lowering.values import Affine, Value
from gatewright.ir.quantizer import InputBoundary, Quantizer, Scales
from gatewright.ir.traced.operands import TracedGraph


@dataclass
class LoweringState:
    """The graph under construction and what is known of each traced tensor.

    Attributes:
        time_major: Whether the traced sequences are [T, B, F]; the integer graph's never are.
        shapes: Shapes of the example arguments in the user's layout, the sequence first.
        inputs: One for each quantizer that reads an argument.
        fixed_steps: Whether a layer binds T to that of the example.
        roundings: Every place where float32 might round another way.
    """

    traced: TracedGraph
    graph: Graph
    time_major: bool
    shapes: list[list[int]] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    inputs: list[InputBoundary] = field(default_factory=list)
    fixed_steps: bool = False
    roundings: RoundingLog = field(default_factory=RoundingLog)

    @property
    def steps(self) -> int:
        """T of the example input."""
        return self.shapes[0][0 if self.time_major else 1]

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
            raise GatewrightError(
                "GW-301",
                where=node.name,
                cause=f"its input is a {value.function or 'relu'} that no quantizer follows.",
                remedy="Quantize it first: use QuantReLU, QuantSigmoid or QuantTanh.",
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
    function: str | None = None,
    kind: str,
    path: FloatPath,
    log: RoundingLog,
) -> str:
    """Append the MultiThreshold that quantizes ``source * scale + offset``, and note it down.

    With ``relu`` or a ``function`` it quantizes what that gives.
    """
    log.add(
        Rounding(
            output, source, kind, quantizer, scales, offsets, path, relu, function, bool(function)
        )
    )
    domain = graph[source].type
    if function is None:
        rows = thresholds(quantizer, scales, offsets, domain, relu=relu)
    else:
        rows = function_thresholds(function, quantizer, scales, offsets, domain)
    name = graph.add_constant(f"{output}.thresholds", rows)
    return graph.add("MultiThreshold", [source, name], [output], out_bias=quantizer.type.lo)
