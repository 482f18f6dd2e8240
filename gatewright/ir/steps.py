"""How many time steps a tensor has, where windows over time make other numbers of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gatewright.ir.graph import Graph

_FORM = re.compile(r"T|T([+-]\d+)|\(T([+-]\d+)?\)//(\d+)")


@dataclass(frozen=True)
class StepCount:
    """``(T + offset) // stride`` steps, T those of the model's sequence.

    All that windows make of T has this form: a floor of a floor is one floor.

    Attributes:
        offset: Added to T.
        stride: What the sum is divided by, rounding down.
    """

    offset: int = 0
    stride: int = 1

    @staticmethod
    def of(size: int | str) -> StepCount:
        """Of the size of a time axis, as a shape of the integer graph has it.

        Raises:
            ValueError: For anything else.
        """
        found = _FORM.fullmatch(str(size))
        if found is None:
            raise ValueError(f"{size} is no number of time steps")
        return StepCount(int(found[1] or found[2] or 0), int(found[3] or 1))

    def __str__(self) -> str:
        total = f"T{self.offset:+d}" if self.offset else "T"
        return total if self.stride == 1 else f"({total})//{self.stride}"

    def count(self, steps: int) -> int:
        """The number for a T; 0 or less where there is not one."""
        return (steps + self.offset) // self.stride

    @property
    def least(self) -> int:
        """The fewest T that give one step."""
        return self.stride - self.offset

    def windows(self, padding: int, span: int, stride: int) -> StepCount:
        """The number of windows over so many steps.

        Args:
            padding: Steps that are added to them, at both ends together.
            span: Steps from the first to the last of a window, both included.
            stride: Steps from a window to the next.
        """
        extra = padding - span + stride
        return StepCount(self.offset + extra * self.stride, self.stride * stride)


def is_steps(size: int | str) -> bool:
    """Whether a size is that of a time axis."""
    return isinstance(size, str) and size != "B"


EVERY = StepCount()
"""As many as the model's sequence has."""


@dataclass(frozen=True)
class Taken:
    """Steps that are taken from a sequence of a known length, by their numbers.

    Attributes:
        first: The number of the first one.
        stride: From one of them to the next; 1 or more.
        count: How many; 1 or more.
        single: Whether it is one row of features, [B, F], rather than a sequence of so many.
    """

    first: int
    stride: int = 1
    count: int = 1
    single: bool = False

    @property
    def end(self) -> int:
        """The number behind the last one."""
        return self.first + (self.count - 1) * self.stride + 1


def least_steps(graph: Graph) -> int:
    """The fewest steps of a sequence of which every tensor has one."""
    sizes = (t.shape[1] for t in graph.tensors.values() if len(t.shape) == 3)
    return max((StepCount.of(n).least for n in sizes if is_steps(n)), default=1)


def sized(shape: Sequence[int | str], batch: int, steps: int) -> tuple[int, ...]:
    """A shape of the integer graph for so many sequences of so many steps."""
    return tuple(
        StepCount.of(n).count(steps) if is_steps(n) else batch if isinstance(n, str) else n
        for n in shape
    )
