"""Small recurrent models over what a node may hold, drawn by a number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product
from typing import Any

import brevitas.nn as qnn
import torch
from torch import Tensor, nn

GIVES = ("steps", "last", "state", "states")
GRID = tuple(product(("lstm", "rnn"), (1, 2), (False, True), GIVES))
"""Cell, layers, both directions, what it gives."""


@dataclass(frozen=True)
class Spec:
    """One model.

    Attributes:
        cell: ``lstm`` or ``rnn``.
        layers: Of the stack.
        both: Whether it runs in both directions.
        gives: All steps, the last one, the last layer's final h, or all steps and final states of
            states that are given.
        bits: Of weights, inputs and outputs, accumulators, and everything else.
        per_channel: Whether weights have one scale a hidden unit.
        batch_first: Layout of the sequence.
        sizes: T, I, H.
        seed: Of its weights.
    """

    cell: str
    layers: int
    both: bool
    gives: str
    bits: tuple[int, int, int, int]
    per_channel: bool
    batch_first: bool
    sizes: tuple[int, int, int]
    seed: int

    @property
    def states(self) -> int:
        """How many initial states it takes: Brevitas reads hx[2 * layer + direction]."""
        return 2 * (self.layers - 1) + 1 + self.both

    def shape(self, batch: int) -> tuple[int, int, int]:
        """Of its sequence."""
        steps, inputs, _ = self.sizes
        return (batch, steps, inputs) if self.batch_first else (steps, batch, inputs)


def draw(number: int) -> Spec:
    """A model by its number: each point of the grid has its turn, with a few other models of it."""
    rng = random.Random(number)
    bits = [rng.randint(2, 8) for _ in range(4)]
    return Spec(
        *GRID[number % len(GRID)],
        bits=(bits[0], bits[1], bits[2], bits[3]),
        per_channel=rng.random() < 0.5,
        batch_first=rng.random() < 0.7,
        sizes=(rng.randint(1, 6), rng.randint(1, 5), rng.randint(1, 6)),
        seed=number,
    )


def options(spec: Spec) -> dict[str, Any]:
    """Of the layer."""
    weight, io, acc, rest = spec.bits
    shared = {
        "num_layers": spec.layers,
        "bidirectional": spec.both,
        "batch_first": spec.batch_first,
        "weight_bit_width": weight,
        "weight_scaling_per_output_channel": spec.per_channel,
        "io_bit_width": io,
    }
    if spec.cell == "rnn":
        return {**shared, "gate_acc_quant_bit_width": acc}
    inner = {f"{name}_bit_width": rest for name in ("sigmoid", "tanh", "cell_state")}
    return {**shared, "gate_acc_bit_width": acc, **inner}


class Recurrent(nn.Module):
    """A layer and what the spec gives of it."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        kind = qnn.QuantLSTM if spec.cell == "lstm" else qnn.QuantRNN
        self.rnn = kind(*spec.sizes[1:], **options(spec))

    def forward(self, x: Tensor, hx: Tensor | None = None, cx: Tensor | None = None) -> Any:
        """Branches depend on the spec only."""
        given = (hx, cx) if self.spec.cell == "lstm" else (hx,)
        out, final = self.rnn(x, *(given if self.spec.gives == "states" else ()))
        h = final[0] if self.spec.cell == "lstm" else final
        if self.spec.gives == "last":
            return out[:, -1] if self.spec.batch_first else out[-1]
        if self.spec.gives == "state":
            return h[-1]
        if self.spec.gives == "steps":
            return out
        return (out, h, final[1]) if self.spec.cell == "lstm" else (out, h)


def arguments(spec: Spec, batch: int, seed: int) -> tuple[Tensor, ...]:
    """A random batch, and states where the model takes them."""
    generator = torch.Generator().manual_seed(1000 * spec.seed + seed)
    x = 1.5 * torch.randn(spec.shape(batch), generator=generator)
    if spec.gives != "states":
        return (x,)
    shape = (spec.states, batch, spec.sizes[2])
    count = 2 if spec.cell == "lstm" else 1
    return (x, *(torch.randn(shape, generator=generator) for _ in range(count)))


def make(spec: Spec) -> Any:
    """The calibrated model, in eval mode."""
    torch.manual_seed(spec.seed)
    model = Recurrent(spec).train()
    with torch.no_grad():
        for i in range(2):
            model(*arguments(spec, 8, i))
    return model.eval()
