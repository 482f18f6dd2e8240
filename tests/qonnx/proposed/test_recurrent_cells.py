"""``QuantLSTMCell`` and ``QuantRNNCell`` as proposed to qonnx: shapes, datatypes, execution."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import add_op_to_domain, getCustomOp
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes

from gatewright.qonnx.proposed.recurrent import QuantLSTMCell, QuantRNNCell

DOMAIN = "qonnx.custom_op.proposed"
for op in (QuantLSTMCell, QuantRNNCell):
    add_op_to_domain(DOMAIN, op)

CELLS = {"QuantLSTMCell": QuantLSTMCell, "QuantRNNCell": QuantRNNCell}
B, T, I, H = 3, 5, 2, 4  # noqa: E741


def make_cell(op_type, batch_first=1, reverse=0, scale=2.0**-5, seed=0, **options):
    """A model of one cell on scales that are powers of two."""
    cell, rng = CELLS[op_type], np.random.default_rng(seed)
    constants, attributes = {}, dict(options)

    def constant(name, values):
        constants[name] = np.asarray(values, dtype=np.float32)
        return name

    names = ["x"]
    names += [constant(state, np.zeros((B, H))) for state in cell.states]
    for part, shape in (("W", (H, I)), ("R", (H, H)), ("B", (H,))):
        for gate in cell.gates:
            values = rng.integers(-31, 32, shape) * 2.0**-5
            names.append(constant(f"{part}_{gate}", values))
    for name in cell.quantizers:
        unsigned = name.endswith("_sigmoid")
        names += [
            constant(f"{name}_scale", 2.0**-8 if unsigned else scale),
            constant(f"{name}_zeropt", 0),
            constant(f"{name}_bitwidth", 8),
        ]
        attributes[f"{name}_signed"] = int(not unsigned)
        attributes[cell._narrow(name)] = 0
        attributes[f"{name}_rounding_mode"] = "ROUND"
    outputs = ["y", *(f"{state}_n" for state in cell.states)]
    node = helper.make_node(
        op_type,
        names,
        outputs,
        domain=DOMAIN,
        batch_first=batch_first,
        reverse_input=reverse,
        **attributes,
    )
    shape = (B, T, I) if batch_first else (T, B, I)
    graph = helper.make_graph(
        [node],
        "cell",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(DOMAIN, 1)]
    return ModelWrapper(helper.make_model(graph, opset_imports=opsets)), constants


def options_of(op_type):
    return {"cifg": 0} if op_type == "QuantLSTMCell" else {"nonlinearity": "tanh"}


def quant(v, scale, low, high):
    return np.clip(np.rint(v / scale), low, high) * scale


def sequence(batch_first):
    rng = np.random.default_rng(1)
    x = (rng.integers(-60, 60, (T, B, I)) * 2.0**-5).astype(np.float32)
    return np.ascontiguousarray(np.swapaxes(x, 0, 1)) if batch_first else x


def reference(op_type, k, x, options):
    """Written out once more, time first: states after each step."""
    act, sig = 2.0**-5, 2.0**-8
    h = c = np.zeros((B, H))
    result = []
    for x_t in x.astype(np.float64):
        s = {
            g: quant(x_t @ k[f"W_{g}"].T + h @ k[f"R_{g}"].T + k[f"B_{g}"], act, -128, 127)
            for g in CELLS[op_type].gates
        }
        if op_type == "QuantRNNCell":
            value = (
                np.tanh(s["gate"])
                if options["nonlinearity"] == "tanh"
                else np.maximum(s["gate"], 0)
            )
            h = quant(value, act, -128, 127)
            result.append((h,))
            continue
        i, f, o = (
            quant(1 / (1 + np.exp(-s[g])), sig, 0, 255) for g in ("input", "forget", "output")
        )
        if options["cifg"]:
            f = 255 * sig - i  # one saturates
        g = quant(np.tanh(s["cell"]), act, -128, 127)
        c = quant(quant(f * c, act, -128, 127) + quant(i * g, act, -128, 127), act, -128, 127)
        h = quant(o * quant(np.tanh(c), act, -128, 127), act, -128, 127)
        result.append((h, c))
    return result


@pytest.mark.parametrize("reverse", [0, 1])
@pytest.mark.parametrize("batch_first", [0, 1])
@pytest.mark.parametrize(
    ("op_type", "options"),
    [
        ("QuantLSTMCell", {"cifg": 0}),
        ("QuantLSTMCell", {"cifg": 1}),
        ("QuantRNNCell", {"nonlinearity": "tanh"}),
        ("QuantRNNCell", {"nonlinearity": "relu"}),
    ],
)
def test_execution(op_type, options, batch_first, reverse):
    model, constants = make_cell(op_type, batch_first, reverse, **options)
    model = model.transform(InferShapes())
    x = sequence(batch_first)
    found = execute_onnx(model, {"x": x})
    steps = np.swapaxes(x, 0, 1) if batch_first else x
    wanted = reference(op_type, constants, steps[::-1] if reverse else steps, options)
    y = np.stack([states[0] for states in (wanted[::-1] if reverse else wanted)])
    assert np.array_equal(found["y"], np.swapaxes(y, 0, 1) if batch_first else y)
    for name, value in zip(list(found)[1:], wanted[-1], strict=True):
        assert np.array_equal(found[name], value)
    assert len(np.unique(found["y"])) > 4, "a cell that gives next to nothing tells nothing"


ROUNDED = {
    "ROUND": np.rint,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND_TO_ZERO": np.trunc,
    "DOWN": np.trunc,
}


@pytest.mark.parametrize("mode", ROUNDED)
@pytest.mark.parametrize(
    ("signed", "narrow", "low", "high"),
    [(1, 0, -128, 127), (1, 1, -127, 127), (0, 0, 0, 255), (0, 1, 0, 254)],
)
def test_what_a_quantizer_is_told(mode, signed, narrow, low, high):
    model, k = make_cell("QuantRNNCell", nonlinearity="tanh")
    for attribute in model.graph.node[0].attribute:
        if attribute.name == "output_rounding_mode":
            attribute.s = mode.encode()
        elif attribute.name == "output_signed":
            attribute.i = signed
        elif attribute.name == "output_narrow":
            attribute.i = narrow
    unit = 2.0**-7 if signed else 2.0**-8
    model.set_initializer("output_scale", np.array(unit, dtype=np.float32))
    x = sequence(1) * np.float32(4)  # far into saturation, too
    y = execute_onnx(model.transform(InferShapes()), {"x": x})["y"]
    first = quant(x[:, 0].astype(np.float64) @ k["W_gate"].T + k["B_gate"], 2.0**-5, -128, 127)
    codes = ROUNDED[mode](np.clip(np.tanh(first) / unit, low, high))
    assert np.array_equal(y[:, 0], codes * unit)
    if mode == "ROUND":
        assert {low, high} <= set(np.ravel(y / unit).astype(int)), "nothing saturates"


@pytest.mark.parametrize("op_type", CELLS)
@pytest.mark.parametrize("batch_first", [0, 1])
def test_shapes(op_type, batch_first):
    model, _ = make_cell(op_type, batch_first, **options_of(op_type))
    model = model.transform(InferShapes())
    assert model.get_tensor_shape("y") == ([B, T, H] if batch_first else [T, B, H])
    for name in [output.name for output in model.graph.output][1:]:
        assert model.get_tensor_shape(name) == [B, H]
    assert [node.op_type for node in model.graph.node] == [op_type]


@pytest.mark.parametrize(("scale", "name"), [(2.0**-5, "SCALEDINT<8>"), (1.0, "INT8")])
def test_datatypes(scale, name):
    model, _ = make_cell("QuantLSTMCell", scale=scale, cifg=0)
    inference = InferDataTypes(allow_scaledint_dtypes=True)
    model = model.transform(InferShapes()).transform(inference)
    assert [model.get_tensor_datatype(o.name) for o in model.graph.output] == [DataType[name]] * 3


def test_a_zero_point_has_no_datatype():
    model, _ = make_cell("QuantRNNCell", nonlinearity="tanh")
    model.set_initializer("output_zeropt", np.array(3, dtype=np.float32))
    inference = InferDataTypes(allow_scaledint_dtypes=True)
    model = model.transform(InferShapes()).transform(inference)
    assert model.get_tensor_datatype("y") == DataType["FLOAT32"]


@pytest.mark.parametrize("op_type", CELLS)
def test_verification(op_type):
    model, _ = make_cell(op_type, **options_of(op_type))
    node = model.graph.node[0]
    assert getCustomOp(node).verify_node() == []
    del node.input[-1]
    assert len(getCustomOp(node).verify_node()) == 1
