"""Brevitas' recurrent layers, called as torch's: states as one argument, one entry a layer."""

from __future__ import annotations

from typing import Any

from brevitas.nn import QuantLSTM, QuantRNN
from torch import Tensor


class TorchLSTM(QuantLSTM):  # type: ignore[misc]
    """A ``QuantLSTM`` that takes ``(h, c)`` as ``nn.LSTM`` does."""

    def forward(self, inp: Any, hx: Any = None) -> Any:
        """As ``nn.LSTM``: states [layers * directions, B, H]."""
        h, c = (None, None) if hx is None else (_entries(self, state) for state in hx)
        return super().forward(inp, h, c)


class TorchRNN(QuantRNN):  # type: ignore[misc]
    """A ``QuantRNN`` that takes its state as ``nn.RNN`` does."""

    def forward(self, inp: Any, hx: Any = None) -> Any:
        """As ``nn.RNN``: a state [layers * directions, B, H]."""
        return super().forward(inp, None if hx is None else _entries(self, hx))


def _entries(stack: Any, state: Tensor) -> Tensor:
    """Of each layer two entries, which Brevitas counts also where there is one direction."""
    return state if len(stack.layers[0]) == 2 else state.repeat_interleave(2, 0)
