"""Rebuilds a weight-only LSTM from the ONNX file that Brevitas' QCDQ export writes of it.

Such a file holds standard ``LSTM`` nodes, one a layer and direction, whose weights come from
``QuantizeLinear``, ``Clip`` and ``DequantizeLinear``. The rebuilt module has the file's integers
and scales, and float activations.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import brevitas.nn as qnn
import onnx
import torch
from torch import nn

from gatewright.frontend.calibration.quantizers import Grid, weight_quantizer
from gatewright.frontend.onnx.qcdq.layers import Direction
from gatewright.frontend.onnx.qcdq.matrix import QuantizedMatrix
from gatewright.frontend.onnx.qcdq.read import read_layers
from gatewright.frontend.onnx.read import read_model

_FLOAT = dict.fromkeys(
    (
        "weight_quant",
        "bias_quant",
        "io_quant",
        "gate_acc_quant",
        "sigmoid_quant",
        "tanh_quant",
        "cell_state_quant",
    )
)


class OnlySequence(nn.Module):  # type: ignore[misc]
    """Recurrent layers one after the other, without their final states."""

    def __init__(self, stacks: list[nn.Module]) -> None:
        super().__init__()
        names = ["lstm"] if len(stacks) == 1 else [f"lstm{i}" for i in range(len(stacks))]
        for name, stack in zip(names, stacks, strict=True):
            self.add_module(name, stack)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The hidden states of every step, in the layout of ``x``."""
        for stack in self.children():
            x = stack(x)[0]
        return x


def load_float_activations(source: str | os.PathLike[str] | onnx.ModelProto) -> nn.Module:
    """The model of a QCDQ file as a Brevitas module.

    Layers of one shape become one ``QuantLSTM``, whose layers share their io quantizer.

    Args:
        source: A file, or a model in memory.

    Returns:
        The module in eval mode: the file's integer weights and their scales, float activations.

    Raises:
        GatewrightError: GW-104, GW-106, GW-201 to GW-208.
    """
    file = read_layers(read_model(source))
    stacks = [_stack(list(group)) for _, group in itertools.groupby(file.layers, key=_shape)]
    one = len(stacks) == 1 and file.states
    return (stacks[0] if one else OnlySequence(stacks)).eval()


def _shape(directions: list[Direction]) -> tuple[Any, ...]:
    """What the layers of one ``QuantLSTM`` have in common."""
    first = directions[0]
    return len(directions), first.hidden_size, first.coupled, first.batch_first, first.has_bias


def _stack(layers: list[list[Direction]]) -> nn.Module:
    first = layers[0][0]
    stack = qnn.QuantLSTM(
        first.input_size,
        first.hidden_size,
        num_layers=len(layers),
        bidirectional=len(layers[0]) == 2,
        bias=first.has_bias,
        batch_first=first.batch_first,
        coupled_input_forget_gates=first.coupled,
        **_FLOAT,
    )
    for modules, directions in zip(stack.layers, layers, strict=True):
        for module, direction in zip(modules, directions, strict=True):
            _fill(module, direction)
    return stack


def _fill(layer: Any, direction: Direction) -> None:
    for name, gate in direction.gates.items():
        params = getattr(layer, f"{name}_gate_params")
        with torch.no_grad():
            params.input_weight.weight.copy_(torch.from_numpy(gate.weight.values()))
            params.hidden_weight.weight.copy_(torch.from_numpy(gate.recurrent.values()))
            if gate.bias is not None:
                params.bias.copy_(torch.from_numpy(gate.bias))
        if gate.weight.scale is not None:
            quantizer = weight_quantizer(params.input_weight, _grid(gate.weight))
            params.input_weight.weight_quant = quantizer
            params.hidden_weight.weight_quant = quantizer


def _grid(matrix: QuantizedMatrix) -> Grid:
    assert matrix.scale is not None
    return Grid(
        matrix.scale,
        matrix.bits,
        matrix.signed,
        narrow=matrix.narrow,
        zero_point=matrix.zero_point,
    )
