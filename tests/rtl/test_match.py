"""Ports that have to be given equally many steps, held against each other, in Icarus Verilog."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gatewright.hls_templates.library import library

HERE = Path(__file__).parent
MATCH = "gw_axis_match.sv"
DEFECTS = {
    "one that leads is not asked": ("a_last_i != (a_q == ended)", "1'b0"),
    "one that follows is not asked": ("b_last_i != (b_q == ended)", "1'b0"),
    "an end behind the other's steps": ("a_last_i && b_q > a_q", "1'b0"),
    "the same step, first at A": ("unlike && !b_waits_q", "1'b0"),
    "what was offered is withdrawn": ("unlike && !b_waits_q", "unlike && a_step_i"),
    "the same step, first at B": ("unlike && b_waits_q", "1'b0"),
    "who was first is forgotten": ("b_waits_q <= b_there_i &&", "b_waits_q <= !b_waits_q &&"),
    "what is wrong was first": ("!b_step_i && !b_wrong_o", "!b_step_i"),
    "a lead without end": ("a_leads && !room", "1'b0"),
    "two ends in one cycle": ("a_end != b_end;", "a_end || b_end;"),
    "the leader is forgotten": ("b_leads_q <= b_end;", "b_leads_q <= 1'b0;"),
}


def simulate(folder: Path, old: str = "", new: str = "") -> str:
    """What the bench says, with something planted in the match."""
    if shutil.which("iverilog") is None:
        pytest.skip("needs iverilog")
    files = library(".sv")
    assert not old or files[MATCH].count(old) == 1, old
    for name, text in files.items():
        (folder / name).write_text(text.replace(old, new) if old and name == MATCH else text)
    # Modules are looked for by the names of their files.
    command = ["iverilog", "-g2012", "-s", "match_bench", "-o", "tb.vvp", "-y", ".", "-Y", ".sv"]
    done = subprocess.run(
        [*command, str(HERE / "match_bench.sv")], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = subprocess.run(["vvp", "-n", "tb.vvp"], cwd=folder, capture_output=True, text=True)
    return said.stdout + said.stderr


def test_no_step_ends_at_one_port_only(tmp_path: Path) -> None:
    said = simulate(tmp_path)
    assert "PASS" in said and "FAIL" not in said, said


@pytest.mark.parametrize("what", DEFECTS)
def test_a_defect_is_found(what: str, tmp_path: Path) -> None:
    said = simulate(tmp_path, *DEFECTS[what])
    assert "FAIL" in said, said
