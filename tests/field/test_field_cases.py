"""Each reproduction of the field test has a test of this repository that holds the same."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from field_cases import CASES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", CASES)
def test_its_tests_exist(name: str) -> None:
    assert CASES[name].tests
    for place in CASES[name].tests:
        file, _, function = place.partition("::")
        body = ast.parse((ROOT / file).read_text()).body
        assert function in {n.name for n in body if isinstance(n, ast.FunctionDef)}
