"""The recurrent layers of a file."""

from __future__ import annotations

from dataclasses import dataclass

from gatewright.frontend.onnx.qcdq.matrix import QuantizedMatrix
from gatewright.ir.types import Float32Array

GATES = ("input", "output", "forget", "cell")
"""The gates in the order of ONNX."""


@dataclass(frozen=True, eq=False)
class Gate:
    """``weight`` [H, I], ``recurrent`` [H, H], ``bias`` [H] or None."""

    weight: QuantizedMatrix
    recurrent: QuantizedMatrix
    bias: Float32Array | None


@dataclass(frozen=True, eq=False)
class Direction:
    """One ``LSTM`` node.

    Attributes:
        source: The value it reads.
        gates: By name; without ``forget`` where it is coupled to the input gate.
        input_size: I.
        hidden_size: H.
        reverse: Whether time runs backwards.
        coupled: Whether the forget gate is 1 - the input gate.
        batch_first: Whether x is [B, T, I].
    """

    source: str
    gates: dict[str, Gate]
    input_size: int
    hidden_size: int
    reverse: bool
    coupled: bool
    batch_first: bool

    @property
    def has_bias(self) -> bool:
        """Whether the node has biases."""
        return self.gates["input"].bias is not None


@dataclass(frozen=True, eq=False)
class Finals:
    """Final states, ``h`` or ``c``, each ``[B, H]``, or with an axis of states in front.

    Attributes:
        which: ``h`` or ``c``.
        of: The nodes they are of.
        rank: 0 as the node gives them, 2 or 3.
    """

    which: str
    of: tuple[Direction, ...]
    rank: int = 0


@dataclass(frozen=True, eq=False)
class Layers:
    """The recurrent layers of a file.

    Attributes:
        layers: In order, each of one direction or of two, forward first.
        states: Whether the final states are outputs of the file, beside the sequence.
    """

    layers: list[list[Direction]]
    states: bool
