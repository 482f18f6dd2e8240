"""Views as plain text, a table indented below its title."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gatewright.errors import escaped
from gatewright.views.parts import ShownLine, ShownTable


def as_text(parts: Iterable[ShownLine | ShownTable]) -> str:
    """Lines, and no line end at the end. What terminals obey is escaped."""
    return "\n".join(line for part in parts for line in _lines(part))


def _lines(part: ShownLine | ShownTable) -> Iterator[str]:
    if isinstance(part, ShownLine):
        yield escaped(part.text)
        return
    if part.title:
        yield escaped(part.title)
    rows = [tuple(map(escaped, row)) for row in (part.headings, *part.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if column < part.names else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(["", *cells]).rstrip()
