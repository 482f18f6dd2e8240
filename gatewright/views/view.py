"""A view: the lines and tables of a result, made in one place for all who show them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from gatewright.views.html import as_html
from gatewright.views.parts import ShownLine, ShownTable, Tone
from gatewright.views.text import as_text

__all__ = ["Shown", "ShownLine", "ShownTable", "Tone", "Viewed"]


@dataclass(frozen=True)
class Shown:
    """What a result says.

    Attributes:
        headline: The whole of it in one line.
        parts: Lines and tables, in order.
    """

    headline: str
    parts: tuple[ShownLine | ShownTable, ...]


class Viewed(ABC):
    """A result that ``print`` shows as text and notebooks as HTML, with the CLI's own rows."""

    @abstractmethod
    def view(self) -> Shown:
        """Its lines and tables."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {as_text((ShownLine(self.view().headline),))}>"

    def __str__(self) -> str:
        return as_text(self.view().parts)

    def _repr_html_(self) -> str:
        return as_html(self.view().parts)
