"""The transformation that makes ``QuantRecurrent`` nodes of recurrent cells."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from qonnx.transformation.base import Transformation
from qonnx.transformation.general import RemoveStaticGraphInputs, RemoveUnusedTensors
from qonnx.transformation.infer_shapes import InferShapes

from gatewright import frontend
from gatewright.errors import GatewrightError
from gatewright.frontend.builder import QONNX_VERSION
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.onnx_io import IR_VERSION
from gatewright.ir.traced.vocabulary import QONNX_DOMAIN
from gatewright.qonnx.chains import Chain, find_chains, time_axis
from gatewright.qonnx.node import DOMAIN, MODEL, OP_TYPE, make_ports, pack_model
from gatewright.qonnx.op import described
from gatewright.qonnx.region import Region, gather
from gatewright.qonnx.wires import Wires, as_exported

_VERSION = 1
"""Of the domain."""


class ExtractRecurrent(Transformation):  # type: ignore[misc]
    """Make one node of each chain of recurrent cells, with the quantizer of its input.

    A chain is layers one behind the other, in one or both directions, with what joins directions,
    picks the last step or stacks final states behind it, if nobody else needs what that reads.
    Initial states that are no constants become inputs of the node.

    Args:
        keep_quant: Whether the quantizer of the input stays in front of the node as well, for flows
            that make a node of their own of it.
    """

    def __init__(self, keep_quant: bool = False) -> None:
        super().__init__()
        self.keep_quant = keep_quant

    def apply(self, model: Any) -> tuple[Any, bool]:
        """Take out the first chain; qonnx calls again while there is one.

        Raises:
            GatewrightError: As ``gatewright.compile`` does for the layers alone; GW-106 where a
                shape is not known, GW-205 for a chain that depends on itself.
        """
        model = model.transform(RemoveStaticGraphInputs()).transform(InferShapes())
        wires = Wires(model.graph)
        chains = find_chains(wires)
        if not chains:
            return model, False
        self._replace(model, wires, _understand(model, wires, chains[0]))
        model = model.transform(RemoveUnusedTensors()).transform(InferShapes())
        return model, len(chains) > 1

    def _replace(self, model: Any, wires: Wires, found: Understood) -> None:
        """Put the node where the chain was: behind all that does not depend on it."""
        region, quant = found.region, found.quant
        node, staying = _node(model, found), set(region.shared)
        if self.keep_quant:
            _check_kept(quant, found.integer)
            node.input[0] = quant.output[0]
            staying.add(quant.output[0])
        gone = region.going(wires, staying)
        later = wires.behind(region.exits)
        kept = [n for n in model.graph.node if n.output[0] not in gone]
        nodes = [
            *(n for n in kept if n.output[0] not in later),
            node,
            *(n for n in kept if n.output[0] in later),
        ]
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        if DOMAIN not in {opset.domain for opset in model.model.opset_import}:
            model.model.opset_import.append(helper.make_opsetid(DOMAIN, _VERSION))


@dataclass(frozen=True)
class Understood:
    """A chain that the kernels can be.

    Attributes:
        region: Its nodes.
        quant: The quantizer of its sequence.
        traced: The model of it alone.
        integer: The same in integers.
        steps: T; 0 where it is free.
    """

    region: Region
    quant: onnx.NodeProto
    traced: onnx.ModelProto
    integer: IntegerModel
    steps: int


def _understand(model: Any, wires: Wires, chain: Chain) -> Understood:
    """A chain with all that the kernels take in, or without what picks and joins its outputs."""
    shape = _shape(model, chain.first[0].input[0])
    steps = max(shape[time_axis(chain.cells[0])], 0)
    try:
        return _lowered(model, wires, chain, gather(wires, chain, steps, joined=True), steps)
    except GatewrightError:
        return _lowered(model, wires, chain, gather(wires, chain, steps, joined=False), steps)


def _lowered(model: Any, wires: Wires, chain: Chain, region: Region, steps: int) -> Understood:
    traced = frontend.load(_alone(model, wires, region))
    return Understood(region, chain.first[0], traced, lower(traced), steps)


def _alone(model: Any, wires: Wires, region: Region) -> onnx.ModelProto:
    """The nodes of a region as a model, as Brevitas would export it."""
    nodes = [as_exported(node) for node in region.nodes(wires)]
    inputs = [
        helper.make_tensor_value_info(
            name, TensorProto.FLOAT, [max(d, 1) for d in _shape(model, name)]
        )
        for name in region.entries
    ]
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in region.exits]
    constants = wires.initializers(name for node in nodes for name in node.input)
    graph = helper.make_graph(nodes, "recurrent", inputs, outputs, constants)
    versions = [o for o in model.model.opset_import if o.domain in ("", "ai.onnx")]
    opsets = [*versions, helper.make_opsetid(QONNX_DOMAIN, QONNX_VERSION)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _node(model: Any, found: Understood) -> onnx.NodeProto:
    region = found.region
    there = make_ports(found.integer, region.entries, region.exits, found.steps)
    taken = {node.name for node in model.graph.node}
    names = (f"{OP_TYPE}_{i}" for i in count())
    return helper.make_node(
        OP_TYPE,
        region.entries,
        region.exits,
        name=next(name for name in names if name not in taken),
        domain=DOMAIN,
        T=found.steps,
        **{MODEL: numpy_helper.from_array(pack_model(found.traced))},
        **described(there.inputs[0], there.outputs[0]),
    )


def _shape(model: Any, name: str) -> list[int]:
    shape = model.get_tensor_shape(name)
    if shape is None or len(shape) < 2:
        raise GatewrightError(
            "GW-106",
            where=name,
            cause=f"its shape is {shape}.",
            remedy="Export with an example input [B, T, I] and without dynamic_axes.",
        )
    return [int(d) for d in shape]


def _check_kept(quant: onnx.NodeProto, integer: IntegerModel) -> None:
    """GW-107 for a quantizer that would give something else of what it gave."""
    quantizer = integer.inputs[0].quantizer
    codes = np.arange(quantizer.type.lo, quantizer.type.hi + 1)
    values = (codes * float(quantizer.scales[0])).astype(np.float32)
    if not np.array_equal(quantizer.quantize_float32(values), codes):
        raise GatewrightError(
            "GW-107",
            where=quant.name or "Quant",
            cause=f"with {quantizer.rounding} and its scale, values on its grid are not kept.",
            remedy="Use ROUND, or a scale that is a power of two, for the input of the layer.",
        )
