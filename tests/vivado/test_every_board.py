"""The digits for every vendor's board, by the two commands that a user types."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from commit_choice import drawn
from vivado_contract import faults
from vivado_model import Vivado
from vivado_projects import run_stages

from gatewright.boards import boards
from gatewright.boards.description import ProcessorBoard
from gatewright.cli.commands import main

BOARDS = boards()
COUNTED = {"LUT6": 4521, "FDRE": 6203, "DSP48E1": 66, "RAMB18E1": 13}
"""What stands in for yosys' count, which is made of real designs once a family elsewhere."""


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in yosys' place that counts the same of everything."""
    path = tmp_path / "yosys"
    text = json.dumps({"design": {"num_cells_by_type": COUNTED}})
    path.write_text(
        f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n"
        f"Path(sys.argv[-1]).with_name('cells.json').write_text({text!r})\n"
    )
    path.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(path))


@pytest.mark.parametrize("name", drawn(sorted(BOARDS), 2, "rotating"))
def test_compile_and_synth(
    name: str, tmp_path: Path, counted: None, record_property: Callable[[str, object], None]
) -> None:
    pytest.importorskip("brevitas", reason="needs brevitas")
    board, build = BOARDS[name], tmp_path / "digits"
    run = CliRunner().invoke
    result = run(main, ["compile", "examples/digits", "--board", name, "-o", str(build)])
    assert result.exit_code == 0, result.output
    result = run(main, ["synth", str(build), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["board"], report["device"]) == (name, board.part)
    assert report["commands"][0] == "cd vivado" and len(report["commands"]) == 6
    folder, vivado = build / "synth" / name, Vivado()
    assert run_stages(vivado, folder) == ""
    assert list(faults(vivado, board, folder)) == []
    made = {path.name for path in (folder / "vivado").iterdir()}
    ends = {"gatewright.bit"} | ({"gatewright.hwh"} if isinstance(board, ProcessorBoard) else set())
    assert ends <= made
    if isinstance(board, ProcessorBoard):
        told = json.loads((folder / "vivado" / "gatewright.json").read_text())
        compiled = json.loads((build / "ip" / "gatewright.json").read_text())
        assert told["digest"] == compiled["digest"] and told["addresses"]["board"] == name
        # However it is folded, words are what the driver was told.
        for key in ("inputs", "outputs", "registers", "results"):
            assert told[key] == compiled[key]
        driver = "gatewright_pynq.py"
        assert (folder / "vivado" / driver).read_bytes() == (build / "ip" / driver).read_bytes()
    record_property("board", name)
    record_property("part", board.part)
    record_property("commands of Vivado", len(vivado.calls))
    record_property("ends in", " and ".join(sorted(ends)))


def test_what_is_shown(tmp_path: Path, counted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder and a board: those of ``compile``."""
    pytest.importorskip("brevitas", reason="needs brevitas")
    model = Path("examples/digits").resolve()
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert run(main, ["compile", str(model), "--board", "zybo-z7-20"]).exit_code == 0
    shown = run(main, ["synth"]).output
    for words in ("Zybo Z7-20", "To run, in", "vivado -mode batch -source project.tcl", "never"):
        assert words in " ".join(shown.split()), shown
    assert run(main, ["check", "build/model"]).exit_code == 0


def test_a_board_of_ones_own(tmp_path: Path, counted: None) -> None:
    pytest.importorskip("brevitas", reason="needs brevitas")
    source = Path("gatewright/boards/pynq-z2.toml").read_text()
    path = tmp_path / "my-zynq.toml"
    path.write_text(source.replace("TUL PYNQ-Z2", "Mine").replace("tul.com.tw:pynq-z2:part0", ""))
    build, run = tmp_path / "digits", CliRunner().invoke
    result = run(main, ["compile", "examples/digits", "--board", str(path), "-o", str(build)])
    assert result.exit_code == 0, result.output
    assert run(main, ["synth", str(build)]).exit_code == 0
    folder, vivado = build / "synth" / "my-zynq", Vivado(presets=False)
    assert run_stages(vivado, folder) == ""
    assert "board_part" not in (folder / "vivado" / "project.tcl").read_text()
    assert run(main, ["check", str(build)]).exit_code == 0
    path.unlink()
    assert "GW-408" in run(main, ["synth", str(build)]).output
