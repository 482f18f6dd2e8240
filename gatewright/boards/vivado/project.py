"""The files of ``vivado/``: a script for each stage, constraints, and what a driver has to know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from gatewright.boards.description import Board, ProcessorBoard, ShellBoard
from gatewright.boards.families.xilinx import STRIDE
from gatewright.boards.top import PADS, constraints
from gatewright.boards.vivado.design import (
    CELL,
    IP_BYTES,
    LENGTH_BITS,
    VivadoDesign,
    address_map,
)

VIVADO_STAGES = ("ooc", "project", "implement", "bitstream", "export")
"""In order. The first stands by itself; each of the others goes on from the one before."""
VIVADO_FOLDER = "vivado"
DONE = "done"
"""The folder below it in which a script notes that it came to its end."""
UTILIZATION, TIMING, POWER = "utilization.rpt", "timing_summary.rpt", "power.rpt"
OOC_UTILIZATION, OOC_TIMING = "ooc_utilization.rpt", "ooc_timing_summary.rpt"
_WRITTEN = {".tcl", ".xdc", ".json", ".py"}
"""How the files end that ``vivado/`` has before anything has run there."""

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("gatewright.boards.vivado", "tcl"),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,
)


def has_results(folder: Path) -> bool:
    """Whether Vivado has run in a folder of a board: hours of work, by whomever.

    Raises:
        OSError: If it cannot be read.
    """
    below = folder / VIVADO_FOLDER
    return below.is_dir() and any(path.suffix not in _WRITTEN for path in below.iterdir())


def vivado_files(board: Board, design: VivadoDesign, mhz: float) -> dict[str, str]:
    """The scripts, by their names below ``vivado/``.

    Args:
        board: One with a processor, or with the pins of a UART.
        design: Its sources; the IP for the former, the whole of a shell for the latter.
        mhz: The clock.

    Raises:
        ValueError: For a board that is neither, or more ports than there are DMAs for.
    """
    facts: dict[str, Any] = {
        "board": board,
        "design": design,
        "mhz": f"{mhz:g}",
        "period": f"{1000 / mhz:.3f}",
        "stages": VIVADO_STAGES,
        "reports": (UTILIZATION, TIMING, POWER),
        "marks": DONE,
    }
    if isinstance(board, ProcessorBoard):
        added, files = _around_processor(board, design), {}
        kind = "block"
    elif isinstance(board, ShellBoard):
        added, files = {"top": PADS}, {"board.xdc": constraints(board)}
        kind = "shell"
    else:
        raise ValueError(f"{board.name} has neither a processor nor pins")
    facts |= added
    for stage in VIVADO_STAGES:
        template = f"project_{kind}" if stage == "project" else stage
        files[f"{stage}.tcl"] = _TEMPLATES.get_template(f"{template}.tcl.j2").render(facts)
    files["ooc.xdc"] = (
        f"create_clock -name clk -period {facts['period']} [get_ports {_clock(board)}]\n"
    )
    return files


def _clock(board: Board) -> str:
    return "clk_pad_i" if isinstance(board, ShellBoard) else "aclk"


def _around_processor(board: ProcessorBoard, design: VivadoDesign) -> Mapping[str, Any]:
    processor = board.processor
    found = address_map(processor, design)
    masters = [
        f"{dma.name}/{port}"
        for dma in found.dmas
        for stream, port in ((dma.reads, "M_AXI_MM2S"), (dma.writes, "M_AXI_S2MM"))
        if stream is not None
    ]
    added = {
        "processor": processor,
        "cell": CELL,
        "map": found,
        "masters": masters,
        "bd": f"{design.name}_bd",
        "top": f"{design.name}_bd_wrapper",
        "length_bits": LENGTH_BITS,
        "stride": STRIDE,
        "registers": IP_BYTES,
    }
    return added
