"""The scripts of ``vivado/`` for every board, under a model of Vivado's documented commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from vivado_contract import faults
from vivado_devices import BOARD_FILES, RESOURCES
from vivado_ip import module_shape
from vivado_model import Vivado
from vivado_projects import TABLE, run_stages, small, wrapper, written

from gatewright.boards import boards
from gatewright.boards.description import ProcessorBoard
from gatewright.boards.vivado.design import IpStream

BOARDS = boards()


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_every_board(name: str, tmp_path: Path) -> None:
    board, vivado = BOARDS[name], Vivado()
    folder = written(board, tmp_path)
    assert run_stages(vivado, folder) == ""
    assert list(faults(vivado, board, folder)) == []
    made = {path.name for path in (folder / "vivado").iterdir()}
    assert "gatewright.bit" in made
    assert ("gatewright.hwh" in made) == isinstance(board, ProcessorBoard)
    assert {path.name for path in (folder / "vivado" / "done").iterdir()} == {
        "ooc",
        "project",
        "implement",
        "bitstream",
        "export",
    }


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_devices_are_those_of_the_data_sheets(name: str) -> None:
    board = BOARDS[name]
    assert tuple(board.resources.values()) == RESOURCES[board.part]
    if isinstance(board, ProcessorBoard):
        assert BOARD_FILES[board.board_part] == board.part


@pytest.mark.parametrize(("ins", "outs"), [((8, 64), (512,)), ((32,), (8, 16, 64)), ((8,), (8,))])
@pytest.mark.parametrize("name", ["pynq-z2", "zcu104"])
def test_ports_of_all_counts_and_widths(
    name: str, ins: tuple[int, ...], outs: tuple[int, ...], tmp_path: Path
) -> None:
    board, vivado = BOARDS[name], Vivado()
    folder = written(board, tmp_path, small(ins, outs))
    assert run_stages(vivado, folder, ["project"]) == ""
    assert list(faults(vivado, board, folder)) == []
    assert sum(cell.kind == "axi_dma" for cell in vivado.bd.cells.values()) == max(
        len(ins), len(outs)
    )


@pytest.mark.parametrize("name", ["arty-z7-20", "pynq-z1", "pynq-z2", "zybo-z7-20"])
def test_a_crystal_is_told_where_the_files_of_the_board_are_missing(
    name: str, tmp_path: Path
) -> None:
    board, vivado = BOARDS[name], Vivado(presets=False)
    folder = written(board, tmp_path)
    script = folder / "vivado" / "project.tcl"
    text = script.read_text()
    assert 'puts "CRITICAL WARNING: ' in text
    script.write_text(text.replace("CONFIG.PCW_CRYSTAL_PERIPHERAL_FREQMHZ", "NAME #"))
    assert "property" in run_stages(vivado, folder, ["project"])
    script.write_text(text.replace("if {!$preset} { set_property", "if {$preset} { set_property"))
    vivado = Vivado(presets=False)
    assert run_stages(vivado, folder, ["project"]) == ""
    assert [check for check, _ in faults(vivado, board, folder)] == ["rate"]


def test_without_files_and_crystal(tmp_path: Path) -> None:
    board = BOARDS["pynq-z2"]
    assert isinstance(board, ProcessorBoard)
    folder = written(replace(board, crystal_mhz=None), tmp_path)
    said = run_stages(Vivado(presets=False), folder, ["project"])
    assert "Vivado has no files of pynq-z2" in said and "crystal_mhz" in said
    assert run_stages(Vivado(), folder, ["project"]) == ""


@pytest.mark.parametrize("name", ["pynq-z1", "pynq-z2", "arty-z7-20", "zybo-z7-20", "kv260"])
def test_without_the_files_of_the_board(name: str, tmp_path: Path) -> None:
    """The processor is set by its part, with the clock and ports of our own file."""
    board, vivado = BOARDS[name], Vivado(presets=False)
    folder = written(board, tmp_path)
    assert run_stages(vivado, folder) == ""
    assert list(faults(vivado, board, folder)) == []
    assert vivado.bd.cells["ps"].automated["apply_board_preset"] == "0"


@pytest.mark.parametrize("name", ["pynq-z2", "zcu104", "basys3"])
def test_a_folder_that_moves(name: str, tmp_path: Path) -> None:
    """``synth`` renames it, and users copy it: the tables are found where they are by then."""
    board, vivado = BOARDS[name], Vivado()
    folder = written(board, tmp_path / "tried")
    assert run_stages(vivado, folder, ["project"]) == ""
    moved = folder.rename(tmp_path / "moved")
    assert run_stages(vivado, moved, ["implement"]) == ""
    assert list(faults(vivado, board, moved)) == []
    again = moved.rename(tmp_path / "again")
    assert run_stages(vivado, again, ["implement", "bitstream", "export"]) == ""
    assert (again / "vivado" / "gatewright.bit").is_file()


def test_a_table_that_went(tmp_path: Path) -> None:
    vivado, folder = Vivado(), written(BOARDS["pynq-z2"], tmp_path)
    assert run_stages(vivado, folder, ["project"]) == ""
    (folder / "rtl" / TABLE).unlink()
    said = run_stages(vivado, folder, ["implement"])
    assert said.startswith(f"implement: rtl/{TABLE} is missing"), said


@pytest.mark.parametrize("name", ["a b", "a [b]*?"])
def test_a_path_with_signs(name: str, tmp_path: Path) -> None:
    board, vivado = BOARDS["pynq-z2"], Vivado()
    folder = written(board, tmp_path / name)
    assert run_stages(vivado, folder) == ""
    assert list(faults(vivado, board, folder)) == []


@pytest.mark.parametrize("slack", [("-0.001", "0.1"), ("0.1", "-0.2")])
def test_no_bitstream_where_the_clock_is_missed(slack: tuple[str, str], tmp_path: Path) -> None:
    folder = written(BOARDS["basys3"], tmp_path)
    said = run_stages(Vivado(slack=slack), folder)
    assert said.startswith("bitstream: ") and "the clock is not met" in said
    assert not (folder / "vivado" / "gatewright.bit").exists()
    assert (folder / "vivado" / "done" / "implement").exists()


def test_the_wrapper_of_these_tests_has_the_ports_of_the_real_one() -> None:
    real = Path("tests/snapshot/emitted/ip/gatewright_ip.v").read_text()
    found = module_shape(real, "gatewright_ip")
    widths = {name: face.bits for name, face in found.interfaces.items()}
    ins, outs = (
        [IpStream(name, bits) for name, bits in widths.items() if name.startswith(prefix)]
        for prefix in ("s_axis", "m_axis")
    )
    assert found == module_shape(wrapper(ins, outs), "gatewright_ip")
    assert ins and outs and set(found.pins) == {"aclk", "aresetn", "interrupt"}
