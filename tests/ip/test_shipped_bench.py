"""The test bench that each build has of its IP, run as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ip_builds import in_verilator, passed, small

pytestmark = pytest.mark.compiles


@pytest.mark.slow
def test_in_verilator(tmp_path: Path) -> None:
    said = in_verilator(small(tmp_path), tmp_path / "obj", "+seed=7", "+rounds=4")
    assert passed(said), said
