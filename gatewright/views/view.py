"""A view: the lines and tables of a result, made in one place for all who show them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from gatewright.views.html import as_html
from gatewright.views.parts import Line, Table, Tone
from gatewright.views.text import as_text

__all__ = ["Line", "Table", "Tone", "View", "Viewed"]


@dataclass(frozen=True)
class View:
    """What a result says.

    Attributes:
        headline: The whole of it in one line.
        parts: Lines and tables, in order.
    """

    headline: str
    parts: tuple[Line | Table, ...]


class Viewed(ABC):
    """A result that ``print`` shows as text and notebooks as HTML, with the CLI's own rows."""

    @abstractmethod
    def view(self) -> View:
        """Its lines and tables."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {as_text((Line(self.view().headline),))}>"

    def __str__(self) -> str:
        return as_text(self.view().parts)

    def _repr_html_(self) -> str:
        return as_html(self.view().parts)
