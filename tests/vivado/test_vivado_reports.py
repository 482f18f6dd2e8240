"""Vivado's reports as they are read, of both versions and families, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_vivado import power, timing, utilization

from gatewright.boards import boards
from gatewright.boards.vivado.outcome import Reached, too_slow, usage
from gatewright.boards.vivado.reports import read_power, read_timing_summary, read_utilization

USED = {"lut": 4521.0, "ff": 6203.0, "bram": 7.5, "dsp": 66.0}
HAS = boards()["pynq-z2"].resources
VERSIONS = ("2022.2", "2024.1")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("plus", [False, True])
@pytest.mark.parametrize("state", ["Synthesized", "Routed", "Fully Routed"])
@pytest.mark.parametrize("prohibited", [False, True])
def test_utilization(version: str, plus: bool, state: str, prohibited: bool) -> None:
    text = utilization(version, USED, HAS, plus=plus, state=state, prohibited=prohibited)
    found = read_utilization(text)
    assert (found.version, found.state) == (version, state)
    assert found.used == USED and found.available == dict(HAS)


def test_half_a_block_ram_takes_a_whole_one() -> None:
    found = read_utilization(utilization("2024.1", USED, HAS))
    counts = usage(Reached(None, found, None, None), HAS)
    assert {name: use.used for name, use in counts.items()} == {
        "lut": 4521,
        "ff": 6203,
        "bram": 8,
        "dsp": 66,
    }


@pytest.mark.parametrize("row", ["Slice LUTs", "Slice Registers", "Block RAM Tile", "DSPs"])
def test_a_row_that_is_missing(row: str) -> None:
    text = utilization("2022.2", USED, HAS)
    with pytest.raises(ValueError, match="no row of"):
        read_utilization("\n".join(line for line in text.splitlines() if f"| {row} " not in line))


def test_a_head_that_is_missing() -> None:
    text = utilization("2022.2", USED, HAS)
    with pytest.raises(ValueError, match="no Tool Version"):
        read_utilization(text.replace("| Tool Version", "| Program"))
    with pytest.raises(ValueError, match="no Design State"):
        read_utilization(text.replace("| Design State", "| State"))


@pytest.mark.parametrize("version", VERSIONS)
def test_timing(version: str) -> None:
    found = read_timing_summary(timing(version))
    assert (found.wns_ns, found.whs_ns, found.met) == (0.412, 0.031, True)
    assert (found.tns_ns, found.failing, found.endpoints) == (0.0, 0, 21734)
    missed = read_timing_summary(timing(version, "-2.192", tns="-1894.230", failing=1875))
    assert (missed.wns_ns, missed.tns_ns, missed.failing) == (-2.192, -1894.23, 1875)
    assert not missed.met


@pytest.mark.parametrize("slacks", [("0.1", "-0.001", "1.0"), ("0.1", "0.1", "-0.5")])
def test_hold_and_pulse_widths_count(slacks: tuple[str, str, str]) -> None:
    assert not read_timing_summary(timing("2024.1", *slacks[:2], wpws=slacks[2])).met


@pytest.mark.parametrize("text", ["", "nothing", timing("2022.2").replace("0.412", "NA")])
def test_no_timing(text: str) -> None:
    with pytest.raises(ValueError, match="no "):
        read_timing_summary(text)


@pytest.mark.parametrize("version", VERSIONS)
def test_timing_that_was_cut(version: str) -> None:
    """Wherever it ends before its verdict, it says nothing; figures alone are no verdict."""
    text = timing(version)
    end = text.index("constraints are met.") + len("constraints are met.")
    for cut in range(0, end, 3):
        with pytest.raises(ValueError, match=r"^no |key|not enough"):
            read_timing_summary(text[:cut])
    assert read_timing_summary(text[:end]).met
    against = text.replace("All user specified timing", "Timing").replace("are met", "are not met")
    assert not read_timing_summary(against).met


@pytest.mark.parametrize("version", VERSIONS)
def test_power(version: str) -> None:
    found = read_power(power(version))
    assert (found.total, found.dynamic, found.static) == (1.731, 1.59, 0.141)
    assert found.confidence == "Medium"
    assert read_power(power(version, "12.300 (Junction temp exceeded!)")).total == 12.3


def test_no_power() -> None:
    with pytest.raises(ValueError, match="Confidence"):
        read_power(power("2022.2").replace("Confidence Level", "Confidence"))


@pytest.mark.parametrize(
    ("wns", "whs", "wpws", "remedy"),
    [
        ("-2.500", "0.031", "3.750", "Ask for --clock 80,"),
        ("0.412", "-0.050", "3.750", "No slower clock mends a hold time"),
        ("0.412", "0.031", "-0.100", "a pulse of it is too short"),
    ],
)
def test_what_a_missed_clock_asks_for(wns: str, whs: str, wpws: str, remedy: str) -> None:
    found = read_timing_summary(timing("2024.1", wns, whs, wpws=wpws))
    assert not found.met
    assert remedy in too_slow(boards()["pynq-z2"], 100, found, Path()).remedy
