"""What a project of ours has to be, beyond what Vivado takes: rules, each with its name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from vivado_ip import AXIS
from vivado_model import NO_TABLE, Vivado

from gatewright.boards.description import Board, ProcessorBoard

Fault = tuple[str, str]
PRIVATE = {"c_include_sg": "0", "c_sg_length_width": "26"}
UNALIGNED = {"c_include_mm2s_dre": "0", "c_include_s2mm_dre": "0"}


def faults(vivado: Vivado, board: Board, folder: Path) -> Iterator[Fault]:
    """Everything that is wrong with the project of a folder, after ``project.tcl`` has run."""
    (project,) = (p for path, p in vivado.saved.items() if path != "memory")
    vivado.project = project
    if project["part"] != board.part:
        yield "board-part", f"the project is of {project['part']}"
    if project["zeros"]:
        yield "zeros", f"{project['zeros']} was not found, and zeros were made"
    if project["messages"].get(NO_TABLE) != "ERROR":
        yield "message", "a table that is missing is no error"
    yield from _sources(project, folder)
    if isinstance(board, ProcessorBoard):
        facts = json.loads((folder / "vivado" / "gatewright.json").read_text())["addresses"]
        yield from _processor(vivado, board, facts)
        yield from _dma(vivado, facts)
        yield from _framing(vivado)
        yield from _interrupts(vivado, facts, board)
        yield from _addresses(vivado, facts, board)
        told = vivado.bd.cells["gatewright_0"].parameters.get("ROM_DIR")
        if told != f"{(folder / 'rtl').resolve()}/":
            yield "table-parameter", f"the design looks for tables in {told}"
        if project["checkpoint"] != "None":
            yield "checkpoint", "modules are synthesized where the tables are not found"
        if project["top"] != f"{vivado.bd.name}_wrapper":
            yield "project-top", f"the top is {project['top']}"


def _sources(project: dict, folder: Path) -> Iterator[Fault]:
    have = {Path(path) for path in project["files"]}
    used = (
        (folder / "ip" / "ip.f", "ip")
        if (folder / "ip" / "ip.f").is_file()
        else (folder / "rtl" / "sources.f", "rtl")
    )
    for line in used[0].read_text().split():
        if (folder / used[1] / line).resolve() not in have:
            yield "left-out", f"{line} is no source of the project"
    includes = [path for path, kept in project["files"].items() if "is_global_include" in kept]
    text = Path(includes[0]).read_text() if includes else ""
    place = re.search(r'^`define \w+_ROM_DIR "(.*/)"$', text, re.MULTILINE)
    ours = not (folder / "kernel").is_dir()  # a kernel of Vitis HLS has its own
    if place is None or (ours and not (Path(place[1]) / "rom").is_dir()):
        yield "tables", "tables are looked for where there are none"


def _processor(vivado: Vivado, board: ProcessorBoard, facts: dict) -> Iterator[Fault]:
    ps = vivado.bd.cells["ps"]
    rates = {name: value for name, value in ps.parameters.items() if name.endswith("FREQMHZ")}
    crystal = float(rates.pop("PCW_CRYSTAL_PERIPHERAL_FREQMHZ", 0))
    (rate,) = rates.values()
    if float(rate) != facts["clock_mhz"]:
        yield "rate", f"the fabric runs at {rate} MHz"
    preset = "1" if vivado.presets and board.board_part else "0"
    if (ps.automated or {}).get("apply_board_preset") != preset:
        yield "board-preset", "the processor is not set for the board"
    if vivado.presets and vivado.project["board"] != f"{board.board_part}:1.10":
        yield "board-preset", f"the board is {vivado.project['board']}"
    if crystal != (0 if vivado.presets else board.crystal_mhz or 0):
        yield "rate", f"the crystal has {crystal} MHz"
    reset = vivado.bd.nets.get("rst/ext_reset_in", "")
    if reset != f"ps/{board.processor.reset}":
        yield "reset-source", f"the reset comes from {reset}"
    for pin in ("gatewright_0/aresetn", *(f"{dma['cell']}/axi_resetn" for dma in facts["dma"])):
        if vivado.bd.nets.get(pin) != "rst/peripheral_aresetn":
            yield "reset-source", f"the reset of {pin} is not synchronous"


def _dma(vivado: Vivado, facts: dict) -> Iterator[Fault]:
    for dma in facts["dma"]:
        cell = vivado.bd.cells[dma["cell"]]
        for name, value in {**PRIVATE, **UNALIGNED}.items():
            default = cell.ip.parameters[name][0]
            if cell.parameters.get(name, default) != value:
                yield name.removeprefix("c_"), f"{name} of {cell.name} is not {value}"
        ends = (("reads", "M_AXIS_MM2S"), ("writes", "S_AXIS_S2MM"))
        for way, face in ends:
            wanted = f"gatewright_0/{dma[way]}" if dma[way] else None
            if vivado.bd.links.get(f"{cell.name}/{face}") != wanted:
                yield "streams", f"{cell.name}/{face} is not at {wanted}"


def _framing(vivado: Vivado) -> Iterator[Fault]:
    """Vivado would tie what is missing."""
    for name, face in vivado.bd.cells["gatewright_0"].shape.interfaces.items():
        if face.protocol == AXIS and face.signals != {"tkeep", "tlast"}:
            yield "signals", f"{name} has {sorted(face.signals)}"


def _interrupts(vivado: Vivado, facts: dict, board: ProcessorBoard) -> Iterator[Fault]:
    nets = vivado.bd.nets
    for i, line in enumerate(facts["interrupts"]["lines"]):
        if nets.get(f"irqs/In{i}") != line:
            yield "interrupts", f"{line} is not line {i}"
    if nets.get("irq/intr") != "irqs/dout":
        yield "interrupts", "the controller hears nothing"
    if nets.get(f"ps/{board.processor.interrupt}") != "irq/irq":
        yield "interrupts", "the processor hears nothing"


def _addresses(vivado: Vivado, facts: dict, board: ProcessorBoard) -> Iterator[Fault]:
    mapped = {m.segment.split("/")[0]: m for m in vivado.bd.mapped["ps/Data"]}
    for told in (facts["ip"], facts["interrupts"], *facts["dma"]):
        found = mapped.get(told["cell"])
        if found is None or (found.offset, found.size) != (told["base"], told["bytes"]):
            yield "told-address", f"{told['cell']} is not where gatewright.json says"
    for space, entries in vivado.bd.mapped.items():
        if space != "ps/Data" and [m.segment for m in entries] != [f"ps/{board.processor.segment}"]:
            yield "memory", f"{space} reaches {[m.segment for m in entries]}"
