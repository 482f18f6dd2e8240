"""The FIFO between kernels, proven by induction; and a broken one, refuted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench import HERE, LIBRARY
from yosys import run_yosys

PROOF = """
read_slang -j 1 --top fifo_proof -G DEPTH={depth} fifo_proof.sv gw_fifo.sv gw_skid.sv gw_ram.sv
prep -flatten -top fifo_proof
memory_map
chformal -lower
select -assert-min 7 t:$assert
sat -verify -prove-asserts -set-assumes -tempinduct -seq 1 -maxsteps 8
"""


def prove(depth: int, folder: Path, edit: tuple[str, str, str] | None = None) -> tuple[bool, str]:
    """Whether the proof succeeds, after a change of one module; and what Yosys said."""
    shutil.copy(HERE / "formal" / "fifo_proof.sv", folder)
    for name in ("gw_fifo", "gw_skid", "gw_ram"):
        text = (LIBRARY / "lib" / f"{name}.sv").read_text()
        if edit and edit[0] == name:
            assert text.count(edit[1]) >= 1
            text = text.replace(edit[1], edit[2], 1)
        (folder / f"{name}.sv").write_text(text)
    done = run_yosys(PROOF.format(depth=depth), folder)
    said = done.stdout + done.stderr
    proven = "Induction step proven: SUCCESS!" in said
    assert proven == (done.returncode == 0), said
    assert proven or "SAT temporal induction proof finished - model found" in said, said
    return proven, said


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_no_beat_is_lost_doubled_reordered_or_changed(depth: int, tmp_path: Path) -> None:
    proven, said = prove(depth, tmp_path)
    assert proven, said


BROKEN = {
    "half: takes when full": (1, "gw_fifo", "if (ready_o) data_q", "if (valid_i) data_q"),
    "half: given twice": (1, "gw_fifo", "valid_q ? !ready_i", "valid_q ? 1'b1"),
    "skid: spare is forgotten": (2, "gw_skid", "spare_valid_q ? spare_q : data_i", "data_i"),
    "skid: head is overwritten": (2, "gw_skid", "ready_i || !head_valid_q", "1'b1"),
    "skid: spare is overwritten": (2, "gw_skid", "if (ready_o) spare_q", "if (valid_i) spare_q"),
    "ram: overrun": (4, "gw_fifo", "CountBits'(DEPTH);", "CountBits'(DEPTH + 1);"),
    "ram: one less": (4, "gw_fifo", "CountBits'(DEPTH);", "CountBits'(DEPTH - 1);"),
    "ram: no stall": (4, "gw_fifo", "(!valid_q || ready_i)", "1'b1"),
    "ram: wraps late": (3, "gw_fifo", "AddrBits'(DEPTH - 1) ?", "AddrBits'(DEPTH) ?"),
    "ram: output is dropped": (4, "gw_fifo", "read || (valid_q && !ready_i)", "read"),
    "ram: output moves": (4, "gw_ram", "if (read_i) read_data_o", "read_data_o"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_is_refuted(name: str, tmp_path: Path) -> None:
    depth, *edit = BROKEN[name]
    module, old, new = edit
    proven, _ = prove(depth, tmp_path, (module, old, new))
    assert not proven
