"""Seeded random models that can take a sequence in pieces."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from torch import Tensor, nn

HEADS = ("every step", "linear", "last", "final state", "several", "mlp", "index", "given")


@dataclass(frozen=True)
class Spec:
    """One random model.

    Attributes:
        layers: Of each module of the stack what it is, its units, and how many layers of them.
        head: What follows the stack, one of ``HEADS``.
    """

    seed: int
    I: int  # noqa: E741 - the field's name for the number of inputs
    layers: tuple[tuple[str, int, int], ...]
    head: str
    T: int
    bits: int
    batch_first: bool
    cifg: bool
    multipliers: int

    @staticmethod
    def draw(seed: int) -> Spec:
        """The model of a seed."""
        rng = random.Random(seed)
        head = HEADS[seed % len(HEADS)]
        count = 1 if head == "given" else rng.choice((1, 1, 2))
        kinds = ("lstm", "tanh", "relu")
        return Spec(
            seed=seed,
            I=rng.randint(1, 6),
            layers=tuple(
                (
                    rng.choice(kinds),
                    rng.randint(1, 8),
                    1 if head == "given" else rng.choice((1, 1, 2)),
                )
                for _ in range(count)
            ),
            head=head,
            T=rng.randint(5, 16),
            bits=rng.randint(3, 8),
            batch_first=rng.random() < 0.7,
            cifg=rng.random() < 0.3,
            multipliers=rng.choice((4, 16, 64, 256)),
        )

    def inputs(self, sequences: int, seed: int = 0) -> tuple[np.ndarray, ...]:
        """The sequences, and initial states if the model takes those."""
        rng = np.random.default_rng([self.seed, seed])
        shape = (sequences, self.T) if self.batch_first else (self.T, sequences)
        x = rng.normal(0, 1.5, (*shape, self.I)).astype(np.float32)
        if self.head != "given":
            return (x,)
        kind, hidden, _ = self.layers[0]
        states = 2 if kind == "lstm" else 1
        return (x, *rng.normal(0, 1, (states, 1, sequences, hidden)).astype(np.float32))


class StreamedModel(nn.Module):
    """A stack of layers that run forwards, and a head."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        self.stack = nn.ModuleList()
        features = spec.I
        options: dict[str, Any] = {"batch_first": spec.batch_first, "io_bit_width": spec.bits}
        for kind, hidden, depth in spec.layers:
            if kind == "lstm":
                coupled = {"coupled_input_forget_gates": spec.cifg}
                self.stack.append(qnn.QuantLSTM(features, hidden, depth, **options, **coupled))
            else:
                self.stack.append(
                    qnn.QuantRNN(features, hidden, depth, nonlinearity=kind, **options)
                )
            features = hidden
        if spec.head in ("linear", "every step", "several", "mlp", "index"):
            self.first = qnn.QuantLinear(features, 5, bias=True)
        if spec.head == "mlp":
            self.relu = qnn.QuantReLU(bit_width=4)
            self.second = qnn.QuantLinear(5, 3, bias=True)

    def forward(self, x: Tensor) -> Any:
        """Branches depend on the spec only."""
        return self.answer(x, *([()] * len(self.stack)))

    def answer(self, x: Tensor, *initial: tuple[Tensor, ...]) -> Any:
        """From the initial states of each layer."""
        head, y, final = self.spec.head, x, None
        for layer, states in zip(self.stack, initial, strict=True):
            y, final = layer(y, *states)
        state = final[0] if self.spec.layers[-1][0] == "lstm" else final
        match head:
            case "given":
                return y, state
            case "several":
                return self.first(y), state
            case "every step":
                return self.first(y)
            case "final state":
                return state[-1]
        last = y[:, -1] if self.spec.batch_first else y[-1]
        if head == "last":
            return last
        scores = self.first(last)
        if head == "mlp":
            return self.second(self.relu(scores))
        return scores.argmax(-1) if head == "index" else scores


class GivenLSTM(StreamedModel):
    """From initial states that the caller passes."""

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Any:  # type: ignore[override]
        """One layer."""
        return self.answer(x, (h, c))


class GivenRNN(StreamedModel):
    """From an initial state that the caller passes."""

    def forward(self, x: Tensor, h: Tensor) -> Any:  # type: ignore[override]
        """One layer."""
        return self.answer(x, (h,))


def make(spec: Spec) -> StreamedModel:
    """The calibrated model, in eval mode."""
    torch.manual_seed(spec.seed)
    given = GivenLSTM if spec.layers[0][0] == "lstm" else GivenRNN
    model = (given if spec.head == "given" else StreamedModel)(spec).train()
    with torch.no_grad():
        for i in range(3):
            model(*map(torch.from_numpy, spec.inputs(8, 1000 + i)))
    return model.eval()


def cuts(spec: Spec) -> list[int]:
    """Where the sequence is cut: pieces of one step, of several, of all but one, of all."""
    rng = random.Random(spec.seed + 1)
    longest = rng.choice((1, 3, spec.T - 1, spec.T))
    ends = [0]
    while ends[-1] < spec.T:
        ends.append(min(spec.T, ends[-1] + rng.randint((longest + 1) // 2, longest)))
    return ends
