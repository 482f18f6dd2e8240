"""The kernel that Vitis HLS exported, as a project for Vivado takes it in place of our core."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gatewright.boards.report import SYNTH_JSON
from gatewright.boards.vitis.request import SOLUTION
from gatewright.errors import GatewrightError
from gatewright.files.reading import MAX_FACTS, read_bytes, read_json
from gatewright.hls_templates import Design
from gatewright.hls_templates.project.names import Names

CORES = ("rtl", "hls")
"""What computes in a design: our SystemVerilog, or what Vitis HLS made of the C++."""
EXPORTED = f"{SOLUTION}/impl/ip/hdl/verilog"
"""Where an export leaves the Verilog of the IP, unzipped (UG1399, Output of RTL Export)."""
KERNEL_FOLDER = "kernel"
"""The copy of it in the folder of a board."""
VERILOG, MEMORIES = (".v", ".sv", ".vh"), (".dat",)
MAX_FILE = 1 << 26
FLAG_BITS = (1, 8)
"""A ``bool&`` has one of these in the Verilog; what counts is the lowest."""

Meant = tuple[str, tuple[int, ...]]
"""Direction, and the widths that there may be."""


@dataclass(frozen=True)
class ExportedKernel:
    """What was exported.

    Attributes:
        files: Verilog and the memories' contents, by name.
        multipliers: The budget of its fold.
        steps: Time steps of the sequence that ``cycles`` is of.
        cycles: Predicted for it.
    """

    files: Mapping[str, str]
    multipliers: int
    steps: int
    cycles: int

    @property
    def sources(self) -> list[str]:
        """Paths of the Verilog in the folder of a board."""
        return [f"{KERNEL_FOLDER}/{name}" for name in sorted(self.files) if name.endswith(VERILOG)]

    @property
    def memories(self) -> list[str]:
        """Paths of the memories' contents."""
        return [f"{KERNEL_FOLDER}/{name}" for name in sorted(self.files) if name.endswith(MEMORIES)]


def has_export(folder: Path) -> bool:
    """Whether Vitis HLS exported a kernel in a folder of a board.

    Raises:
        OSError: If it cannot be read.
    """
    return (folder / EXPORTED).is_dir()


def read_kernel(place: Path, names: Names, design: Design, first: str) -> ExportedKernel:
    """The kernel in the folder of a board, as it was exported there or as a project has it.

    Args:
        place: The folder of the board.
        names: Of the build.
        design: The build's, at any fold: the ports are the same.
        first: The command that makes it.

    Raises:
        GatewrightError: GW-806 where there is none, or it has other ports; GW-402 if a file cannot
            be read.
    """
    top = f"{names.kernel}.v"
    folders = (place / EXPORTED, place / KERNEL_FOLDER)
    folder = next((path for path in folders if (path / top).is_file()), None)
    if folder is None or not (place / SYNTH_JSON).is_file():
        raise GatewrightError(
            "GW-806",
            where=str(place / EXPORTED / top),
            cause="there is no kernel that Vitis HLS exported.",
            remedy=f"Run {first} before, with its stage export; or leave --core out.",
        )
    again = f"Run {first} again."
    found = sorted(p.name for p in folder.iterdir() if p.name.endswith((*VERILOG, *MEMORIES)))
    files = {
        name: read_bytes(folder, name, MAX_FILE, again).decode(errors="replace") for name in found
    }
    odd = (f"a script cannot name {n!r}" for n in found if not re.fullmatch(r"[\w.-]+", n))
    wrong = next(odd, "") or next(differences(files[top], names.kernel, kernel_ports(design)), "")
    if wrong:
        raise GatewrightError("GW-806", where=str(folder / top), cause=f"{wrong}.", remedy=again)
    facts = read_json(place, SYNTH_JSON, MAX_FACTS, again)
    return ExportedKernel(files, *(int(facts[name]) for name in ("multipliers", "steps", "cycles")))


def kernel_ports(design: Design) -> dict[str, Meant]:
    """The ports that UG1399 documents for what ``top.cpp`` says of them, by name."""
    found: dict[str, Meant] = {name: ("input", (1,)) for name in ("ap_clk", "ap_rst_n", "ap_start")}
    found |= {name: ("output", (1,)) for name in ("ap_done", "ap_idle", "ap_ready")}
    for ends, there, back in (
        (design.inputs, "input", "output"),
        (design.outputs, "output", "input"),
    ):
        for end in ends:
            bits = {"TDATA": end.word_bits, "TKEEP": end.word_bits // 8, "TLAST": 1, "TVALID": 1}
            bits["TSTRB"] = bits["TKEEP"]
            if there == "input":
                bits["TUSER"] = 1
            found |= {f"{end.name}_{name}": (there, (width,)) for name, width in bits.items()}
            found[f"{end.name}_TREADY"] = (back, (1,))
    for flag in (*design.flags, *design.framing):
        found[flag], found[f"{flag}_ap_vld"] = ("output", FLAG_BITS), ("output", (1,))
    return found


def verilog_ports(text: str, module: str) -> dict[str, tuple[str, int]] | None:
    """Direction and width of the ports of a module, in either style; None where there is none."""
    plain = re.sub(r"//[^\n]*|/\*.*?\*/|\(\*.*?\*\)", " ", text, flags=re.DOTALL)
    body = re.search(rf"\bmodule\s+{module}\b(.*?)\bendmodule\b", plain, re.DOTALL)
    if body is None:
        return None
    form = r"\b(input|output|inout)\b\s*(?:wire\b|reg\b)?\s*(?:\[\s*(\d+)\s*:\s*0\s*\])?\s*(\w+)"
    return {name: (way, int(high or 0) + 1) for way, high, name in re.findall(form, body[1])}


def differences(text: str, module: str, wanted: Mapping[str, Meant]) -> Iterator[str]:
    """What of a module is not as its adapter takes it to be."""
    found = verilog_ports(text, module)
    if found is None:
        yield f"it has no module {module}"
        return
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"{module} has no port {name}"
        elif name not in wanted:
            yield f"{module} has a port {name}, which this build's kernel has not"
        else:
            (way, bits), (meant, widths) = found[name], wanted[name]
            if way != meant:
                yield f"{name} is an {way}, and has to be an {meant}"
            if bits not in widths:
                yield f"{name} has {bits} bits, and has to have {widths[0]}"
