"""Functions and arithmetic that are refused: each is told what to write instead, and that works."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from programs import H, Program, T, out, pooled, rectified, steps, turned
from torch import Tensor, nn

SUMS = "pool with mean or max over time"


def attention(m: Any, x: Tensor) -> Tensor:
    y = out(m, x)
    return m.fc((torch.softmax(m.score(y), dim=1) * y).sum(1))


PROGRAMS = {
    "a clamp from above": Program(
        *("GW-108", "clamp", "clamp(min=0)", lambda m, x: m.fc(out(m, x).clamp(max=1))),
        lambda m, x: m.fc(out(m, x).clamp(min=0)),
    ),
    "in place": Program(
        *("GW-108", "relu", "inplace=True", lambda m, x: m.fc(F.relu(out(m, x), inplace=True))),
        rectified,
    ),
    ".relu_()": Program(
        *("GW-108", ".relu_()", "y = x.relu()", lambda m, x: m.fc(out(m, x).relu_())), rectified
    ),
    "a third power": Program(
        *("GW-108", "pow", "x * x * x", lambda m, x: m.fc(out(m, x) ** 3)),
        lambda m, x: m.fc((lambda y: y * y * y)(out(m, x))),
    ),
    "attention": Program(
        *("GW-108", "softmax", SUMS, attention, pooled),
        score=lambda: nn.Linear(H, 1),
    ),
    "a pool that adapts": Program(
        *("GW-108", "torch.adaptive_avg_pool1d", "out.mean(dim=1)"),
        *(lambda m, x: turned(m, x, lambda y: F.adaptive_avg_pool1d(y, 1)), pooled),
    ),
    "steps with weights": Program(
        *("GW-106", "mul", "one for each feature"),
        *(lambda m, x: m.fc((out(m, x).mT * m.weights).mT), steps),
        weights=lambda: nn.Parameter(torch.rand(T)),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_told_what_to_write(name: str) -> None:
    PROGRAMS[name].check_told()


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_it_is_told_to_write_can_be_traced(name: str) -> None:
    PROGRAMS[name].check_instead()
