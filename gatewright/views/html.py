"""Views as HTML for notebooks: no script, no style sheet, every text escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from gatewright.errors import escaped
from gatewright.views.parts import ShownLine, ShownTable, Tone

COLOURS: dict[Tone, str] = {"good": "#2a8c4a", "warn": "#b07a10", "bad": "#d03a35"}
"""Read on light and on dark ground."""


def as_html(parts: Iterable[ShownLine | ShownTable]) -> str:
    """A ``div`` of paragraphs and tables."""
    inside = "\n".join(
        _line(part) if isinstance(part, ShownLine) else _table(part) for part in parts
    )
    return f'<div class="gatewright">\n{inside}\n</div>'


def _line(line: ShownLine) -> str:
    rest = _text(line.text.removeprefix(line.word))
    return f"<p>{_toned(line.word, line.tone)}{rest}</p>"


def _table(table: ShownTable) -> str:
    head = "".join(_cell("th", table, i, _text(name)) for i, name in enumerate(table.headings))
    caption = f"<caption>{_text(table.title)}</caption>\n" if table.title else ""
    body = "\n".join(_row(table, number) for number in range(len(table.rows)))
    return f"<table>\n{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _row(table: ShownTable, number: int) -> str:
    *others, last = table.rows[number]
    texts = [*map(_text, others), _toned(last, table.tone(number))]
    return f"<tr>{''.join(_cell('td', table, i, text) for i, text in enumerate(texts))}</tr>"


def _cell(tag: str, table: ShownTable, column: int, inside: str) -> str:
    side = "left" if column < table.names else "right"
    return f'<{tag} style="text-align: {side}">{inside}</{tag}>'


def _toned(text: str, tone: Tone) -> str:
    colour = COLOURS.get(tone)
    shown = _text(text)
    return f'<b style="color: {colour}">{shown}</b>' if colour and text else shown


def _text(text: str) -> str:
    return html.escape(escaped(text))
