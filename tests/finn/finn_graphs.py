"""Models as FINN takes them: recurrent layers between dense layers and thresholds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import brevitas.nn as qnn
import torch
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8ActPerTensorFloat,
    Int8WeightPerChannelFloat,
    Int8WeightPerTensorFixedPoint,
    Int8WeightPerTensorFloat,
    Uint8ActPerTensorFloat,
)
from torch import Tensor, nn

OUTPUTS = 3
"""Features of a model's output."""


def act(bits: int, fixed: bool = True) -> type:
    """A quantizer of activations."""
    base = Int8ActPerTensorFixedPoint if fixed else Int8ActPerTensorFloat
    return type("Act", (base,), {"bit_width": bits})


def weight(bits: int, fixed: bool = True, channels: bool = False) -> type:
    """A quantizer of weights."""
    by_tensor = Int8WeightPerTensorFixedPoint if fixed else Int8WeightPerTensorFloat
    base = Int8WeightPerChannelFloat if channels else by_tensor
    return type("Weight", (base,), {"bit_width": bits})


@dataclass(frozen=True)
class Shape:
    """A graph of this family.

    Attributes:
        name: Of the test.
        hidden: H of each recurrent node.
        kind: ``lstm``, ``rnn``, or ``rnn_relu``, whose outputs have no sign.
        inputs: Features of the model's input.
        dense: Outputs of the layer before the first recurrent node; 0 for none.
        bias: Whether dense layers in front of a recurrent node have a bias.
        rows: Whether their weights have a scale for each channel.
        relu: Whether a ``QuantReLU`` stands between the first one and the recurrent node.
        convs: Convolutions over time before it, of which all but the first halve T.
        layers: Of a module.
        chained: Whether modules follow one another directly, so that they become one node.
        both: Whether a node has both directions.
        steps: T.
        bits: Of weights and activations.
        channels: Whether weights have a scale for each channel.
        fixed: Whether scales around the recurrent nodes are powers of two.
        shifts: Whether those inside them are.
        last: Whether only the last step is used.
        exported: Whether Brevitas writes the file; else we trace the module.
        multipliers: What the nodes are folded by.
    """

    name: str
    hidden: tuple[int, ...] = (6,)
    kind: str = "lstm"
    inputs: int = 4
    dense: int = 5
    bias: bool = False
    rows: bool = False
    relu: bool = False
    convs: int = 0
    layers: int = 1
    chained: bool = False
    both: bool = False
    steps: int = 5
    bits: int = 8
    channels: bool = False
    fixed: bool = True
    shifts: bool = False
    last: bool = False
    exported: bool = True

    @property
    def nodes(self) -> int:
        """How many recurrent nodes it becomes."""
        return 1 if self.chained else len(self.hidden)


SHAPES = (
    Shape("dense_lstm_dense"),
    Shape("threshold_lstm_dense", dense=0),
    Shape("two_nodes", hidden=(4, 5)),
    Shape("stack", layers=2, hidden=(4,)),
    Shape("both_directions", both=True, hidden=(4,)),
    Shape("stack_of_both", layers=2, both=True, hidden=(3,), steps=4),
    Shape("rnn", kind="rnn", exported=False),
    Shape("two_rnn", kind="rnn", hidden=(5, 4), exported=False, bits=6),
    Shape("two_bits", bits=2, hidden=(5,)),
    Shape("three_bits", bits=3, hidden=(7,)),
    Shape("four_bits", bits=4, steps=7),
    Shape("six_bits", bits=6, both=True, hidden=(3,)),
    Shape("per_channel", channels=True),
    Shape("per_channel_four_bits", channels=True, bits=4, layers=2, hidden=(4,)),
    Shape("float_scales", fixed=False),
    Shape("shifts", shifts=True),
    Shape("last_step", last=True),
    Shape("last_step_rnn", last=True, kind="rnn", exported=False, bits=5),
    Shape("one_step", steps=1),
    Shape("conv_lstm_dense", dense=0, convs=1),
    Shape("two_convs", dense=0, convs=2, steps=11),
    Shape("dense_with_bias", bias=True, steps=7),
    Shape("dense_of_channels", rows=True, fixed=False, hidden=(5, 4)),
    Shape("as_many_steps_as_channels", bias=True, rows=True, hidden=(4, 5), bits=6),
    Shape("relu_lstm", relu=True, fixed=False),
    Shape("relu_rnn", relu=True, bias=True, kind="rnn", exported=False, bits=5),
    Shape("unsigned_rnn", kind="rnn_relu", hidden=(5, 4), exported=False),
    Shape("unsigned_last", kind="rnn_relu", last=True, exported=False, bits=6),
    Shape("chained", hidden=(6, 4), chained=True),
    Shape("chained_shifts", hidden=(4, 3), chained=True, shifts=True, both=True, steps=4),
    Shape("chained_rnn", kind="rnn", hidden=(17, 3), chained=True, exported=False, last=True),
)


class Model(nn.Module):
    """Layers as a ``Shape`` says."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        acts, weights = act(shape.bits, shape.fixed), weight(shape.bits, shape.fixed)
        self.quant = qnn.QuantIdentity(act_quant=acts)
        width = shape.inputs
        inside = weight(shape.bits, shape.fixed, shape.rows)
        if shape.dense:
            self.front = qnn.QuantLinear(width, shape.dense, shape.bias, weight_quant=inside)
            width = shape.dense
        if shape.relu:
            self.relu = qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat)
        self.convs, self.relus = nn.ModuleList(), nn.ModuleList()
        for i in range(shape.convs):
            options = {"padding": 1, "stride": 1 + (i > 0), "bias": i > 0}
            conv = qnn.QuantConv1d(width, width + 1, 3, weight_quant=weights, **options)
            self.convs.append(conv)
            self.relus.append(qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat))
            width += 1
        self.recurrent, self.quants, self.dense = (nn.ModuleList() for _ in range(3))
        for i, hidden in enumerate(shape.hidden):
            self.recurrent.append(recurrent(shape, width, hidden))
            width = hidden * (1 + shape.both)
            last = i == len(shape.hidden) - 1
            if shape.chained and not last:
                self.quants.append(nn.Identity())
                self.dense.append(nn.Identity())
                continue
            self.quants.append(qnn.QuantIdentity(act_quant=acts))
            outputs, has_bias = (OUTPUTS, False) if last else (width, shape.bias)
            quant = weights if last else inside
            self.dense.append(qnn.QuantLinear(width, outputs, has_bias, weight_quant=quant))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, I] to [B, T, OUTPUTS], or of the last step [B, OUTPUTS]."""
        if self.shape.dense or self.shape.convs:
            x = self.quant(x)
        if self.shape.dense:
            x = self.front(x)
        if self.shape.relu:
            x = self.relu(x)
        if self.shape.convs:
            x = x.transpose(1, 2)
            for conv, relu in zip(self.convs, self.relus, strict=True):
                x = conv(x if conv is self.convs[0] else relu(x))
            x = x.transpose(1, 2)
        layers = list(zip(self.recurrent, self.quants, self.dense, strict=True))
        for layer, quant, dense in layers:
            x = layer(x)[0]
            if self.shape.last and layer is layers[-1][0]:
                x = x[:, -1]
            x = dense(quant(x))
        return x


def recurrent(shape: Shape, inputs: int, hidden: int) -> nn.Module:
    classes: dict[str, Callable[..., nn.Module]] = {
        "lstm": qnn.QuantLSTM,
        "rnn": qnn.QuantRNN,
        "rnn_relu": partial(qnn.QuantRNN, nonlinearity="relu"),
    }
    acts = act(shape.bits, shape.shifts)
    extra = {"cell_state_quant": acts} if shape.kind == "lstm" else {}
    if shape.shifts:
        extra["gate_acc_quant"] = acts
    return classes[shape.kind](
        inputs,
        hidden,
        num_layers=shape.layers,
        bidirectional=shape.both,
        batch_first=True,
        io_quant=acts,
        weight_quant=weight(shape.bits, shape.shifts, shape.channels),
        return_quant_tensor=False,
        **extra,
    )


def make(shape: Shape, seed: int = 0) -> Model:
    """A calibrated model."""
    torch.manual_seed(seed)
    model = Model(shape).train()
    with torch.no_grad():
        for _ in range(4):
            model(torch.randn(8, shape.steps, shape.inputs))
    return model.eval()


def frames(shape: Shape, count: int, seed: int = 1) -> Tensor:
    """Inputs of a model, [count, 1, T, I]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 1, shape.steps, shape.inputs, generator=generator)
