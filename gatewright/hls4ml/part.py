"""A recurrent part of a model: its integer graph, and how tensors of hls4ml meet it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import onnx
from hls4ml.model.types import FixedPrecisionType

from gatewright.builds.options import ULTRASCALE, ClockedOptions
from gatewright.hls4ml.precision import input_type, output_type
from gatewright.hls_templates import Design, least_budget, map_design
from gatewright.hls_templates.kernels.recurrent.tail import split_step
from gatewright.ir.lowering import IntegerModel, lower


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

    @property
    def steps(self) -> int:
        """T, which hls4ml fixes."""
        return self.integer.steps

    @cached_property
    def input_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of one sequence, by argument: [T, I], then [H] of states."""
        graph = self.traced.graph
        return tuple(_shape(value)[1:] for value in graph.input)

    @cached_property
    def output_shape(self) -> tuple[int, ...]:
        """Of one sequence: [T, F] or [F]."""
        return _shape(self.traced.graph.output[0])[1:]

    @cached_property
    def input_types(self) -> tuple[FixedPrecisionType, ...]:
        """By argument: what a tensor has to be rounded to.

        Raises:
            GatewrightError: GW-304.
        """
        return tuple(input_type(self.where, i.quantizer) for i in self.integer.inputs)

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

    def design(self, reuse_factor: int, clock_ns: float, device: str) -> Design:
        """As kernels.

        Args:
            reuse_factor: hls4ml's.
            clock_ns: The clock period, in nanoseconds.
            device: The vendor's name of the part.

        Raises:
            GatewrightError: As ``map_design`` does.
        """
        period = clock_ns * (2 if device.startswith(ULTRASCALE) else 1)
        options = ClockedOptions(
            self.budget(reuse_factor), max_steps=self.steps, operator_ns=period
        )
        return map_design(self.integer.graph, options)


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
