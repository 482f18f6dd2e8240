"""Every board's file: complete, and of pads that its device has."""

import json
import os
import re
from dataclasses import replace
from itertools import chain

import pytest
from click.testing import CliRunner

from gatewright.boards import ProcessorBoard, ShellBoard, boards, listing, open_boards
from gatewright.boards.catalogue import board_files, read_board, read_file, read_part
from gatewright.boards.families import OPEN_FAMILIES
from gatewright.boards.listing import facts
from gatewright.boards.top import constraints
from gatewright.boards.vivado.design import VivadoDesign
from gatewright.boards.vivado.project import vivado_files
from gatewright.builds.targets import find_board, find_target
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError

OPEN = open_boards()
PINNED = {**OPEN, **{n: b for n, b in boards().items() if isinstance(b, ShellBoard)}}
NAMES = {
    "colorlight-i5",
    "ice40-up5k-evn",
    "icebreaker",
    "orangecrab",
    "tang-nano-20k",
    "tang-nano-9k",
    "ulx3s-85f",
}


VENDORS = {
    "arty-a7-100t",
    "arty-a7-35t",
    "arty-z7-20",
    "basys3",
    "cmod-a7-35t",
    "kr260",
    "kv260",
    "pynq-z1",
    "pynq-z2",
    "rfsoc4x2",
    "ultra96-v2",
    "zcu102",
    "zcu104",
    "zcu111",
    "zybo-z7-20",
}
PADS = {
    **dict.fromkeys(("ecp5", "xc7"), r"[A-Z]{1,2}\d{1,2}"),
    **dict.fromkeys(("ice40", "gowin"), r"\d{1,2}"),
}
"""What pads are called, by family."""
PROCESSOR = ("processor", "board_part", "fabric_mhz", "crystal_mhz")


def pads(board):
    optional = [pin for pin in (board.reset, board.led) if pin is not None]
    return [board.clock.pin, board.rx, board.tx, *optional, *(tie.pin for tie in board.ties)]


def test_the_boards():
    assert set(OPEN) == NAMES
    assert set(boards()) == VENDORS


@pytest.mark.parametrize("name", sorted(PINNED))
def test_every_pad_is_named_once(name):
    board = PINNED[name]
    pins = [pad.pin for pad in pads(board)]
    assert len(set(pins)) == len(pins)
    assert all(re.fullmatch(PADS[board.family.name], pin) for pin in pins)


@pytest.mark.parametrize("name", sorted(PINNED))
def test_standards_where_the_family_has_them(name):
    board = PINNED[name]
    standards = {pad.standard for pad in pads(board)}
    assert standards == {""} if board.family.name == "ice40" else "" not in standards


@pytest.mark.parametrize("name", sorted(PINNED))
def test_constraints_name_every_port_and_pad(name):
    board = PINNED[name]
    text = constraints(board)
    for pad in pads(board):
        assert re.search(rf"\b{pad.pin}\b", text)
    ports = set(re.findall(r"\b\w+_(?:pad_)?[io]\b", text))
    assert len(ports) == len(pads(board))


@pytest.mark.parametrize("name", sorted(OPEN))
def test_device_and_budgets(name):
    board = OPEN[name]
    assert board.family in OPEN_FAMILIES.values()
    assert all(count > 0 for count in board.resources.values())
    assert 0 < board.multipliers <= board.resources["dsp"]
    assert board.loader and board.serial.endswith(".") and board.title
    assert board.clock.mhz > 0 and board.clock.target_mhz > 0


def test_a_reset_or_led_is_no_must():
    board = replace(OPEN["ulx3s-85f"], reset=None, led=None, ties=())
    text = constraints(board)
    assert text.count("LOCATE") == 3


@pytest.mark.parametrize("key", ["clock", "uart", "pll", "family", "resources", "loader"])
def test_a_missing_key_is_refused(key):
    data = {k: v for k, v in board_files()["icebreaker"].items() if k != key}
    with pytest.raises(ValueError, match=r"icebreaker\.toml"):
        read_board("icebreaker", data)


@pytest.mark.parametrize("extra", [{"colour": "red"}, {"family": "xc9"}, {"resources": {"lut": 1}}])
def test_a_wrong_key_is_refused(extra):
    with pytest.raises(ValueError, match=r"icebreaker\.toml"):
        read_board("icebreaker", board_files()["icebreaker"] | extra)


def test_keys_of_both_kinds_of_files_are_used_up():
    used = set(chain.from_iterable(board_files().values()))
    assert "part" in used and "nextpnr" in used


@pytest.mark.parametrize(
    "extra", [{"colour": "red"}, {"family": "ecp5"}, {"resources": {"lut": 1}}]
)
def test_a_wrong_key_of_a_part_is_refused(extra):
    with pytest.raises(ValueError, match=r"pynq-z2\.toml"):
        read_part("pynq-z2", board_files()["pynq-z2"] | extra)


def written(folder, name, **changes):
    """A file of one's own, made of one that comes along."""
    path = folder / f"{name}.toml"
    lines = {**board_files()["basys3"], **changes}
    tables = {key: value for key, value in lines.items() if isinstance(value, dict)}
    text = [f"{key} = {json.dumps(value)}" for key, value in lines.items() if key not in tables]
    for key, table in tables.items():
        text += [f"[{key}]", *(f"{k} = {json.dumps(v)}" for k, v in table.items())]
    path.write_text("\n".join(text) + "\n")
    return path


def test_a_file_of_ones_own(tmp_path):
    board = read_file(written(tmp_path, "my-board", title="Mine"))
    assert (board.name, board.title, board.rx.pin) == ("my-board", "Mine", "B18")
    given = find_target(str(tmp_path / "my-board.toml"))
    assert given == board == find_board(str(tmp_path / "my-board.toml"))


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("basys3", {}, "comes with Gatewright"),
        ("My Board", {}, "lower case"),
        ("mine", {"part": "xc7a35t; exec rm"}, "letters, digits"),
        ("mine", {"uart": {"rx": "B18", "tx": "A18]", "standard": "LVCMOS33"}}, "letters, digits"),
        ("mine", {"clock_ns": 0}, "above 0"),
        ("mine", {"resources": {"lut": 1}}, "resources have to be"),
        ("mine", {"resources": dict.fromkeys(("lut", "ff", "bram", "dsp"), 0)}, "count above 0"),
        ("mine", {"processor": "zynqmp"}, "none of zynq7"),
        ("mine", {"family": "xc9"}, "none of xc7, xcup"),
        ("mine", {"title": "two\nlines"}, "line of text"),
        ("mine", {"colour": "red"}, "colour"),
    ],
)
def test_a_file_that_is_no_boards(name, changes, said, tmp_path):
    path = written(tmp_path, name, **changes)
    with pytest.raises(GatewrightError, match="GW-408") as caught:
        find_target(str(path))
    assert said in caught.value.cause, caught.value


def test_a_file_that_cannot_be_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")  # which would be waited for
    (tmp_path / "long.toml").write_bytes(b"#" * 70_000)
    (tmp_path / "bad.toml").write_bytes(b"title = \xff")
    for name in ("missing.toml", "pipe.toml", "long.toml", "bad.toml"):
        with pytest.raises(GatewrightError, match="GW-408"):
            find_target(str(tmp_path / name))


@pytest.mark.parametrize("name", sorted({**OPEN, **boards()}))
def test_what_is_known_and_what_is_not(name):
    board = {**OPEN, **boards()}[name]
    told = facts(board)
    assert json.loads(json.dumps(told)) == told
    assert told["known"] and listing.NEVER_RUN in told["unknown"]
    assert set(told["flows"]) == ({"open"} if name in OPEN else {"count", "vivado", "vitis"})
    assert bool(told["processor"]) == isinstance(board, ProcessorBoard)
    assert (listing.NO_TIMING in told["unknown"]) == (name in VENDORS)
    assert bool(told["sources"]) == (name in VENDORS)


def test_boards_on_the_command_line(tmp_path):
    result = CliRunner().invoke(main, ["boards", "--json"])
    assert [board["name"] for board in json.loads(result.stdout)["boards"]] == [*boards(), *OPEN]
    table = CliRunner().invoke(main, ["boards"]).output
    assert all(name in table for name in (*VENDORS, *NAMES)) and "…" not in table
    own = str(written(tmp_path, "my-board", title="Mine"))
    told = CliRunner().invoke(main, ["boards", "--board", own]).output
    assert "Mine" in told and "unknown:" in told
    assert CliRunner().invoke(main, ["boards", "--board", "none"]).exit_code == 2


def test_a_part_alone_is_counted_for_and_has_no_project():
    data = {k: v for k, v in board_files()["pynq-z2"].items() if k not in PROCESSOR}
    board = read_part("bare", data)
    assert listing.flows(board) == ["count", "vitis"]
    assert "processor or pins" in listing.unknown(board)
    with pytest.raises(ValueError, match="neither"):
        vivado_files(board, VivadoDesign("n", "n_ip", (), (), "N_ROM_DIR"), 100.0)
