"""Every board's file: complete, and of pads that its device has."""

import re
from dataclasses import replace
from itertools import chain

import pytest

from gatewright.boards import boards, open_boards
from gatewright.boards.catalogue import board_files, read_board, read_part
from gatewright.boards.families import OPEN_FAMILIES
from gatewright.boards.top import constraints

OPEN = open_boards()
NAMES = {
    "colorlight-i5",
    "ice40-up5k-evn",
    "icebreaker",
    "orangecrab",
    "tang-nano-20k",
    "tang-nano-9k",
    "ulx3s-85f",
}


PADS = {"ecp5": r"[A-Z]{1,2}\d{1,2}", "ice40": r"\d{1,2}", "gowin": r"\d{1,2}"}
"""What pads are called, by family."""


def pads(board):
    optional = [pin for pin in (board.reset, board.led) if pin is not None]
    return [board.clock.pin, board.rx, board.tx, *optional, *(tie.pin for tie in board.ties)]


def test_the_boards():
    assert set(OPEN) == NAMES
    assert set(boards()) == {"pynq-z2", "zcu104"}


@pytest.mark.parametrize("name", sorted(OPEN))
def test_every_pad_is_named_once(name):
    board = OPEN[name]
    pins = [pad.pin for pad in pads(board)]
    assert len(set(pins)) == len(pins)
    assert all(re.fullmatch(PADS[board.family.name], pin) for pin in pins)


@pytest.mark.parametrize("name", sorted(OPEN))
def test_standards_where_the_family_has_them(name):
    board = OPEN[name]
    standards = {pad.standard for pad in pads(board)}
    assert standards == {""} if board.family.name == "ice40" else "" not in standards


@pytest.mark.parametrize("name", sorted(OPEN))
def test_constraints_name_every_port_and_pad(name):
    board = OPEN[name]
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
