"""The layer in FINN's graphs, before it is known in which language it is written."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from finn.custom_op.fpgadataflow.hwcustomop import HWCustomOp
from qonnx.core.datatype import DataType

import gatewright.qonnx as recurrent
from gatewright.finn.design import NodeDesign, node_design, node_interval
from gatewright.finn.estimate import Resources, estimate
from gatewright.hls_templates.kernels.recurrent.layer import RecurrentLayer
from gatewright.hls_templates.mapping.options import DEFAULT_MULTIPLIERS
from gatewright.ir import interpreter
from gatewright.ir.types import IntType
from gatewright.qonnx.node import MODEL

FINN_DOMAIN = "finn.custom_op.fpgadataflow"
LAYER = "StreamingRecurrent"
BUDGET = "multipliers"
"""The attribute that says how it is folded."""


class StreamingRecurrent(HWCustomOp):  # type: ignore[misc]
    """Recurrent layers over a sequence of T steps, one word a step in and out, in integers."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Those of FINN, and ours."""
        return {
            **super().get_nodeattr_types(),
            MODEL: ("t", True, np.zeros(0, dtype=np.uint8)),
            "T": ("i", True, 0),
            "inputDataType": ("s", True, ""),
            "outputDataType": ("s", True, ""),
            BUDGET: ("i", False, DEFAULT_MULTIPLIERS),
        }

    @property
    def steps(self) -> int:
        """T."""
        return int(self.get_nodeattr("T"))

    @property
    def folded(self) -> NodeDesign:
        """Its kernels."""
        return self.folded_by(int(self.get_nodeattr(BUDGET)))

    def folded_by(self, multipliers: int) -> NodeDesign:
        """Its kernels at another budget of multipliers."""
        return node_design(self._data, self.steps, multipliers)

    def cycles_by(self, multipliers: int) -> int:
        """Its cycles at another budget of multipliers, as ``get_exp_cycles`` has them."""
        return node_interval(self._data, self.steps, multipliers)

    @property
    def _data(self) -> bytes:
        data: bytes = self.get_nodeattr(MODEL).tobytes()
        return data

    def _port(self, ind: int, *, output: bool) -> recurrent.NodePort:
        ports = recurrent.ports(self.onnx_node)
        port: recurrent.NodePort = (ports.outputs if output else ports.inputs)[ind]
        return port

    def get_input_datatype(self, ind: int = 0) -> Any:
        """That of the layer's own quantizer."""
        return DataType[self._port(ind, output=False).dtype]

    def get_output_datatype(self, ind: int = 0) -> Any:
        """That of what it gives."""
        return DataType[self._port(ind, output=True).dtype]

    def get_normal_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """[1, T, I] or [T, 1, I]."""
        return self._port(ind, output=False).shape(1, self.steps)

    def get_normal_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """[1, T, H] or [T, 1, H], or [1, H] of the last step."""
        return self._port(ind, output=True).shape(1, self.steps)

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """A word is a step."""
        *outer, lanes = self.get_normal_input_shape(ind)
        return (*outer, 1, lanes)

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """A word is a step."""
        *outer, lanes = self.get_normal_output_shape(ind)
        return (*outer, 1, lanes)

    def get_instream_width(self, ind: int = 0) -> int:
        """Bits of a word."""
        return self._port(ind, output=False).lanes * int(self.get_input_datatype(ind).bitwidth())

    def get_outstream_width(self, ind: int = 0) -> int:
        """Bits of a word."""
        return self._port(ind, output=True).lanes * int(self.get_output_datatype(ind).bitwidth())

    def infer_node_datatype(self, model: Any) -> None:
        """What it gives is decided by the model inside it."""
        for ind, name in enumerate(self.onnx_node.output):
            model.set_tensor_datatype(name, self.get_output_datatype(ind))

    def execute_node(self, context: dict[str, Any], graph: onnx.GraphProto) -> None:
        """Compute in integers."""
        node, integer = self.onnx_node, recurrent.integer_model(self.onnx_node)
        source, result = self._port(0, output=False), self._port(0, output=True)
        n = context[node.input[0]].reshape(1, self.steps, source.lanes).astype(np.int64)
        values, _ = interpreter.run(integer.graph, {integer.inputs[0].tensor: n})
        (tensor,) = integer.outputs[0].tensors
        answer = values[tensor].astype(np.float32)
        context[node.output[0]] = answer.reshape(result.shape(1, self.steps))

    def verify_node(self) -> list[str]:
        """What of the attributes is not as the model inside says; nothing if all is."""
        said = {
            "inputDataType": self.get_input_datatype().name,
            "outputDataType": self.get_output_datatype().name,
        }
        return [
            f"{name} is {self.get_nodeattr(name)}, the model inside says {value}"
            for name, value in said.items()
            if self.get_nodeattr(name) != value
        ]

    def get_exp_cycles(self) -> int:
        """Cycles from the first word of an answer to that of the next, frames back to back."""
        return self.cycles_by(int(self.get_nodeattr(BUDGET)))

    def estimated(self, fpgapart: str) -> Resources:
        """What yosys' ``synth_xilinx`` is expected to make of it, its hierarchy kept."""
        return estimate(self.folded.design, fpgapart)

    def lut_estimation(self, fpgapart: str) -> int:
        """LUTs."""
        return self.estimated(fpgapart).luts

    def dsp_estimation(self, fpgapart: str) -> int:
        """DSP blocks."""
        return self.estimated(fpgapart).dsps

    def bram_estimation(self, fpgapart: str) -> int:
        """Block RAMs of 18 Kbit."""
        return self.estimated(fpgapart).brams

    def get_op_and_param_counts(self) -> dict[str, int]:
        """Products of a frame, and weights, by their bits."""
        counts: dict[str, int] = {}
        for layer in self.folded.design.layers:
            assert isinstance(layer, RecurrentLayer)
            matrices = [m for a in layer.split.accumulators for m in (a.w, a.u)]
            weights, bits = sum(m.size for m in matrices), IntType.hull(map(IntType.of, matrices))
            narrow, wide = sorted((bits.bits, layer.operand.bits))
            for name, count in (
                (f"op_mac_{narrow}bx{wide}b", weights * self.steps),
                (f"param_weight_{bits.bits}b", weights),
            ):
                counts[name] = counts.get(name, 0) + count
        return counts

    def get_number_output_values(self) -> int:
        """Words of an answer."""
        return math.prod(self.get_folded_output_shape()[:-1])
