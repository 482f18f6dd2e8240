"""Where in the source an instruction stands, from the debug records of LLVM IR."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache
from typing import NamedTuple

_RECORD = re.compile(
    r"^(!\d+) = (?:distinct )?!DI(Location|File|Subprogram|LexicalBlock\w*)\((.*)\)$", re.M
)
_FIELD = re.compile(r'(\w+): ("(?:[^"\\]|\\.)*"|[^,]+)')


class SourcePlace(NamedTuple):
    """A line of a file."""

    file: str
    line: int


class Places:
    """The debug records of a module.

    Args:
        text: Of the module.
        files: Files that places are given in; what is called from them elsewhere is at the call.
    """

    def __init__(self, text: str, files: Container[str]) -> None:
        self._files = files
        self._records = {
            found[1]: (found[2], dict(_FIELD.findall(found[3]))) for found in _RECORD.finditer(text)
        }
        self.of = cache(self._of)

    def _of(self, debug: str) -> SourcePlace | None:
        """The place of a ``!dbg``; None where it has none in our files."""
        return next((place for place in self._frames(debug) if place.file in self._files), None)

    def _frames(self, debug: str) -> Iterator[SourcePlace]:
        """From the innermost function outwards."""
        while debug in self._records:
            _, fields = self._records[debug]
            yield SourcePlace(self._file(fields["scope"]), int(fields.get("line", "0")))
            debug = fields.get("inlinedAt", "")

    def _file(self, scope: str) -> str:
        while scope in self._records:
            _, fields = self._records[scope]
            if "file" in fields:
                _, file = self._records[fields["file"]]
                return str(file["filename"]).strip('"').removeprefix("./")
            scope = fields.get("scope", "")
        return ""
