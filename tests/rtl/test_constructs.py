"""No construct that a common tool refuses, in no source that builds hold or boards are given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from constructs import CONSTRUCTS, Construct, synthesized

from gatewright import hls_templates
from gatewright.boards import open_boards
from gatewright.boards import shell as boards_shell
from gatewright.boards.top import board_top

ROOT = Path(__file__).parents[2]
LIBRARY = Path(hls_templates.__file__).parent
SHELL = Path(boards_shell.__file__).parent
EMITTED = ROOT / "tests/snapshot/emitted"
SOURCES = sorted(
    path
    for folder, pattern in (
        *((LIBRARY / part, "**/gw_*.sv") for part in ("lib", "kernels", "ip")),
        *((SHELL, pattern) for pattern in ("*.sv", "*.sv.j2")),
        *((EMITTED / part, pattern) for part in ("rtl", "ip") for pattern in ("*.sv", "*.v")),
    )
    for path in folder.glob(pattern)
)
PAGE = (ROOT / "docs/readers.md").read_text()

of_each = pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.name)


@of_each
def test_it_is_nowhere(construct: Construct) -> None:
    assert len(SOURCES) > 50
    found = {path.name: construct.found(path.read_text()) for path in SOURCES}
    assert not {name: lines for name, lines in found.items() if lines}


@of_each
def test_it_is_found(construct: Construct) -> None:
    assert construct.found(construct.example)
    assert not construct.found(f"// {construct.example}".replace("\n", "\n// "))


def test_boards_are_given_none_of_it() -> None:
    texts = {name: board_top(board, None, 115200) for name, board in open_boards().items()}
    found = [(n, c.found(text)) for n, text in texts.items() for c in CONSTRUCTS]
    assert found and not [lines for _, lines in found if lines]


def test_what_synthesizers_see() -> None:
    text = "a\n`ifdef SYNTHESIS\nb\n`else\nc\n`endif\nd\n`ifndef SYNTHESIS\ne\n`endif\nf\n"
    assert re.findall(r"^\w$", synthesized(text), re.MULTILINE) == ["a", "b", "d", "f"]


def test_the_page_has_each() -> None:
    table = PAGE.partition("## What is not used")[2]
    rows = re.findall(r"^\| (.+?) \| .+ \| .+ \|$", table, re.MULTILINE)
    assert rows[2:] == [construct.name for construct in CONSTRUCTS]
