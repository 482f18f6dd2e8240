"""docs/coverage.md names tests that exist and errors that are declared."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gatewright.errors import CODES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/coverage.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
HEADINGS = ("| row |", "| what |")


@pytest.mark.parametrize(("path", "name"), TESTS, ids=lambda part: str(part))
def test_every_test_named_exists(path: str, name: str) -> None:
    functions = [
        n for n in ast.parse((ROOT / path).read_text()).body if isinstance(n, ast.FunctionDef)
    ]
    assert name in {function.name for function in functions}


@pytest.mark.parametrize(
    "row",
    [r for r in ROWS if not r.startswith(HEADINGS)],
    ids=lambda row: row.split("|")[1].strip(),
)
def test_every_row_names_a_test(row: str) -> None:
    assert "::test_" in row or "the matrix" in row


def test_every_error_named_is_declared() -> None:
    named = set(re.findall(r"GW-\d{3}", PAGE))
    assert named and named <= set(CODES)
