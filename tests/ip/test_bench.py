"""IPs under the bench of ``bench.cpp``: a million beats each with ``--beats all``."""

from __future__ import annotations

from pathlib import Path

import ip_bench
import pytest
from choices import choice
from commit_choice import commit
from ip_designs import CASES

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

ALL = choice("beats") == "all"
BEATS = 1_000_000 if ALL else 20_000
DRAWN = sorted(CASES)[int(commit()[:8] or "0", 16) % len(CASES)]


@pytest.mark.parametrize("case", sorted(CASES) if ALL else [DRAWN])
def test_beats(case: str, tmp_path: Path) -> None:
    program = ip_bench.build(CASES[case], tmp_path)
    said = ip_bench.run(program, 1, BEATS)
    assert said.splitlines()[-1].startswith("PASS "), said
    counts = dict(zip(*[iter(said.split()[-16:])] * 2, strict=True))
    assert int(counts["beats"]) >= BEATS
    assert all(int(counts[name]) > 0 for name in ("clears", "resets", "errors", "accesses"))
    assert (int(counts["kept"]) > 0) == CASES[case].keeps
    assert int(counts["cycles"]) <= 20 * int(counts["beats"])
