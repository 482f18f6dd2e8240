"""Reading a page as a browser's tree would have it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Text, tags with attributes, and tables; fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "style" in self._open:
            return
        self.text += data
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    def table(self, first: str) -> dict[str, list[str]]:
        """Rows of the table that is headed so, by their first cell."""
        start = next(i for i, row in enumerate(self.rows) if row and row[0] == first)
        found = {}
        for row in self.rows[start + 1 :]:
            if not row or (row[0] in HEADS):
                break
            cells = [re.sub(r"\s+", " ", cell).strip() for cell in row]
            found[cells[0]] = cells[1:]
        return found

    def classes(self, tag: str, name: str) -> list[dict[str, str | None]]:
        """Attributes of the tags of a class."""
        return [a for t, a in self.tags if t == tag and name in (a.get("class") or "").split()]


HEADS = ("level", "place", "kernel", "port", "resource")
