"""A design as Vivado gets it: its sources, and where its registers and streams are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from gatewright.boards.description import ProcessorBoard
from gatewright.boards.families import Processor
from gatewright.boards.families.xilinx import STRIDE
from gatewright.hls_templates.ip.registers import ADDRESS_BITS

LENGTH_BITS = 26
"""Of the length register of a DMA (PG021), all that it can have: transfers below 64 MB."""
CELL = "gatewright_0"
"""What the design is called in the block design."""
IP_BYTES = 1 << ADDRESS_BITS
"""Of the registers of a design."""
MOST_DMAS = 8
"""Two masters each, and 16 are what one SmartConnect takes (PG247)."""


@dataclass(frozen=True)
class IpStream:
    """A stream port of the IP.

    Attributes:
        name: Of the interface.
        bits: Of its data.
    """

    name: str
    bits: int


@dataclass(frozen=True)
class VivadoDesign:
    """What is synthesized.

    Attributes:
        name: Of the build.
        top: Its top module, which is synthesized out of context.
        sources: All files in compile order, relative to the folder that ``vivado/`` is in.
        roms: The tables that they read, in the same way.
        rom_macro: The macro that says in which folder those are.
        inputs: Streams into the IP; () behind a board's pins.
        outputs: Streams out of it.
        memories: Contents of memories of a kernel of Vitis HLS, which that names without a folder.
    """

    name: str
    top: str
    sources: tuple[str, ...]
    roms: tuple[str, ...]
    rom_macro: str
    inputs: tuple[IpStream, ...] = ()
    outputs: tuple[IpStream, ...] = ()
    memories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dma:
    """A DMA and the streams behind it.

    Attributes:
        name: Of its cell.
        base: Address of its registers.
        reads: The stream that it feeds from memory, or None.
        writes: The stream that it takes to memory, or None.
    """

    name: str
    base: int
    reads: IpStream | None
    writes: IpStream | None


@dataclass(frozen=True)
class AddressMap:
    """Where a processor finds everything.

    Attributes:
        dmas: By port.
        ip: Address of the design's registers.
        interrupts: Address of the interrupt controller.
        lines: Pins of the interrupts, in the order of the controller's inputs.
    """

    dmas: tuple[Dma, ...]
    ip: int
    interrupts: int
    lines: tuple[str, ...]


def no_room(inputs: Sequence[IpStream], outputs: Sequence[IpStream]) -> str:
    """Why a block design has no room for a design's streams; "" where it has."""
    if max(len(inputs), len(outputs)) <= MOST_DMAS:
        return ""
    return (
        f"it has {len(inputs)} streams in and {len(outputs)} out, and a block design has room "
        f"for {MOST_DMAS} each way"
    )


def address_map(processor: Processor, design: VivadoDesign) -> AddressMap:
    """A DMA for each pair of an input and an output.

    Args:
        processor: Says from where on.
        design: The IP.

    Raises:
        ValueError: For more ports than there is room for, which ``no_room`` tells before.
    """
    says = no_room(design.inputs, design.outputs)
    if says:
        raise ValueError(says)
    pairs = zip_longest(design.inputs, design.outputs)
    dmas = tuple(
        Dma(f"dma_{i}", processor.dma + i * STRIDE, reads, writes)
        for i, (reads, writes) in enumerate(pairs)
    )
    lines = [
        f"{dma.name}/{pin}"
        for dma in dmas
        for stream, pin in ((dma.reads, "mm2s_introut"), (dma.writes, "s2mm_introut"))
        if stream is not None
    ]
    lines.append(f"{CELL}/interrupt")
    return AddressMap(dmas, processor.registers_of_ip, processor.interrupts, tuple(lines))


def addresses_json(board: ProcessorBoard, design: VivadoDesign, mhz: float) -> dict[str, Any]:
    """What a driver has to know of the block design."""
    found = address_map(board.processor, design)
    return {
        "board": board.name,
        "part": board.part,
        "clock_mhz": mhz,
        "bitstream": f"{design.name}.bit",
        "ip": _registers(CELL, found.ip, IP_BYTES),
        "interrupts": {**_registers("irq", found.interrupts, STRIDE), "lines": list(found.lines)},
        "dma": [
            {
                **_registers(dma.name, dma.base, STRIDE),
                "length_bits": LENGTH_BITS,
                "reads": dma.reads and dma.reads.name,
                "writes": dma.writes and dma.writes.name,
            }
            for dma in found.dmas
        ],
    }


def _registers(cell: str, base: int, size: int) -> Mapping[str, Any]:
    return {"cell": cell, "base": base, "bytes": size}
