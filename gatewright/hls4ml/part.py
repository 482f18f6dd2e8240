"""A recurrent part of a model: its integer graph, and how tensors of hls4ml meet it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import onnx
from hls4ml.model.types import FixedPrecisionType

from gatewright.builds.options import ClockedOptions
from gatewright.errors import GatewrightError
from gatewright.hls4ml.precision import common_type, output_type
from gatewright.hls_templates import Design, least_budget, map_design
from gatewright.hls_templates.kernels.recurrent.tail import split_step
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.quantizer import InputBoundary


@dataclass(frozen=True, eq=False)
class Part:
    """What becomes one layer of hls4ml.

    Attributes:
        where: The module or node that it comes from.
        traced: Its traced graph, for one sequence of the length that hls4ml is given.
    """

    where: str
    traced: onnx.ModelProto

    @cached_property
    def integer(self) -> IntegerModel:
        """In integers.

        Raises:
            GatewrightError: As ``lower`` does.
        """
        return lower(self.traced)

    def check(self) -> None:
        """Refuse what no layer of hls4ml can be.

        Raises:
            GatewrightError: GW-109 where time comes first; GW-108 where there is more than one
                output, or one that holds several states.
        """
        outputs = self.integer.outputs
        if self.integer.inputs[0].time_major:
            raise GatewrightError(
                "GW-109",
                where=self.where,
                cause="it takes time steps first, and hls4ml sequences.",
                remedy="Build it with batch_first=True.",
            )
        if len(outputs) != 1 or outputs[0].stacked:
            raise GatewrightError(
                "GW-108",
                where=self.where,
                cause="the model reads all that it returns, or all of its states, and a layer of "
                "hls4ml gives one tensor.",
                remedy="Read one of out, out[:, -1] and h[-1], as in out, _ = lstm(x).",
            )

    @property
    def steps(self) -> int:
        """T, which hls4ml fixes."""
        return self.integer.steps

    @cached_property
    def input_shapes(self) -> tuple[tuple[int, int], ...]:
        """By argument, of one sequence: [T, I]; of states [N, H]."""
        first, *states = (_shape(value) for value in self.traced.graph.input)
        return (first[1], first[2]), *((math.prod(s[:-2]), s[-1]) for s in states)

    @cached_property
    def output_shape(self) -> tuple[int, ...]:
        """Of one sequence: [T, F] or [F]."""
        return _shape(self.traced.graph.output[0])[1:]

    @cached_property
    def inputs(self) -> tuple[tuple[InputBoundary, ...], ...]:
        """By argument, what its tensor becomes: one sequence, or states by their index."""
        found: list[list[InputBoundary]] = [[] for _ in self.integer.arguments]
        for boundary in self.integer.inputs:
            found[boundary.argument].append(boundary)
        return tuple(tuple(sorted(one, key=lambda b: b.index or 0)) for one in found)

    @cached_property
    def input_types(self) -> tuple[FixedPrecisionType, ...]:
        """By argument: what a tensor has to be rounded to.

        Raises:
            GatewrightError: GW-304.
        """
        return tuple(
            common_type(self.where, [b.quantizer for b in boundaries]) for boundaries in self.inputs
        )

    @cached_property
    def output_type(self) -> FixedPrecisionType:
        """What holds the output exactly.

        Raises:
            GatewrightError: GW-304.
        """
        output = self.integer.outputs[0]
        return output_type(self.where, output, self.integer.graph[output.tensors[0]].type)

    def budget(self, reuse_factor: int) -> int:
        """Multipliers of a recurrent layer, each of which does so many products of a step.

        Args:
            reuse_factor: hls4ml's.

        Returns:
            For the largest layer; at least what a layer cannot do without.
        """
        graph = self.integer.graph
        products = max(
            sum(gate.w.size + gate.u.size for gate in split_step(scan.body).accumulators)
            for scan in graph.scans()
            if scan.body is not None
        )
        return max(least_budget(graph), -(-products // reuse_factor))

    def design(self, reuse_factor: int, operator_ns: float) -> Design:
        """As kernels.

        Args:
            reuse_factor: hls4ml's.
            operator_ns: The clock period as a Zynq-7000 has it, in nanoseconds.

        Raises:
            GatewrightError: As ``map_design`` does.
        """
        budget = self.budget(reuse_factor)
        options = ClockedOptions(budget, max_steps=self.steps, operator_ns=operator_ns)
        return map_design(self.integer.graph, options)


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
