"""Texts to clang's tree, as Vitis HLS sees them; no file is read but ours."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from clang import cindex

from gatewright.lint.headers import own_headers

_HOME = "/gatewright-lint/"
"""Where texts lie for clang: nowhere, so that it finds none but those it is given."""
_ROOT = f"{_HOME}all.cpp"
_STD, _HEADERS = "std", "headers"
_FLAGS = (
    *("-x", "c++", "-std=c++14", "-D__SYNTHESIS__", "-nostdinc", "-nostdinc++"),
    *("-ferror-limit=0", "-fbracket-depth=4096", "-Wno-everything"),
    *(f"-I{_HOME}{folder}" for folder in (_STD, _HEADERS, "hls", "hls/gatewright")),
    *("-include", "gw_probe"),
)
_PROJECT = "hls/"


@dataclass(frozen=True)
class Fault:
    """What clang refuses.

    Attributes:
        file: Path below the build.
        line: Of that file.
        says: Clang's words.
    """

    file: str
    line: int
    says: str


class Parsed:
    """Texts, parsed together: ``top.cpp``, and every header.

    Args:
        texts: C++ by path below the build.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        includes = sorted(texts, key=lambda name: (name.endswith(".hpp"), name))
        root = "".join(f'#include "{name.removeprefix(_PROJECT)}"\n' for name in includes)
        files = {f"{_HOME}{name}": text for name, text in texts.items()}
        unsaved = list((_library() | files | {_ROOT: root}).items())
        record = cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD  # of what is skipped
        self.unit: Any = cindex.Index.create().parse(_ROOT, _FLAGS, unsaved, record)

    def faults(self) -> Iterator[Fault]:
        """Errors of ours, in clang's order; not its notes to them."""
        for found in self.unit.diagnostics:
            if found.severity >= cindex.Diagnostic.Error:
                notes = (note for note in found.children if is_ours(note))
                at = found if is_ours(found) else next(notes, found)
                yield Fault(*place(at), found.spelling)

    def skipped(self) -> dict[str, list[tuple[int, int]]]:
        """Lines that the preprocessor leaves out, first and last, by file."""
        library = cindex.conf.lib
        library.clang_getAllSkippedRanges.restype = ctypes.POINTER(_Ranges)
        library.clang_getAllSkippedRanges.argtypes = [cindex.TranslationUnit]
        library.clang_disposeSourceRangeList.argtypes = [ctypes.POINTER(_Ranges)]
        ranges = library.clang_getAllSkippedRanges(self.unit)
        found: dict[str, list[tuple[int, int]]] = {}
        for index in range(ranges.contents.count):
            one = ranges.contents.ranges[index]
            name = _name(one.start.file)
            found.setdefault(name, []).append((one.start.line, one.end.line))
        library.clang_disposeSourceRangeList(ranges)
        return found


class _Ranges(ctypes.Structure):
    _fields_ = (("count", ctypes.c_uint), ("ranges", ctypes.POINTER(cindex.SourceRange)))


def place(what: Any) -> tuple[str, int]:
    """File below the build, and line, of a cursor or a diagnostic."""
    return _name(what.location.file), what.location.line


def is_ours(what: Any) -> bool:
    """Whether it stands in a text of the build."""
    return _name(what.location.file).startswith(_PROJECT)


def _name(file: Any) -> str:
    return "" if file is None else str(file.name).removeprefix(_HOME)


@cache
def _library() -> dict[str, str]:
    """What the texts include that is not theirs: of the standard library, and of AMD's."""
    home = Path(__file__).parents[1] / _STD
    std = {f"{_HOME}{_STD}/{path.stem}": path for path in home.glob("*.h")}
    amd = {f"{_HOME}{_HEADERS}/{path.name}": path for path in own_headers().glob("*.h")}
    return {name: path.read_text() for name, path in (std | amd).items()}
