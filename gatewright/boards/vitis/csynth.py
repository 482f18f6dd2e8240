"""``csynth.xml``: what Vitis HLS says of a design that it has scheduled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

CSYNTH_XML = "syn/report/csynth.xml"
RESOURCE_TAGS = {"lut": "LUT", "ff": "FF", "bram": "BRAM_18K", "dsp": "DSP"}
"""Our names of resources; block RAMs come in halves of 18 kbit."""


@dataclass(frozen=True)
class HlsLoop:
    """A loop as it was scheduled; None where the tool says nothing, or that it depends.

    Attributes:
        name: Its label, or one that the tool made of its line.
        trips: How often it runs.
        interval: Cycles from one pass to the next; None if it is no pipeline.
        depth: Cycles of a pass, from its first operation to its last.
    """

    name: str
    trips: int | None
    interval: int | None
    depth: int | None


@dataclass(frozen=True)
class HlsModule:
    """A function as it was scheduled.

    Attributes:
        name: Of its RTL module.
        cycles: The most that a call takes; None where that depends on what it reads.
        loops: Those in it, inner ones too.
    """

    name: str
    cycles: int | None
    loops: tuple[HlsLoop, ...]


@dataclass(frozen=True)
class Scheduled:
    """The report.

    Attributes:
        version: Of the tool.
        target_ns: Period that was asked for.
        uncertainty_ns: What of it was left to place and route.
        estimated_ns: The slowest path, estimated.
        used: Of each resource, by our names, block RAMs in halves; estimated.
        modules: Of the design, the top among them.
        not_taken: Pragmas that the tool did not take, with their places.
    """

    version: str
    target_ns: float
    uncertainty_ns: float
    estimated_ns: float
    used: dict[str, int]
    modules: tuple[HlsModule, ...]
    not_taken: tuple[str, ...]


def read_csynth(path: Path) -> Scheduled:
    """Read the report of C synthesis.

    Raises:
        OSError: If it cannot be opened.
        ElementTree.ParseError: If it is no XML.
        ValueError: If it lacks what the reports of 2020.2 to 2024.1 have.
    """
    root = ElementTree.parse(path).getroot()
    given = "UserAssignments"
    return Scheduled(
        version=text(root, "ReportVersion/Version"),
        target_ns=period(root, f"{given}/TargetClockPeriod"),
        uncertainty_ns=float(text(root, f"{given}/ClockUncertainty")),
        estimated_ns=period(
            root, "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod"
        ),
        used={
            name: int(text(root, f"AreaEstimates/Resources/{tag}"))
            for name, tag in RESOURCE_TAGS.items()
        },
        modules=tuple(_module(each) for each in root.iterfind("ModuleInformation/Module")),
        not_taken=tuple(_not_taken(root)),
    )


def text(node: Element, path: str) -> str:
    """What stands at a place.

    Raises:
        ValueError: If nothing does.
    """
    found = node.findtext(path)
    if found is None or not found.strip():
        raise ValueError(f"it has no {path}")
    return found.strip()


def period(node: Element, path: str) -> float:
    """Nanoseconds of a clock.

    Raises:
        ValueError: If there are none, or not more than 0.
    """
    found = float(text(node, path))
    if not found > 0:
        raise ValueError(f"its {path} is {found}")
    return found


def _module(node: Element) -> HlsModule:
    estimates = "PerformanceEstimates/SummaryOf"
    loops = node.find(f"{estimates}LoopLatency")
    return HlsModule(
        text(node, "Name"),
        _number(node, f"{estimates}OverallLatency/Worst-caseLatency"),
        () if loops is None else tuple(_loops(loops)),
    )


def _loops(node: Element) -> Iterator[HlsLoop]:
    """A loop is an element of its name; those inside it lie among its figures."""
    for each in node:
        if each.find("TripCount") is not None or each.find("Latency") is not None:
            yield HlsLoop(
                each.tag,
                _number(each, "TripCount"),
                _number(each, "PipelineII"),
                _number(each, "PipelineDepth"),
            )
            yield from _loops(each)


def _number(node: Element, path: str) -> int | None:
    """A figure, of a range the larger one; None for a word or nothing."""
    found = (node.findtext(f"{path}/range/max") or node.findtext(path) or "").split()
    return int(found[-1]) if found and found[-1].isdecimal() else None


def _not_taken(root: Element) -> Iterator[str]:
    for pragma in root.iterfind("PragmaReport/Pragma"):
        if pragma.get("status") != "valid":
            words = (pragma.get(key, "") for key in ("type", "options"))
            yield f"{pragma.get('location', '')}: {' '.join(filter(None, words))}"
