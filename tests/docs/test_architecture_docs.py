"""docs/architecture.md names what is there, and no part of the package is left out."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gatewright"
PAGE = (ROOT / "docs" / "architecture.md").read_text()
TREE = PAGE.split("## The house")[1].split("```text\n")[1].split("```")[0]
TABLE = PAGE.split("## Where is ...?")[1].split("\n## ")[0]
PATH = re.compile(r"[\w./]+(?:\.py|\.md|/)")


def places() -> list[tuple[str, str]]:
    """Paths of the right column, with the row; a bare file name lies in the last folder."""
    found = []
    for line in TABLE.splitlines():
        if line.startswith("| ") and not line.startswith(("| you", "| ---")):
            folder = ""
            for name in re.findall(r"`([^`]+)`", line.split("|")[2]):
                if PATH.fullmatch(name):
                    folder = name if name.endswith("/") else folder
                    found.append((line.split("|")[1].strip(), f"{folder}|{name}"))
    return found


def is_there(place: str) -> bool:
    folder, name = place.split("|")
    if "NAME" in name:
        return (PACKAGE / name).parent.is_dir()
    roots = (PACKAGE, ROOT, PACKAGE / folder)
    return any((root / name).exists() for root in roots)


@pytest.mark.parametrize(("row", "place"), places(), ids=lambda text: text.rpartition("|")[2])
def test_what_is_named_is_there(row: str, place: str) -> None:
    assert is_there(place), f"{row}: {place}"


def test_every_part_is_drawn() -> None:
    drawn = set(re.findall(r"(?:^|, )([\w]+(?:\.py|/))", TREE, re.MULTILINE))
    parts = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    files = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py"}
    assert parts | (files - {"version.py"}) <= drawn


def test_what_is_drawn_is_there() -> None:
    folder = ""
    for line in TREE.splitlines():
        indent, text = len(line) - len(line.lstrip()), line.strip()
        if indent == 0:
            folder = text.split()[0].split("/")[0] if "/" in text.split()[0] else ""
        for name in re.findall(r"[\w/]+\.py|^[\w/]+/", text):
            if "NAME" not in name:
                inside = (PACKAGE / folder / name, PACKAGE / name)
                below = (PACKAGE / folder).rglob(name) if folder and "/" not in name else ()
                assert any(p.exists() for p in (*inside, *below)), line
