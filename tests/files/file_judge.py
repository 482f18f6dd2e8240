"""Whether a build computes what its file says, by an evaluation of the file that shares no code.

A QONNX file is evaluated node by node in binary64, which for these sizes is exact real arithmetic
but for a rounding of the last place; constants are quantized in binary32, as their meaning is. What
the build's ``integer`` level gives has to be the same, to the binary32 of its outputs. Of a QCDQ
file, whose activations are float, the module that is rebuilt from it is compared with onnxruntime,
and the levels ``traced`` and ``integer`` of the build with each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

Array = npt.NDArray[Any]
LARGEST = 1 << 12
"""Values of an input that is evaluated."""
LAST_PLACES = 2.0**-22
"""Relative: outputs are given in binary32; one code more or less is far more than that."""
FLOAT32 = 1e-5
_ROUND = {
    "ROUND": np.rint,
    "HALF_EVEN": np.rint,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "DOWN": np.trunc,
    "ROUND_TO_ZERO": np.trunc,
}
_GATES = ("input", "forget", "cell", "output")
_QUANTIZERS = (
    "output",
    "cell_state",
    "input_acc",
    "forget_acc",
    "cell_acc",
    "output_acc",
    "input_sigmoid",
    "forget_sigmoid",
    "cell_tanh",
    "output_sigmoid",
    "hidden_state_tanh",
)


def judge(file: str, build: Any, calibration: str | None) -> tuple[str, str]:
    """``build`` or ``wrong``, and what was compared."""
    model = onnx.load(file)
    if calibration is not None:
        return _judge_float(model, file, build, np.load(calibration))
    given = {t.name for t in model.graph.initializer}
    infos = [i for i in model.graph.input if i.name not in given]
    shapes = [[d.dim_value for d in i.type.tensor_type.shape.dim] for i in infos]
    if sum(int(np.prod(shape)) for shape in shapes) > LARGEST:
        return "build", "not compared: too large"
    rng = np.random.default_rng(1)
    feeds = {
        info.name: rng.normal(0, 1.5, shape).astype(np.float32)
        for info, shape in zip(infos, shapes, strict=True)
    }
    wanted = Evaluation(model).run(feeds)
    x = tuple(feeds.values())
    found = build.simulate(x if len(x) > 1 else x[0], level="integer")
    found = found if isinstance(found, tuple) else (found,)
    # A QuantTensor is exported with its scale and the rest beside it, which are constants.
    constants = {o.name for o in list(model.graph.output)[1:]} & given
    names = [o.name for o in model.graph.output if o.name not in constants]
    if len(found) != len(names):
        return "wrong", f"it gives {len(found)} outputs of {len(names)}"
    for name, ours in zip(names, found, strict=True):
        theirs = wanted[name]
        if ours.shape != theirs.shape:
            return "wrong", f"{name} has shape {ours.shape}, not {theirs.shape}"
        if not np.allclose(ours, theirs, rtol=LAST_PLACES, atol=1e-9):
            return "wrong", f"{name} is {ours.ravel()[:4]}, not {theirs.ravel()[:4]}"
    return "build", f"compared: {len(names)} outputs"


class Evaluation:
    """The meaning of a QONNX file."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
        self._graph = model.graph
        self._constants: dict[str, Array] = {
            t.name: numpy_helper.to_array(t) for t in model.graph.initializer
        }
        self._values: dict[str, Array] = {}

    def run(self, feeds: dict[str, Array]) -> dict[str, Array]:
        """Every value that an output needs."""
        self._values = {name: x.astype(np.float64) for name, x in feeds.items()}
        for node in self._live():
            outputs = self._node(node)
            for name, value in zip(node.output, outputs, strict=False):
                self._values[name] = value
        return self._values | {n: _wide(v) for n, v in self._constants.items()}

    def _live(self) -> list[onnx.NodeProto]:
        wanted, found = {o.name for o in self._graph.output}, []
        for node in reversed(self._graph.node):
            if wanted & set(node.output) - {""}:
                found.append(node)
                wanted |= set(node.input)
        return found[::-1]

    def _get(self, name: str) -> Array:
        return self._values[name] if name in self._values else _wide(self._constants[name])

    def _node(self, node: onnx.NodeProto) -> list[Array]:
        match node.op_type:
            case "Quant":
                return [self._quant(node)]
            case "BipolarQuant":
                scale = self._get(node.input[1])
                return [np.where(self._get(node.input[0]) >= 0, scale, -scale)]
            case "QuantLSTMCell":
                return self._cell(node)
        if node.op_type == "Dropout":
            return [self._get(node.input[0])]
        known = [a for a in node.attribute if not a.name.startswith("__")]  # others say nothing
        plain = onnx.NodeProto()
        plain.CopyFrom(node)
        plain.domain = ""
        del plain.attribute[:]
        plain.attribute.extend(known)
        feeds = {name: self._get(name) for name in node.input if name}
        graph = helper.make_graph(
            [plain],
            "one",
            [helper.make_empty_tensor_value_info(name) for name in feeds],
            [helper.make_empty_tensor_value_info(name) for name in node.output if name],
        )
        opsets = [helper.make_opsetid("", self._opset)]
        outputs: Any = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets)).run(
            None, feeds
        )
        if all(name in self._constants for name in feeds):
            # A constant stays what it is: it may be quantized yet.
            for name, value in zip(node.output, outputs, strict=False):
                self._constants[name] = (
                    value.astype(np.float32) if value.dtype.kind == "f" else value
                )
        return list(outputs)

    def _quant(self, node: onnx.NodeProto) -> Array:
        options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        scale, zero, bits = (self._get(name) for name in node.input[1:4])
        quantizer = Quantizer(
            scale,
            zero,
            float(bits.reshape(-1)[0]),
            options["signed"],
            options["narrow"],
            options["rounding_mode"].decode(),
        )
        if node.input[0] in self._constants and node.input[0] not in self._values:
            return quantizer.constant(self._constants[node.input[0]])
        return quantizer(self._get(node.input[0]))

    def _cell(self, node: onnx.NodeProto) -> list[Array]:
        options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        q = {}
        for i, name in enumerate(_QUANTIZERS):
            scale, zero, bits = (self._get(n) for n in node.input[15 + 3 * i : 18 + 3 * i])
            narrow = "output_sigmoid_narrow_range" if name == "output_sigmoid" else f"{name}_narrow"
            q[name] = Quantizer(
                scale,
                zero,
                float(bits.reshape(-1)[0]),
                options[f"{name}_signed"],
                options[narrow],
                options[f"{name}_rounding_mode"].decode(),
            )
        x, h, c = (self._get(name) for name in node.input[:3])
        w, u, b = ([self._get(n) for n in node.input[first : first + 4]] for first in (3, 7, 11))
        if not options["batch_first"]:
            x = x.swapaxes(0, 1)
        one = q["input_sigmoid"].constant(np.ones(1, np.float32))
        steps = range(x.shape[1])
        history = {}
        for t in reversed(steps) if options["reverse_input"] else steps:
            gate = {}
            for i, name in enumerate(_GATES):
                accumulator = q[f"{name}_acc"](x[:, t] @ w[i].T + h @ u[i].T + b[i])
                function = "tanh" if name == "cell" else "sigmoid"
                value = np.tanh(accumulator) if name == "cell" else 1 / (1 + np.exp(-accumulator))
                gate[name] = q[f"{name}_{function}"](value)
            if options["cifg"]:
                gate["forget"] = one - gate["input"]
            state = q["cell_state"]
            c = state(state(gate["forget"] * c) + state(gate["input"] * gate["cell"]))
            h = q["output"](gate["output"] * q["hidden_state_tanh"](np.tanh(c)))
            history[t] = h
        y = np.stack([history[t] for t in steps], axis=1)
        return [y if options["batch_first"] else y.swapaxes(0, 1), h, c]


class Quantizer:
    """``clamp(round(x / scale + zero point))``, dequantized."""

    def __init__(
        self, scale: Array, zero: Array, bits: float, signed: int, narrow: int, rounding: str
    ) -> None:
        self._scale, self._zero, self._round = scale, zero, _ROUND[rounding.upper()]
        half = 2.0 ** (bits - 1)
        self._lo = -half + bool(narrow) if signed else 0.0
        self._hi = half - 1 if signed else 2 * half - 1 - bool(narrow)

    def __call__(self, x: Array) -> Array:
        codes = np.clip(self._round(x / self._scale + self._zero), self._lo, self._hi)
        return (codes - self._zero) * self._scale

    def constant(self, x: Array) -> Array:
        """In binary32 up to the code."""
        scale, zero = self._scale.astype(np.float32), self._zero.astype(np.float32)
        codes = self._round(x.astype(np.float32) / scale + zero)
        codes = np.clip(codes, np.float32(self._lo), np.float32(self._hi)).astype(np.float64)
        return (codes - self._zero) * self._scale


def _wide(values: Array) -> Array:
    return values.astype(np.float64) if values.dtype.kind == "f" else values


def _judge_float(model: onnx.ModelProto, file: str, build: Any, data: Array) -> tuple[str, str]:
    import onnxruntime
    import torch

    from gatewright.frontend.calibration.qcdq import load_float_activations

    report = build.verify(data, levels=("traced", "integer"))
    if report.mismatches:
        return "wrong", f"traced and integer differ: {report.divergence}"
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        (x,) = session.get_inputs()
        sample = data[:, :1] if x.shape[1] == 1 else data
        if list(sample.shape) != x.shape or sample.size > LARGEST:
            sample = np.random.default_rng(1).normal(0, 1, x.shape).astype(np.float32)
        wanted = session.run(None, {x.name: sample})
    except Exception as error:  # whatever onnxruntime does not run
        return "build", f"not compared: {str(error)[:200]}"
    with torch.no_grad():
        found = load_float_activations(file)(torch.from_numpy(sample))
    y, *rest = found if isinstance(found, tuple) else (found,)
    ours = [y, *(rest[0] if rest else ())]
    if len(ours) != len(wanted):
        return "wrong", f"it gives {len(ours)} outputs of {len(wanted)}"
    for a, b in zip(ours, wanted, strict=True):
        if a.shape != b.shape or not np.allclose(a.numpy(), b, rtol=0, atol=FLOAT32):
            return "wrong", f"the rebuilt module gives {a.numpy().ravel()[:4]}, not {b.ravel()[:4]}"
    return "build", f"compared: {len(ours)} outputs of the rebuilt module"
