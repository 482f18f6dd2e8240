"""How long an answer may be, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gatewright.boards.shell import frames
from gatewright.boards.shell.ports import FramePort

LINE_BITS = 10
"""Of a byte on the line, with start and stop."""
ROUND_TRIP = 0.02
"""Seconds from a credit to what it allows: a USB adapter may sleep 16 ms on its way."""


@dataclass(frozen=True)
class Pace:
    """How fast line and board are at the least.

    Attributes:
        timeout: Seconds in which something has to come from the board while it is asked.
        baud: Bits per second on the line.
        work: Seconds that the board may take for a sequence of so many steps.
    """

    timeout: float
    baud: int
    work: Callable[[int], float]

    def line(self, count: int) -> float:
        """Seconds that bytes take, if each is escaped."""
        return 2 * count * LINE_BITS / self.baud

    def bound(self, asked: int, answer: int, steps: int) -> float:
        """Seconds from the first byte of a frame to the last one of its answer.

        Args:
            asked: Bytes of the frame.
            answer: Bytes of its longest answer.
            steps: Of the sequence in it; 0 without one.
        """
        waits = asked // frames.CREDIT_BYTES * ROUND_TRIP
        return self.timeout + self.line(asked + answer) + waits + (self.work(steps) if steps else 0)


def longest(asked: int, outputs: Sequence[FramePort], steps: int) -> int:
    """Bytes of the longest answer to a frame, without flag and escapes.

    Args:
        asked: Bytes of the frame.
        outputs: Ports that answer.
        steps: Of the sequence in it; 0 without one, and the answer is the identity.
    """
    words = sum(port.most_words(steps) * (1 + port.word_bytes) for port in outputs) if steps else 0
    identity = 0 if steps else 1 + frames.IDENTITY_BYTES
    credits = asked // frames.CREDIT_BYTES + 1
    return 1 + words + identity + credits + 2 + frames.CRC_BYTES
