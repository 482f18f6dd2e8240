"""Constants of a traced graph, read back as integers and exact scales."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from gatewright.errors import GatewrightError
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer, Scales
from gatewright.ir.traced.vocabulary import brevitas_rounding
from gatewright.ir.types import Float32Array, IntArray


@dataclass(frozen=True)
class QuantizedConstant:
    """A weight or bias behind a ``Quant`` node.

    Attributes:
        values: Centered integers; per-channel scales run along the last axis.
        scales: One or one a channel.
        bit_width: Bits of the quantizer.
    """

    values: IntArray
    scales: Scales
    bit_width: int

    def transposed(self) -> QuantizedConstant:
        """The transposed matrix; the channel axis must not be the one that moves away."""
        return QuantizedConstant(np.ascontiguousarray(self.values.T), self.scales, self.bit_width)

    def real(self, index: int) -> Fraction:
        """Exact value of one element of a vector."""
        return int(self.values[index]) * self.scales[index if len(self.scales) > 1 else 0]


Operand = QuantizedConstant | Float32Array


class TracedGraph:
    """Look-ups in a traced graph: producers, constants, quantizers."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.initializers: dict[str, npt.NDArray[Any]] = {
            i.name: numpy_helper.to_array(i) for i in graph.initializer
        }
        self.producers = {o: node for node in graph.node for o in node.output}

    def constant(self, name: str) -> Operand | None:
        """The constant behind a tensor: an initializer, or ``Quant`` / ``Transpose`` of one."""
        if name in self.initializers:
            return self.initializers[name].astype(np.float32, copy=False)
        node = self.producers.get(name)
        if node is None or node.op_type not in ("Quant", "Transpose"):
            return None
        source = self.constant(node.input[0])
        if source is None:
            return None
        if node.op_type == "Transpose":
            return source.transposed() if isinstance(source, QuantizedConstant) else source.T
        return self._quantize(node, np.asarray(source))

    def _quantize(self, node: onnx.NodeProto, value: Float32Array) -> QuantizedConstant:
        quantizers = self._quantizers(node)
        scales = tuple(q.scales[0] for q in quantizers)
        if len(quantizers) == 1:
            codes = quantizers[0].quantize_float32(value)
        elif len(quantizers) == value.shape[0]:
            # Brevitas scales weights along axis 0, the output channel: shape [N, 1] or [N].
            pairs = zip(quantizers, value, strict=True)
            codes = np.stack([q.quantize_float32(row) for q, row in pairs])
        else:
            raise GatewrightError(
                "GW-207",
                where=node.name,
                cause=f"{len(quantizers)} scales for {value.shape[0]} channels.",
                remedy="Export the model again.",
            )
        return QuantizedConstant(codes, scales, quantizers[0].bit_width)

    def quantizer(self, node: onnx.NodeProto) -> Quantizer:
        """The quantizer of a ``Quant`` node on an activation, as ``read_quantizer``."""
        return _per_tensor(node.name, self._quantizers(node))

    def _quantizers(self, node: onnx.NodeProto) -> tuple[Quantizer, ...]:
        attrs = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        return self._read(
            node,
            tuple(node.input[1:4]),
            signed=bool(attrs.get("signed", 1)),
            narrow=bool(attrs.get("narrow", 0)),
            rounding=brevitas_rounding(attrs.get("rounding_mode", b"ROUND").decode()),
        )

    def read_quantizer(
        self,
        node: onnx.NodeProto,
        names: tuple[str, ...],
        *,
        signed: bool,
        narrow: bool,
        rounding: str,
    ) -> Quantizer:
        """A quantizer from the initializers ``(scale, zero point, bit width)`` of a node.

        Raises:
            GatewrightError: GW-207 where one is not constant, GW-105 for a scale that is not
                positive, GW-107 for a rounding mode or zero point that is not supported, or for
                one scale or zero point a channel.
        """
        quantizers = self._read(node, names, signed=signed, narrow=narrow, rounding=rounding)
        return _per_tensor(node.name, quantizers)

    def _read(
        self,
        node: onnx.NodeProto,
        names: tuple[str, ...],
        *,
        signed: bool,
        narrow: bool,
        rounding: str,
    ) -> tuple[Quantizer, ...]:
        """Like ``read_quantizer``, but one a channel where scales or zero points are."""
        try:
            scale, zero_point, bit_width = (self.initializers[n] for n in names)
        except (KeyError, ValueError) as error:
            raise GatewrightError(
                "GW-207",
                where=node.name,
                cause="a quantizer's scale, zero point or bit width is not a constant.",
                remedy="Export the model in eval mode with constant scales.",
            ) from error
        if not (np.isfinite(scale).all() and (scale > 0).all()):
            raise GatewrightError(
                "GW-105",
                where=node.name,
                cause=f"the scale is {scale.min()}.",
                remedy="Calibrate or retrain this quantizer.",
            )
        if rounding not in ROUNDING_MODES or (zero_point != np.rint(zero_point)).any():
            raise GatewrightError(
                "GW-107",
                where=node.name,
                cause=f"rounding {rounding}, zero points {np.unique(zero_point).tolist()}.",
                remedy=f"Use integer zero points and one of {', '.join(ROUNDING_MODES)}.",
            )
        pairs = np.broadcast_arrays(np.asarray(scale, np.float32).ravel(), zero_point.ravel())
        bits = int(np.max(bit_width))
        return tuple(
            Quantizer((Fraction(float(s)),), int(z), bits, signed, narrow, rounding)
            for s, z in zip(*pairs, strict=True)
        )


def _per_tensor(where: str, quantizers: tuple[Quantizer, ...]) -> Quantizer:
    if len(quantizers) == 1:
        return quantizers[0]
    raise GatewrightError(
        "GW-107",
        where=where,
        cause="an activation quantizer has one scale a channel.",
        remedy="Use per-tensor scales for activations; weights may be per channel.",
    )
