"""What the installed package has: every file of the sources, and the word that it is typed."""

import tomllib
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gatewright"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SHIPPED = PROJECT["tool"]["setuptools"]["package-data"]["gatewright"]
DATA = sorted(
    path.relative_to(PACKAGE)
    for path in PACKAGE.rglob("*")
    if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
)


@pytest.mark.parametrize("path", DATA, ids=str)
def test_every_file_is_shipped(path):
    plain = [pattern.removeprefix("**/") for pattern in SHIPPED]
    assert any(PurePosixPath(path.name).match(pattern) for pattern in plain)


def test_it_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()


def test_all_of_it_is_checked_strictly():
    """No part of ours is let off, neither by an override nor by a comment that names no reason."""
    mypy = PROJECT["tool"]["mypy"]
    assert mypy["strict"] is True
    named = [module for part in mypy["overrides"] for module in part["module"]]
    assert not [module for module in named if module.startswith(("gatewright", "*"))]
    ignored = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text().splitlines()
        if "type: ignore" in line and "type: ignore[" not in line
    ]
    assert not ignored
