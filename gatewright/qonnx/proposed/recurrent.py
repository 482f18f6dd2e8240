"""``QuantLSTMCell`` and ``QuantRNNCell`` for ``qonnx.custom_op.general``.

A cell is one layer and direction over a whole sequence. Their definitions are the pages beside
this file.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, NodeProto, helper
from qonnx.core.datatype import DataType
from qonnx.custom_op.base import CustomOp
from qonnx.custom_op.general.intquant import int_quant

_Values = npt.NDArray[Any]
_Quantizers = dict[str, Callable[[_Values], _Values]]

_ROUNDING = {"ROUND_TO_ZERO": "DOWN"}
"""Names that Brevitas has for rounding modes of IntQuant."""
_NONLINEARITIES: dict[str, Callable[[_Values], _Values]] = {
    "tanh": np.tanh,
    "relu": lambda v: np.maximum(v, 0.0),
}


def _sigmoid(v: _Values) -> _Values:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * v)))


class _QuantCell(CustomOp):  # type: ignore[misc]
    """What both cells have in common.

    Inputs are X, the initial states, then W, R and B of every gate (all W first), then scale, zero
    point and bit width of every quantizer. Outputs are Y and the final states; those at the end
    may be left out.
    """

    gates: ClassVar[tuple[str, ...]]
    states: ClassVar[dict[str, str]]
    quantizers: ClassVar[tuple[str, ...]]

    @abstractmethod
    def step(
        self, sums: dict[str, _Values], state: list[_Values], quant: _Quantizers
    ) -> list[_Values]:
        """The next states, of the sums of all gates."""

    def get_nodeattr_types(self) -> Mapping[str, Any]:
        """For each quantizer, what IntQuant has."""
        types: dict[str, Any] = {
            # layout of X and Y: 0 is [T, B, I], 1 is [B, T, I]
            "batch_first": ("i", True, 0, {0, 1}),
            # whether time runs backwards
            "reverse_input": ("i", True, 0, {0, 1}),
        }
        for name in self.quantizers:
            types[f"{name}_signed"] = ("i", True, 1, {0, 1})
            types[self._narrow(name)] = ("i", True, 0, {0, 1})
            types[f"{name}_rounding_mode"] = ("s", False, "ROUND")
        return types

    @staticmethod
    def _narrow(quantizer: str) -> str:
        # Brevitas spells this one in another way.
        return (
            f"{quantizer}_narrow_range" if quantizer == "output_sigmoid" else f"{quantizer}_narrow"
        )

    def _operands(self) -> dict[str, tuple[str, str, str]]:
        """Names of the scale, zero point and bit width of each quantizer."""
        names = self.onnx_node.input[1 + len(self.states) + 3 * len(self.gates) :]
        return {
            quantizer: (names[3 * i], names[3 * i + 1], names[3 * i + 2])
            for i, quantizer in enumerate(self.quantizers)
        }

    def make_shape_compatible_op(self, model: Any) -> NodeProto:
        """A product of X and W, which has the shape of Y; states have that of the initial ones."""
        node = self.onnx_node
        for output, state in zip(node.output[1:], node.input[1:], strict=False):
            if output:
                model.set_tensor_shape(output, model.get_tensor_shape(state))
        weight = node.input[1 + len(self.states)]
        return helper.make_node(
            "Einsum", [node.input[0], weight], [node.output[0]], equation="abi,hi->abh"
        )

    def infer_node_datatype(self, model: Any) -> None:
        """Scaled integers of the quantizer's width, or integers where its scale is 1."""
        results = dict(zip(self.onnx_node.output, ["output", *self.states.values()], strict=False))
        for output, quantizer in results.items():
            if output:
                model.set_tensor_datatype(output, self._datatype(model, quantizer))

    def _datatype(self, model: Any, quantizer: str) -> Any:
        scale, zero_point, bits = (model.get_initializer(n) for n in self._operands()[quantizer])
        if scale is None or zero_point is None or bits is None or np.any(zero_point != 0):
            return DataType["FLOAT32"]
        if np.any(scale != 1):
            return DataType[f"SCALEDINT<{int(bits.max())}>"]
        signed = self.get_nodeattr(f"{quantizer}_signed")
        return DataType[f"{'INT' if signed else 'UINT'}{int(bits.max())}"]

    def execute_node(self, context: dict[str, _Values], graph: GraphProto) -> None:
        """Step by step, in float64, in which sums of small integers times scales are exact."""
        node, count = self.onnx_node, len(self.gates)
        first = 1 + len(self.states)
        values = [
            np.asarray(context[name], dtype=np.float64) for name in node.input[: first + 3 * count]
        ]
        weights = [values[first + i * count :][:count] for i in range(3)]
        parts = dict(zip(self.gates, zip(*weights, strict=True), strict=True))
        x = np.swapaxes(values[0], 0, 1) if self.get_nodeattr("batch_first") else values[0]
        quant = self._quantizers(context)
        state, history = values[1:first], []
        order = range(len(x))
        for t in reversed(order) if self.get_nodeattr("reverse_input") else order:
            h = state[0]
            sums = {gate: x[t] @ w.T + h @ r.T + b for gate, (w, r, b) in parts.items()}
            state = self.step(sums, list(state), quant)
            history.append(state[0])
        y = np.stack(history[::-1] if self.get_nodeattr("reverse_input") else history)
        y = np.swapaxes(y, 0, 1) if self.get_nodeattr("batch_first") else y
        for output, value in zip(node.output, [y, *state], strict=False):
            if output:
                context[output] = np.ascontiguousarray(value, dtype=np.float32)

    def _quantizers(self, context: dict[str, _Values]) -> _Quantizers:
        """Each quantizer as a function."""

        def function(name: str, operands: tuple[str, str, str]) -> Callable[[_Values], _Values]:
            scale, zero_point, bits = (np.asarray(context[operand]) for operand in operands)
            signed = self.get_nodeattr(f"{name}_signed")
            narrow = self.get_nodeattr(self._narrow(name))
            mode = self.get_nodeattr(f"{name}_rounding_mode")
            mode = _ROUNDING.get(mode, mode)
            return lambda v: np.asarray(
                int_quant(v, scale.astype(v.dtype), zero_point, bits, signed, narrow, mode)
            )

        return {name: function(name, operands) for name, operands in self._operands().items()}

    def verify_node(self) -> list[str]:
        """What is wrong with the node; nothing if nothing is."""
        wanted = 1 + len(self.states) + 3 * (len(self.gates) + len(self.quantizers))
        found = []
        if len(self.onnx_node.input) != wanted:
            found.append(f"it has {len(self.onnx_node.input)} inputs, it needs {wanted}")
        if not 1 <= len(self.onnx_node.output) <= 1 + len(self.states):
            found.append(f"it has {len(self.onnx_node.output)} outputs")
        return found


class QuantLSTMCell(_QuantCell):
    """An LSTM layer in one direction, quantized as Brevitas does."""

    gates = ("input", "forget", "cell", "output")
    states: ClassVar[dict[str, str]] = {"h": "output", "c": "cell_state"}
    quantizers = (
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

    def get_nodeattr_types(self) -> Mapping[str, Any]:
        """And whether the forget gate is one less the input gate."""
        return {**super().get_nodeattr_types(), "cifg": ("i", True, 0, {0, 1})}

    def step(
        self, sums: dict[str, _Values], state: list[_Values], quant: _Quantizers
    ) -> list[_Values]:
        """One step; every product and every sum is quantized."""
        _, c = state
        gates = {
            name: quant[f"{name}_sigmoid"](_sigmoid(quant[f"{name}_acc"](sums[name])))
            for name in ("input", "forget", "output")
        }
        if self.get_nodeattr("cifg"):
            one = quant["input_sigmoid"](np.ones(1, dtype=np.float32))  # as torch quantizes it
            gates["forget"] = one.astype(np.float64) - gates["input"]
        candidate = quant["cell_tanh"](np.tanh(quant["cell_acc"](sums["cell"])))
        keep = quant["cell_state"](gates["forget"] * c)
        add = quant["cell_state"](gates["input"] * candidate)
        c = quant["cell_state"](keep + add)
        h = quant["output"](gates["output"] * quant["hidden_state_tanh"](np.tanh(c)))
        return [h, c]


class QuantRNNCell(_QuantCell):
    """An Elman RNN layer in one direction, quantized as Brevitas does."""

    gates = ("gate",)
    states: ClassVar[dict[str, str]] = {"h": "output"}
    quantizers = ("output", "gate_acc")

    def get_nodeattr_types(self) -> Mapping[str, Any]:
        """And which function it applies."""
        allowed = set(_NONLINEARITIES)
        return {**super().get_nodeattr_types(), "nonlinearity": ("s", True, "tanh", allowed)}

    def step(
        self, sums: dict[str, _Values], state: list[_Values], quant: _Quantizers
    ) -> list[_Values]:
        """One step."""
        function = _NONLINEARITIES[str(self.get_nodeattr("nonlinearity"))]
        return [quant["output"](function(quant["gate_acc"](sums["gate"])))]
