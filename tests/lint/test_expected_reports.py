"""The page of expected reports holds what the linter sees in the digits of today."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("brevitas", reason="needs brevitas")

from expected_reports import MULTIPLIERS, PAGE, expected, written

pytestmark = [pytest.mark.compiles, pytest.mark.slow]


def test_the_page_is_of_today(tmp_path: Path) -> None:
    """python tests/lint/expected_reports.py writes it anew."""
    page = PAGE.read_text()
    assert {count: written(page, count) for count in MULTIPLIERS} == expected(tmp_path)


def test_every_loop_is_expected_at_an_interval_of_one() -> None:
    page = PAGE.read_text()
    for count in MULTIPLIERS:
        loops = [line for line in written(page, count).splitlines() if ".hpp`, " in line]
        assert len(loops) == 5
        assert {line.split(" | ")[2] for line in loops} == {"1"}
