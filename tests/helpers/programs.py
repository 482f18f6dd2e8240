"""Programs that are refused, each with what its author reads and writes instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import trace

B, T, I, H = 8, 6, 4, 4  # noqa: E741 - the field's names
Forward = Callable[[Any, Tensor], Any]


class Net(nn.Module):
    """An LSTM, a linear layer, what a program has beside them, and its forward()."""

    def __init__(self, forward: Forward, layers: dict[str, Any]) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H, batch_first=True)
        self.fc = nn.Linear(H, 3)
        for name, layer in layers.items():
            setattr(self, name, layer)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


class Program:
    """A forward(), and what its author reads.

    Args:
        code: Of the error.
        where: What it names.
        words: In its cause or its remedy.
        forward: What is refused.
        instead: The same as the remedy has it.
        data: What the first is given, and what the second is; other than ``sequences``.
        layers: Makes those that either uses.
    """

    def __init__(
        self,
        code: str,
        where: str,
        words: str,
        forward: Forward,
        instead: Forward,
        *,
        data: tuple[Any, Any] | None = None,
        **layers: Any,
    ) -> None:
        self.told = (code, where)
        self.words = words
        self.forward = forward
        self.instead = instead
        self.data, self.data_instead = data or (sequences(), sequences())
        self.layers = layers

    def check_told(self) -> None:
        """Its author is told so, with a remedy of its own."""
        with pytest.raises(GatewrightError) as caught:
            gatewright.calibrate(self.net(self.forward), self.data)
        error = caught.value
        assert (error.code, error.where) == self.told, error
        assert self.words in error.remedy or self.words in error.cause, error
        assert not error.remedy.startswith("Keep to what can be traced"), "a remedy of its own"

    def check_instead(self) -> None:
        """What its author is told to write can be traced, without the layer that is refused."""
        net = self.net(self.instead)
        for used in [path for path, _ in net.named_children() if path not in ("lstm", "fc")]:
            if self.told[1] == used:
                delattr(net, used)
        result = gatewright.calibrate(net, self.data_instead)
        assert trace(result.model, result.example_input).graph.node

    def net(self, forward: Forward) -> nn.Module:
        torch.manual_seed(0)
        return Net(forward, {name: make() for name, make in self.layers.items()}).eval()


def out(m: Any, x: Tensor) -> Tensor:
    return m.lstm(x)[0]


def plain(m: Any, x: Tensor) -> Tensor:
    return m.fc(out(m, x)[:, -1])


def steps(m: Any, x: Tensor) -> Tensor:
    return m.fc(out(m, x))


def pooled(m: Any, x: Tensor) -> Tensor:
    return m.fc(out(m, x).mean(dim=1))


def rectified(m: Any, x: Tensor) -> Tensor:
    return m.fc(F.relu(out(m, x)))


def turned(m: Any, x: Tensor, apply: Callable[[Tensor], Tensor]) -> Tensor:
    return m.fc(apply(out(m, x).transpose(1, 2)).transpose(1, 2))


def sequences() -> Tensor:
    return torch.randn(B, T, I, generator=torch.Generator().manual_seed(0))
