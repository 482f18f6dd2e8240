"""What the counts of a board say of the other parts of its family."""

from __future__ import annotations

from typing import Any

import pytest

from gatewright.boards.catalogue import boards
from gatewright.boards.report import Attempt, too_large
from gatewright.boards.usage import Usage
from gatewright.boards.verdicts import verdicts


def counted(board: str, *folds: tuple[int, dict[str, int]]) -> list[Attempt]:
    has = boards()[board].resources
    attempts = []
    for multipliers, used in folds:
        usage = {name: Usage(used.get(name, 1), has[name]) for name in has}
        attempts.append(Attempt(multipliers, not too_large(usage), usage))
    return attempts


def said(board: str, *folds: tuple[int, dict[str, int]]) -> str:
    return verdicts(boards()[board], counted(board, *folds))


def test_each_part_gets_the_largest_fold_that_fits_it() -> None:
    """The fold that is too large for the board itself may fit another one."""
    folds = {512: 1500, 256: 700, 128: 300}
    got = said("zcu104", *((n, {"dsp": dsp}) for n, dsp in folds.items()))
    told = {}
    for part in got.removesuffix(".").partition(": ")[2].split("; "):
        count, _, names = part.partition(" multipliers fit ")
        told |= dict.fromkeys(names.split(", "), int(count))
    has = {n: b.resources["dsp"] for n, b in boards().items() if alike(n, "zcu104")}
    assert told == {
        name: max(n for n, dsp in folds.items() if dsp <= most) for name, most in has.items()
    }
    assert len(set(told.values())) == len(folds)


def alike(name: str, other: str) -> bool:
    known: dict[str, Any] = boards()
    return type(known[name]) is type(known[other]) and known[name].family == known[other].family


@pytest.mark.parametrize("board", ["pynq-z2", "zcu104", "arty-a7-100t"])
def test_only_boards_of_the_same_kind_are_told_of(board: str) -> None:
    """Other families have other cells, and other kinds another design around the kernels."""
    got = said(board, (8, {}))
    names = {name for name in boards() if f" {name}," in got or f" {name}." in got}
    assert names == {name for name in boards() if alike(name, board)}


def test_no_fold_that_was_not_counted_is_named() -> None:
    got = said("arty-a7-100t", (64, {"lut": 70_000}), (32, {"lut": 30_000}))
    assert "32 multipliers fit arty-a7-100t" in got
    assert "32 do not fit" in got and "cmod-a7-35t (144% of the LUTs)" in got
    assert "16" not in got.replace("cmod-a7-35t", "") and "where synth counts smaller folds" in got


@pytest.mark.parametrize(
    ("used", "shown"), [(0, "0%"), (1, "<1%"), (4, "<1%"), (5, "<1%"), (6, "1%"), (1_001, "100%")]
)
def test_a_little_is_not_shown_as_nothing(used: int, shown: str) -> None:
    assert Usage(used, 1_000).percent == shown
