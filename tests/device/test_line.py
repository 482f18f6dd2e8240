"""The real link against the simulated board, from UART pin to UART pin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from designs import DIGEST, KERNELS, MAX_STEPS, expected
from simulated import SimulatedBoard

from gatewright.boards.shell.link import Link
from gatewright.boards.shell.ports import input_ports, output_ports
from gatewright.ir.types import IntArray

serial = pytest.importorskip("serial", reason="needs pyserial")
INPUTS, OUTPUTS = input_ports(KERNELS), output_ports(KERNELS)


@contextmanager
def linked(board: SimulatedBoard, timeout: float = 1.0) -> Iterator[Link]:
    with serial.Serial(board.port, 115200, timeout=0.02, exclusive=True) as line:
        yield Link(line, board.port, INPUTS, OUTPUTS, DIGEST, timeout)


@pytest.fixture
def link(small_board: SimulatedBoard) -> Iterator[Link]:
    with linked(small_board) as link:
        link.hello()
        yield link


def run(link: Link, x: IntArray, start: IntArray, *, keep: bool = False) -> list[IntArray]:
    feeds = {"s_axis": x, "s_axis_1_start": start[None]}
    words = [port.pack(feeds[port.tensor]) for port in INPUTS]
    answers = link.run(words, len(x), keep=keep)
    return [port.unpack(data) for port, data in zip(OUTPUTS, answers, strict=True)]


def random_sequence(seed: int, steps: int, slowest: int = 3) -> tuple[IntArray, IntArray]:
    rng = np.random.default_rng(seed)
    x = rng.integers(-128, 128, (steps, 3))
    x[:, 2] = rng.integers(0, slowest + 1, steps)
    return x, rng.integers(-(1 << 15), 1 << 15, 2)


def check(got: list[IntArray], want: list[IntArray]) -> None:
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("steps", [1, 2, 31, MAX_STEPS])
def test_a_sequence(steps: int, link: Link) -> None:
    x, start = random_sequence(steps, steps)
    check(run(link, x, start), expected(x, start))
