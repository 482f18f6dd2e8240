"""Made-up motion data, six activities over 128 steps, and a bidirectional classifier of them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

STEPS, FEATURES = 128, 9
_RATES = (1.8, 1.5, 2.1, 0, 0, 0)
_SWINGS = (0.4, 0.5, 0.6, 0.02, 0.02, 0.01)
_GRAVITY = ((0, 0, 1), (0, 0.3, 0.95), (0, -0.3, 0.95), (0.2, 0.7, 0.7), (0, 0, 1), (1, 0, 0))


def recordings(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Sequences [count, 128, 9] and their activities."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 6, count)
    t = np.arange(STEPS) / 50.0
    x = np.zeros((count, STEPS, FEATURES), np.float32)
    for i, activity in enumerate(y):
        rate = _RATES[activity] * (1 + 0.1 * rng.normal())
        phase = rng.uniform(0, 6)
        swing = _SWINGS[activity] * (1 + 0.2 * rng.normal())
        first = np.sin(2 * np.pi * rate * t + phase)[:, None] * np.array([1, 0.6, 0.8])
        second = np.sin(4 * np.pi * rate * t + 2 * phase)[:, None] * np.array([0.3, 1, 0.5])
        base = swing * (first + 0.4 * second)
        turn = np.cos(2 * np.pi * rate * t + phase)[:, None] * np.array([0.5, 1, 0.7])
        gravity = np.array(_GRAVITY[activity]) + 0.08 * rng.normal(size=3)
        motion = np.concatenate([base + gravity, 0.8 * swing * turn, base], 1)
        x[i] = motion + 0.08 * rng.normal(size=(STEPS, FEATURES))
    return torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))


class Activities(nn.Module):
    """Two bidirectional layers and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(
            FEATURES, 24, num_layers=2, bidirectional=True, dropout=0.2, batch_first=True
        )
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(48, 6)

    def forward(self, x: Tensor) -> Tensor:
        _, (h, _) = self.lstm(x)
        return self.fc(self.drop(torch.cat((h[-2], h[-1]), 1)))


def trained(seed: int = 0) -> nn.Module:
    """The classifier after six passes over 1,500 sequences, in eval mode."""
    torch.manual_seed(seed)
    net = Activities()
    x, y = recordings(1500, 0)
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 5e-3, total_steps=6 * -(-len(y) // 64)
    )
    for _ in range(6):
        for batch in torch.randperm(len(y)).split(64):
            loss = functional.cross_entropy(net(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def accuracy(net: nn.Module, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        return float((net(x).argmax(-1) == y).double().mean())
