"""Of what a view consists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["", "good", "warn", "bad"]


@dataclass(frozen=True)
class ShownLine:
    """A line of text.

    Attributes:
        text: Of any characters: whoever shows it escapes it.
        tone: How what stands before its first colon is to be taken.
    """

    text: str
    tone: Tone = ""

    @property
    def word(self) -> str:
        """What the tone is of; of a line without one, nothing."""
        return self.text.partition(":")[0] if self.tone else ""


@dataclass(frozen=True)
class ShownTable:
    """Rows below headings.

    Attributes:
        title: A line above; "" for none.
        headings: One a column.
        rows: A text a column; whoever shows them escapes them.
        names: So many columns are names, to the left; the rest are numbers, to the right.
        tones: One a row, of its last column; () for none.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    tones: tuple[Tone, ...] = ()

    def tone(self, row: int) -> Tone:
        """How the last column of a row is to be taken."""
        return self.tones[row] if self.tones else ""
