"""Registers that stand beside DSP blocks and block RAMs of an ECP5 move into them.

yosys maps a product to ``MULT18X18D`` and a memory to ``DP16KD`` and leaves the registers of both
unused. This runs between yosys and nextpnr, on the netlist as JSON: a flip-flop that stands between
a block and everything that reads it becomes the block's output register, and flip-flops that give a
product both of its factors become its input registers; one that others read too stays for them.

What moves does the same in every cycle, from the first on. A flip-flop has to be plain: rising
edge, no reset, zero at the beginning, as the registers of blocks are; all of one register have one
clock and one enable. Everything else stays as it is: inverted enables, resets, flip-flops that
begin at one, outputs that something else reads too, constants whose product would not begin at
zero.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Bit: TypeAlias = "int | str"
"""A net, or one of the constants "0", "1" and "x"."""
Json: TypeAlias = dict[str, Any]

FLOP, PRODUCT, MEMORY = "TRELLIS_FF", "MULT18X18D", "DP16KD"
FACTORS = "AB"
FACTOR_BITS, PRODUCT_BITS, WORD_BITS = 18, 36, 18
CLOCK = "CLK0"
"""The one that nextpnr times the registers of a product by."""
WHOLE_WIDTH = 36
"""Of a memory whose two sides are one port for reading and one for writing."""


@dataclass(frozen=True)
class Flop:
    """A plain flip-flop.

    Attributes:
        name: Of the cell.
        clock: Rising.
        enable: None where it loads in every cycle.
        d: What it loads.
        q: What it gives.
    """

    name: str
    clock: Bit
    enable: Bit | None
    d: Bit
    q: Bit


@dataclass(frozen=True)
class Register:
    """Flip-flops that are one register of a block.

    Attributes:
        clock: None of a factor that is all constant.
        enable: None where it loads in every cycle.
        flops: By the bit that it stands at.
        ones: Whether it has a constant one among its bits.
    """

    clock: Bit | None
    enable: Bit | None
    flops: dict[int, Flop]
    ones: bool


class Netlist:
    """A module of yosys' JSON, with who drives and reads each net.

    Args:
        module: Is changed in place.
    """

    def __init__(self, module: Json) -> None:
        self.cells: dict[str, Json] = module["cells"]
        self._names: dict[str, Json] = module["netnames"]
        self.ports: set[Bit] = {b for port in module["ports"].values() for b in port["bits"]}
        self.drivers: dict[Bit, str] = {}
        self.readers: dict[Bit, set[tuple[str, str]]] = defaultdict(set)
        for name, cell in self.cells.items():
            for port, bits in cell["connections"].items():
                for bit in bits:
                    if cell["port_directions"][port] == "output":
                        self.drivers[bit] = name
                    else:
                        self.readers[bit].add((name, port))

    def of_type(self, kind: str) -> list[str]:
        """Names of cells."""
        return sorted(name for name, cell in self.cells.items() if cell["type"] == kind)

    def at(self, name: str, port: str) -> Bit:
        """What a port of one bit is connected to; "x" for nothing."""
        bits = self.cells[name]["connections"].get(port) or ["x"]
        return bits[0] if len(bits) == 1 else "x"

    def connect(self, name: str, port: str, bit: Bit, direction: str = "input") -> None:
        """Connect a port of one bit anew."""
        cell = self.cells[name]
        for old in cell["connections"].get(port, ()):
            self.readers[old].discard((name, port))
        cell["connections"][port], cell["port_directions"][port] = [bit], direction
        if direction == "output":
            self.drivers[bit] = name
        else:
            self.readers[bit].add((name, port))

    def is_read(self, bit: Bit) -> bool:
        """By a cell, or outside."""
        return bool(self.readers[bit]) or bit in self.ports

    def remove(self, name: str) -> None:
        """Take a cell out."""
        for port, bits in self.cells.pop(name)["connections"].items():
            for bit in bits:
                self.readers[bit].discard((name, port))

    def merge(self, gone: Bit, bit: Bit) -> None:
        """Let those that read a net read another one."""
        for name, port in sorted(self.readers.pop(gone, ())):
            bits = self.cells[name]["connections"][port]
            bits[:] = [bit if b == gone else b for b in bits]
            self.readers[bit].add((name, port))
        for net in self._names.values():
            net["bits"] = [bit if b == gone else b for b in net["bits"]]

    def forget(self, bits: Iterable[Bit]) -> None:
        """Nets that are gone: their names stand for nothing."""
        gone = set(bits)
        for net in self._names.values():
            if not gone.isdisjoint(net["bits"]):
                net["bits"] = ["x" if b in gone else b for b in net["bits"]]

    def flop(self, name: str | None) -> Flop | None:
        """The plain flip-flop of a name, if it is one."""
        cell = self.cells.get(name or "")
        if name is None or cell is None or cell["type"] != FLOP:
            return None
        settings = {key: str(value).strip() for key, value in cell["parameters"].items()}
        mux = settings.get("CEMUX", "1")
        plain = (
            settings.get("CLKMUX", "CLK") == "CLK"
            and settings.get("LSRMUX", "LSR") == "LSR"
            and settings.get("LSRMODE", "LSR") == "LSR"
            and settings.get("REGSET", "RESET") == "RESET"
            and self.at(name, "LSR") == "0"
            and mux in ("1", "CE")
        )
        if not plain or isinstance(self.at(name, "CLK"), str):
            return None
        enable = self.at(name, "CE") if mux == "CE" else None
        if isinstance(enable, str):
            return None
        ports = (self.at(name, port) for port in ("CLK", "DI", "Q"))
        clock, d, q = ports
        return Flop(name, clock, enable, d, q)


def absorb(module: Json) -> dict[str, int]:
    """Move registers of a module into its blocks.

    Args:
        module: Of yosys' JSON; is changed in place.

    Returns:
        How many registers of each kind moved: ``outputs``, ``memories``, ``factors``; and ``flops``
        that are gone.
    """
    net = Netlist(module)
    before = len(net.cells)
    products = net.of_type(PRODUCT)
    moved = {
        "outputs": sum(_output(net, name) for name in products),
        "memories": sum(_read_data(net, name) for name in net.of_type(MEMORY)),
        "factors": sum(_factors(net, name) for name in products),
    }
    return moved | {"flops": before - len(net.cells)}


def _behind(net: Netlist, bits: Sequence[Bit]) -> dict[Bit, list[Flop]] | None:
    """The flip-flops that read the outputs of a block; None unless those alone do, all alike."""
    found: dict[Bit, list[Flop]] = {}
    for bit in bits:
        if not net.is_read(bit):
            continue
        flops = [net.flop(name) if port == "DI" else None for name, port in net.readers[bit]]
        read = [flop for flop in flops if flop is not None]
        if bit in net.ports or len(read) != len(flops):
            return None
        found[bit] = sorted(read, key=lambda flop: flop.name)
    every = [flop for read in found.values() for flop in read]
    alike = {(flop.clock, flop.enable) for flop in every}
    # Of two that hold the same bit one goes, and what it gives must not leave the module.
    spare = [flop.q for read in found.values() for flop in read[1:]]
    if len(alike) != 1 or not net.ports.isdisjoint(spare):
        return None
    return found


def _take(net: Netlist, name: str, ports: Iterable[str], found: dict[Bit, list[Flop]]) -> None:
    """The block gives what its flip-flops gave."""
    for port in ports:
        bit = net.at(name, port)
        if bit not in found:
            continue
        first, *others = found[bit]
        for flop in (first, *others):
            net.remove(flop.name)
        net.connect(name, port, first.q, "output")
        for flop in others:
            net.merge(flop.q, first.q)
    net.forget(found)


def _output(net: Netlist, name: str) -> bool:
    """A product's output register."""
    settings = net.cells[name]["parameters"]
    ports = [f"P{n}" for n in range(PRODUCT_BITS)]
    if not _is_bare(settings):
        return False
    found = _behind(net, [net.at(name, port) for port in ports])
    if found is None:
        return False
    flop = next(iter(found.values()))[0]
    _take(net, name, ports, found)
    _register(net, name, "OUTPUT", flop.clock, flop.enable)
    return True


def _is_bare(settings: Json) -> bool:
    """Whether a product has no registers yet."""
    clocks = [f"REG_{kind}_CLK" for kind in ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")]
    return all(settings.get(clock, "NONE") == "NONE" for clock in clocks)


def _register(net: Netlist, name: str, kind: str, clock: Bit, enable: Bit | None) -> None:
    """Switch a register of a product on."""
    settings = net.cells[name]["parameters"]
    load: Bit = "1" if enable is None else enable
    places = [f"CE{n}" for n in range(4)]
    place = next(p for p in places if net.at(name, p) in ("x", load))
    net.connect(name, CLOCK, clock)
    net.connect(name, place, load)
    net.connect(name, "RST0", "0")
    settings["GSR"], settings["RESETMODE"] = "DISABLED", "SYNC"
    settings |= {
        f"REG_{kind}_CLK": CLOCK,
        f"REG_{kind}_CE": place,
        f"REG_{kind}_RST": "RST0",
    }


def _read_data(net: Netlist, name: str) -> int:
    """A memory's output registers: of both sides together where those are one port."""
    settings = net.cells[name]["parameters"]
    if any(settings.get(f"REGMODE_{side}", "NOREG") != "NOREG" for side in "AB"):
        return 0
    widths = [int(str(settings[f"DATA_WIDTH_{side}"]), 2) for side in "AB"]
    if WHOLE_WIDTH in widths:
        return int(_side(net, name, "B", "AB"))
    return sum(_side(net, name, side, side) for side in "AB")


def _side(net: Netlist, name: str, side: str, sides: str) -> bool:
    """The output register of the sides that give what one of them reads."""
    cell = net.cells[name]
    ports = [f"DO{s}{n}" for s in sides for n in range(WORD_BITS)]
    found = _behind(net, [net.at(name, port) for port in ports])
    clock = net.at(name, f"CLK{side}")
    if found is None or cell["parameters"].get(f"CLK{side}MUX", f"CLK{side}") != f"CLK{side}":
        return False
    flop = next(iter(found.values()))[0]
    others = {net.at(name, f"CLK{s}") for s in sides} - {"0", "1", "x"}
    resets = {net.at(name, f"RST{s}") for s in sides}
    if {flop.clock} | others != {clock} or resets - {"0", "x"}:
        return False
    _take(net, name, ports, found)
    for s in sides:
        # Whichever side's clock and enable a half has: they are the same.
        net.connect(name, f"CLK{s}", clock)
        net.connect(name, f"OCE{s}", "1" if flop.enable is None else flop.enable)
        cell["parameters"][f"REGMODE_{s}"] = "OUTREG"
    return True


def _factors(net: Netlist, name: str) -> bool:
    """A product's input registers: of both factors, which is what nextpnr can time."""
    settings = net.cells[name]["parameters"]
    if any(settings.get(f"REG_{kind}_CLK", "NONE") != "NONE" for kind in ("INPUTA", "PIPELINE")):
        return False
    found = [_factor(net, name, factor) for factor in FACTORS]
    registers = [register for register in found if register is not None]
    if len(registers) != len(FACTORS):
        return False
    clocks = {register.clock for register in registers} - {None}
    if settings.get("REG_OUTPUT_CLK", "NONE") != "NONE":
        clocks.add(net.at(name, CLOCK))
    # A register begins at zero where a constant is one: the product has to be zero there all the
    # same, by its other factor.
    if len(clocks) != 1 or all(register.ones for register in registers):
        return False
    (clock,) = clocks
    assert clock is not None
    for factor, register in zip(FACTORS, registers, strict=True):
        for n, flop in register.flops.items():
            net.connect(name, f"{factor}{n}", flop.d)
        _register(net, name, f"INPUT{factor}", clock, register.enable)
    flops = {flop.name: flop for register in registers for flop in register.flops.values()}
    gone = [flop for flop in flops.values() if not net.is_read(flop.q)]
    for flop in gone:
        net.remove(flop.name)
    net.forget(flop.q for flop in gone)
    return True


def _factor(net: Netlist, name: str, factor: str) -> Register | None:
    """The flip-flops of a factor; None where it has other bits than theirs and constants."""
    flops: dict[int, Flop] = {}
    ones = False
    for n in range(FACTOR_BITS):
        bit = net.at(name, f"{factor}{n}")
        flop = None if isinstance(bit, str) else net.flop(net.drivers.get(bit))
        if flop is not None:
            flops[n] = flop
        elif bit not in ("0", "1"):
            return None
        ones = ones or bit == "1"
    alike = {(flop.clock, flop.enable) for flop in flops.values()}
    if not alike:
        return Register(None, None, flops, ones)
    if len(alike) != 1:
        return None
    ((clock, enable),) = alike
    # A constant in a register that waits for its enable would come late.
    return None if ones and enable is not None else Register(clock, enable, flops, ones)


def main() -> int:
    """``NETLIST CELLS``: change a netlist of yosys' JSON in its file, and what is counted of it."""
    netlist_json, cells_json = map(Path, sys.argv[1:])
    netlist, counted = (json.loads(path.read_text()) for path in (netlist_json, cells_json))
    (top,) = (m for m in netlist["modules"].values() if int(m["attributes"].get("top", "0"), 2))
    moved = absorb(top)
    print(
        f"Info: {moved['flops']} flip-flops moved into blocks: registers of {moved['outputs']} "
        f"products, {moved['memories']} memories and the factors of {moved['factors']} products."
    )
    if moved["flops"]:
        counted["design"]["num_cells_by_type"][FLOP] -= moved["flops"]
    netlist_json.write_text(json.dumps(netlist, separators=(",", ":")) + "\n")
    cells_json.write_text(json.dumps(counted, indent=3) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
