"""docs/extending.md: the files of its recipes are there, and so is what it names in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/extending.md").read_text()
PACKAGE = ROOT / "gatewright"
KERNELS = PACKAGE / "hls_templates/kernels"
PLACES = (PACKAGE, ROOT, KERNELS)
"""What paths on the page begin at."""
NEW = "NAME"
"""What somebody adds, in the name of a file: one like it is there."""
FILE = re.compile(r"[\w./]+\.(?:py|toml|hpp|sv|md)|(?:\w+/)+\w+")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split(" | ", 1))
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| file", "| added"))
]


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def files(path: str) -> list[Path]:
    """Those that a path may mean: it, or others like the one that is added."""
    return [file for place in PLACES for file in place.glob(path.replace(NEW, "*"))]


def paths(text: str) -> list[str]:
    """What is a path, but for names of files without a place of their own."""
    return [s for s in spans(text) if FILE.fullmatch(s) and not s.startswith((NEW, "gw_", "__"))]


@pytest.mark.parametrize("path", sorted(set(paths(PAGE))))
def test_every_file_is_there(path: str) -> None:
    assert files(path)


@pytest.mark.parametrize(("first", "second"), ROWS, ids=lambda cell: " ".join(cell.split()[:3]))
def test_a_file_holds_what_is_named_in_it(first: str, second: str) -> None:
    inside = [file for path in paths(f"{first} {second}") for file in files(path) if file.is_file()]
    words = set(re.findall(r"\w+", "\n".join(file.read_text() for file in inside)))
    named = {span for span in spans(second) if span.isidentifier()} - {NEW}
    assert not named or inside
    assert named <= words, f"{first}: no {named - words}"


def test_every_recipe_is_in_the_list() -> None:
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) == anchors - {"tests"}
    assert len(ROWS) > 30
