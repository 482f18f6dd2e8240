"""Vivado's reports of utilization, timing and power, as 2022.2 and 2024.1 write them.

UG835 names the commands, UG906 and UG907 show what they print; columns come and go with the version
("Prohibited" since 2021.1), so they are found by their headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SITES = {
    "lut": ("Slice LUTs", "CLB LUTs"),
    "ff": ("Slice Registers", "CLB Registers"),
    "bram": ("Block RAM Tile",),
    "dsp": ("DSPs",),
}
"""What Vivado calls each resource, on 7 series and on UltraScale+."""
_VERSION = re.compile(r"^\| Tool Version\s*: Vivado v\.(\S+)", re.MULTILINE)
_STATE = re.compile(r"^\| Design State\s*: (\S.*?)\s*$", re.MULTILINE)
_SUMMARY = re.compile(r"^\| Design Timing Summary\s*$", re.MULTILINE)
_HEADINGS = re.compile(r"[A-Z]{3,4}\(ns\)|[A-Z]{3,4} (?:Failing|Total) Endpoints")
_NO_PATHS = "NA"
_MET = "All user specified timing constraints are met."
_VERDICT = re.compile(rf"^({re.escape(_MET)}|Timing constraints are not met\.)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Utilization:
    """What a design takes.

    Attributes:
        version: Of the tool.
        state: How far the design had come: "Synthesized", "Routed" or "Fully Routed".
        used: Of each resource, by our names; block RAMs in tiles, half a one being 0.5.
        available: In the device, by the same names.
    """

    version: str
    state: str
    used: dict[str, float]
    available: dict[str, int]


@dataclass(frozen=True)
class VivadoTiming:
    """The clock that was asked for, against what was reached.

    Attributes:
        wns_ns: Of the slowest path, what is left of the period.
        tns_ns: The sum of what is missing.
        failing: Endpoints that miss it.
        endpoints: All of them.
        whs_ns: Of the path that holds its value shortest, what is left.
        met: Whether setup, hold and pulse widths all are.
    """

    wns_ns: float
    tns_ns: float
    failing: int
    endpoints: int
    whs_ns: float
    met: bool


@dataclass(frozen=True)
class Power:
    """An estimate, in watts.

    Attributes:
        total: Of the chip; processor and all.
        dynamic: Of what switches.
        static: Of what leaks.
        confidence: Vivado's own, "Low", "Medium" or "High".
    """

    total: float
    dynamic: float
    static: float
    confidence: str


def read_utilization(text: str) -> Utilization:
    """Read a report of ``report_utilization``.

    Raises:
        ValueError: If it lacks a resource, or has no head.
    """
    used, available = {}, {}
    for row in _rows(text):
        name = row.get("Site Type", "").rstrip("*")
        resource = next((ours for ours, theirs in SITES.items() if name in theirs), None)
        if resource is not None and resource not in used:
            used[resource] = float(row["Used"])
            available[resource] = int(row["Available"])
    missing = sorted(SITES.keys() - used.keys())
    if missing:
        raise ValueError(f"no row of {', '.join(SITES[missing[0]])}")
    return Utilization(_found(_VERSION, text), _found(_STATE, text), used, available)


def read_timing_summary(text: str) -> VivadoTiming:
    """Read a report of ``report_timing_summary``.

    Raises:
        ValueError: If it has no summary, none with a clock, or no verdict behind it: it was cut.
    """
    begins = _SUMMARY.search(text)
    if begins is None:
        raise ValueError("no design timing summary")
    lines = iter(text[begins.end() :].splitlines())
    heads = next((line for line in lines if "WNS(ns)" in line), "")
    next(lines, "")
    values = next(lines, "").split()
    row = dict(zip(_HEADINGS.findall(heads), values, strict=False))
    if row.get("WNS(ns)", _NO_PATHS) == _NO_PATHS:
        raise ValueError("no path with a clock")
    verdict = _VERDICT.search(text, begins.end())
    if verdict is None:
        raise ValueError("no verdict behind the summary")
    slacks = [row[name] for name in ("WNS(ns)", "WHS(ns)", "WPWS(ns)")]
    positive = all(slack != _NO_PATHS and float(slack) >= 0 for slack in slacks)
    return VivadoTiming(
        wns_ns=float(row["WNS(ns)"]),
        tns_ns=float(row["TNS(ns)"]),
        failing=int(row["TNS Failing Endpoints"]),
        endpoints=int(row["TNS Total Endpoints"]),
        whs_ns=float(row["WHS(ns)"]),
        met=positive and verdict[1] == _MET,
    )


def read_power(text: str) -> Power:
    """Read a report of ``report_power``.

    Raises:
        ValueError: If it lacks a figure.
    """
    cells = dict(
        (name.strip(), value.strip())
        for name, value in re.findall(r"^\|([^|]+)\|([^|]+)\|\s*$", text, re.MULTILINE)
    )
    wanted = ("Total On-Chip Power (W)", "Dynamic (W)", "Device Static (W)", "Confidence Level")
    missing = [name for name in wanted if name not in cells]
    if missing:
        raise ValueError(f"no {missing[0]}")
    # "12.3 (Junction temp exceeded!)" says more than the figure.
    total, dynamic, static = (float(cells[name].split()[0]) for name in wanted[:3])
    return Power(total, dynamic, static, cells[wanted[3]])


def _rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of all tables, by the headings of theirs."""
    headings: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("+"):
            continue
        if not line.startswith("|") or len(cells) < 2:
            headings = []
        elif not headings:
            headings = cells
        elif len(cells) == len(headings):
            yield dict(zip(headings, cells, strict=True))


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise ValueError(f"no {pattern.pattern[4:].split(chr(92))[0]}")
    return match[1]
