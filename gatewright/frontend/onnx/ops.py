"""What a kind of file may hold: ops, each with the attributes that its reader heeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

Ops = Mapping[str, Set[str]]
NONE: Set[str] = frozenset()
DEFAULT = ("", "ai.onnx")
"""Both names of ONNX' own domain."""


@dataclass(frozen=True)
class Vocabulary:
    """What a kind of file may hold.

    Attributes:
        ops: By domain, with the attributes that an op may have: another would be read past.
        cells: The recurrent ops, of which there has to be one.
        remedy: What to do about any other op.
        open: Whether it is left to whoever reads a file to refuse others, and attributes.
    """

    ops: Mapping[str, Ops]
    cells: Collection[str]
    remedy: str
    open: bool = False


FOLDED: Ops = {"Constant": {"value"}, "Dropout": {"ratio", "seed"}, "Identity": NONE}
"""Ops of ONNX that no reader meets, in every kind of file."""
