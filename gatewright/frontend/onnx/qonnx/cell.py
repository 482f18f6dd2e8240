"""Reads quantizers and cells from the nodes of an ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx

from gatewright.errors import GatewrightError
from gatewright.frontend.onnx.graph import RawGraph, label, malformed, required
from gatewright.frontend.spec import (
    GateSpec,
    LayerSpec,
    Parameter,
    QuantSpec,
    act_spec,
    bias_spec,
    binary_spec,
    make_spec,
    weight_spec,
)
from gatewright.ir.traced.vocabulary import (
    CELLS,
    LSTM_CELL,
    RNN_CELL,
    brevitas_rounding,
    narrow_attribute,
)
from gatewright.ir.types import Float32Array

_Sizes = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant of the file, its ``Quant`` node applied or not, transposed or not."""

    values: Float32Array
    quant: QuantSpec | None

    def transposed(self) -> Constant:
        """The same for the transposed matrix."""
        if self.quant is None:
            return Constant(self.values.T, None)
        spec = self.quant
        if spec.scale.ndim == 2:
            spec = spec.with_shape(spec.scale.shape[::-1])
        return Constant(self.values.T, spec)


def read_quant(graph: RawGraph, node: onnx.NodeProto, shape: _Sizes) -> QuantSpec:
    """The quantizer of a ``Quant`` node.

    Args:
        graph: The file's graph.
        node: The node.
        shape: What it quantizes has it, and keeps it.

    Raises:
        GatewrightError: GW-105, GW-107, GW-207.
    """
    where = label(node)
    if len(node.input) != 4 or len(node.output) != 1:
        raise malformed(where, f"Quant takes 4 inputs, it has {len(node.input)}.")
    operands = [_quant_input(graph, where, name) for name in node.input[1:]]
    _check_shape_kept(where, shape, operands)
    return _spec(
        where,
        operands,
        signed=_flag(node, "signed"),
        narrow=_flag(node, "narrow"),
        rounding=required(node, "rounding_mode", str),
    )


def read_bipolar(graph: RawGraph, node: onnx.NodeProto, values: Float32Array) -> Constant:
    """The constant that a ``BipolarQuant`` node makes of ``values``: 0 counts as positive."""
    where = label(node)
    if len(node.input) != 2 or len(node.output) != 1:
        raise malformed(where, f"BipolarQuant takes 2 inputs, it has {len(node.input)}.")
    spec = binary_spec(where, _quant_input(graph, where, node.input[1]))
    _check_shape_kept(where, values.shape, [spec.scale])
    sign = np.where(values >= 0, np.float32(1), np.float32(-1))
    return Constant((sign * spec.scale).astype(np.float32), spec)


def _check_shape_kept(where: str, shape: _Sizes, operands: list[Float32Array]) -> None:
    """GW-207 for operands that broadcast what they scale; a vector, a bias, may become a row."""
    try:
        found = np.broadcast_shapes(shape, *(operand.shape for operand in operands))
    except ValueError:
        found = None
    if found not in ((shape, (1, *shape)) if len(shape) == 1 else (shape,)):
        raise malformed(
            where, "its scale, zero point or bit width does not fit the shape of what it scales."
        )


def _spec(
    where: str, operands: list[Float32Array], *, signed: bool, narrow: bool, rounding: str
) -> QuantSpec:
    scale, zero_point, bits = operands
    if bits.size != 1:
        raise malformed(where, "its bit width is not one number.")
    return make_spec(
        where,
        scale=scale,
        zero_point=zero_point,
        bit_width=float(bits.reshape(-1)[0]),
        signed=signed,
        narrow=narrow,
        rounding=brevitas_rounding(rounding),
    )


def _quant_input(graph: RawGraph, where: str, name: str) -> Float32Array:
    values = graph.constant(where, name)
    if values.dtype != np.float32 or values.size == 0:
        raise malformed(where, f"its constant {name!r} is not float32.")
    return values


def weight(where: str, constant: Constant | None, rank: int = 2) -> Parameter:
    """A quantized weight [rows, ...]; GW-301 if it is not quantized."""
    if constant is None or constant.quant is None:
        raise GatewrightError(
            "GW-301",
            where=where,
            cause="a weight of it is not a quantized constant.",
            remedy="Give the layer a weight_quant, such as Int8WeightPerTensorFloat, and export "
            "it again.",
        )
    if constant.values.ndim != rank:
        raise malformed(where, f"a weight has shape {list(constant.values.shape)}.")
    values = np.array(constant.values, order="C")
    return Parameter(values, weight_spec(where, constant.quant, values.shape))


def bias(where: str, constant: Constant | None, rows: int) -> Parameter:
    """A bias [rows], float or quantized; Brevitas writes a missing one of a gate as scalar 0."""
    if constant is None:
        raise malformed(where, "a bias of it is not a constant.")
    if constant.values.ndim == 0 and constant.quant is None and not constant.values:
        return Parameter(np.zeros(rows, dtype=np.float32), None)
    if constant.values.shape != (rows,):
        raise malformed(where, f"a bias has shape {list(constant.values.shape)}, not [{rows}].")
    quant = None if constant.quant is None else bias_spec(where, constant.quant, rows)
    return Parameter(np.array(constant.values, order="C"), quant)


def read_cell(graph: RawGraph, node: onnx.NodeProto, constants: list[Constant | None]) -> LayerSpec:
    """The layer of a cell node.

    Args:
        graph: The file's graph.
        node: The node.
        constants: Its weight inputs: all W, all U, all b, in the order of the form's gates.

    Raises:
        GatewrightError: GW-105, GW-107, GW-207, GW-301.
    """
    where, form = label(node), CELLS[node.op_type]
    if len(node.output) > 1 + len(form.states):
        raise malformed(where, f"{form.op} has fewer outputs than {len(node.output)}.")
    count = len(form.gates)
    gates = {}
    for i, gate in enumerate(form.gates):
        w, u = weight(where, constants[i]), weight(where, constants[count + i])
        b = bias(where, constants[2 * count + i], w.values.shape[0])
        gates[gate] = GateSpec(w, u, b)
    quantizers = {}
    for i, name in enumerate(form.quantizers):
        first = form.first_quantizer + 3 * i
        place = f"{where} ({name}_quant)"
        spec = _spec(
            place,
            [_quant_input(graph, place, operand) for operand in node.input[first : first + 3]],
            signed=_flag(node, f"{name}_signed"),
            narrow=_flag(node, narrow_attribute(name)),
            rounding=required(node, f"{name}_rounding_mode", str),
        )
        quantizers[name] = act_spec(where, spec)
    cell = LayerSpec(
        form,
        gates,
        quantizers,
        batch_first=_flag(node, "batch_first"),
        options=_OPTIONS[form.op](node),
        reverse_input=_flag(node, "reverse_input"),
    )
    _check_shapes(where, cell)
    _check_coupling(where, cell)
    return cell


def _flag(node: onnx.NodeProto, name: str) -> bool:
    value = required(node, name, int)
    if value not in (0, 1):
        raise malformed(label(node), f"its attribute {name!r} is {value}, neither 0 nor 1.")
    return bool(value)


def _check_coupling(where: str, cell: LayerSpec) -> None:
    """A coupled forget gate has no weights; what stands there has to be the input gate's."""
    if not cell.options.get("cifg"):
        return
    own, coupled = cell.gates["input"], cell.gates["forget"]
    for part in ("weight", "recurrent", "bias"):
        if not np.array_equal(getattr(own, part).values, getattr(coupled, part).values):
            raise malformed(
                where, f"cifg=1, and the {part} of its forget gate is not that of its input gate."
            )


def _nonlinearity(node: onnx.NodeProto) -> dict[str, int | str]:
    name = required(node, "nonlinearity", str)
    if name not in ("tanh", "relu"):
        raise malformed(label(node), f"its nonlinearity is {name!r}.")
    return {"nonlinearity": name}


_OPTIONS: dict[str, Callable[[onnx.NodeProto], dict[str, int | str]]] = {
    LSTM_CELL.op: lambda node: {"cifg": int(_flag(node, "cifg"))},
    RNN_CELL.op: _nonlinearity,
}


def check_inputs(node: onnx.NodeProto) -> None:
    """GW-207 unless a cell has all its inputs."""
    wanted = CELLS[node.op_type].inputs
    if len(node.input) != wanted or not all(node.input):
        given = sum(1 for name in node.input if name)
        raise malformed(label(node), f"{node.op_type} takes {wanted} inputs, not {given}.")


def _check_shapes(where: str, cell: LayerSpec) -> None:
    H, I = cell.hidden_size, cell.input_size  # noqa: E741 - the sizes of the layer
    for name, gate in cell.gates.items():
        if gate.weight.values.shape != (H, I) or gate.recurrent.values.shape != (H, H):
            raise malformed(
                where, f"weights of the {name} gate do not have [{H}, {I}], [{H}, {H}]."
            )
