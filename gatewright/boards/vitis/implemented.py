"""``export_impl.xml`` and ``export_syn.xml``: what Vivado made of the synthesized RTL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from gatewright.boards.vitis.csynth import period, text

EXPORT_XML = ("impl/report/verilog/export_impl.xml", "impl/report/verilog/export_syn.xml")
"""After place and route; after synthesis alone."""
_TAGS = {"lut": "LUT", "ff": "FF", "bram": "BRAM", "dsp": "DSP"}


@dataclass(frozen=True)
class Implementation:
    """The report.

    Attributes:
        routed: Whether the design was placed and routed, rather than synthesized only.
        achieved_ns: The shortest period that it keeps.
        met: Whether that is the one asked for, or shorter.
        used: Of each resource, by our names, block RAMs in halves.
    """

    routed: bool
    achieved_ns: float
    met: bool
    used: dict[str, int]


def read_export(path: Path) -> Implementation:
    """Read the report of ``export_design -flow``.

    Raises:
        OSError: If it cannot be opened.
        ElementTree.ParseError: If it is no XML.
        ValueError: If it lacks what the reports of 2022.2 have.
    """
    root = ElementTree.parse(path).getroot()
    return Implementation(
        routed=text(root, "RunData/RUN_TYPE") != "synth",
        achieved_ns=period(root, "TimingReport/AchievedClockPeriod"),
        met=text(root, "TimingReport/TIMING_MET") == "TRUE",
        used={n: int(text(root, f"AreaReport/Resources/{tag}")) for n, tag in _TAGS.items()},
    )
