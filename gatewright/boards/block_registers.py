"""Registers that stand beside DSP blocks and block RAMs of an ECP5 move into them.

yosys maps a product to ``MULT18X18D`` and a memory to ``DP16KD`` and leaves the registers of both
unused. This runs between yosys and nextpnr, on the netlist as JSON: a flip-flop that stands between
a memory and everything that reads it becomes the memory's output register, unless it is a factor of
a product without registers. Flip-flops that give a product both of its factors become its input
registers where the design says so (an attribute that the flow gives to those whose names end with
``_block_q``), and the one behind such a product its output register; a factor's that others read
too stays for them. Else a product keeps its flip-flops: the way to a block is long, and whoever
places registers has to count it.

What moves does the same in every cycle, from the first on. A flip-flop has to be plain: rising
edge, no reset, zero at the beginning, as the registers of blocks are; all of one register have one
clock and one enable. Everything else stays: inverted enables, flip-flops that begin at one, outputs
that something else reads too, constants whose product would not begin at zero. Products in one
block share four wires for enables, one of them for those that always load: so they take the three
enables that most have.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Bit: TypeAlias = "int | str"
"""A net, or one of the constants "0", "1" and "x"."""
Json: TypeAlias = dict[str, Any]

FLOP, PRODUCT, MEMORY = "TRELLIS_FF", "MULT18X18D", "DP16KD"
PLAIN = {"CLKMUX": "CLK", "LSRMUX": "LSR", "LSRMODE": "LSR", "REGSET": "RESET"}
"""Settings of a flip-flop that may move; its reset is never."""
FACTORS = "AB"
MEANT = "block_register"
"""The attribute of flip-flops that are meant for a block."""
FACTOR_BITS, PRODUCT_BITS, SIDE_BITS = 18, 36, 18
CLOCK_PIN = "CLK0"
"""The one that nextpnr times the registers of a product by."""
ENABLES = 3
"""That products may have in all, besides none."""
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
class Factor:
    """The flip-flops of a factor.

    Attributes:
        enable: None where it loads in every cycle.
        flops: By the bit that it stands at.
        ones: Whether it has a constant one among its bits.
    """

    enable: Bit | None
    flops: dict[int, Flop]
    ones: bool


@dataclass(frozen=True)
class Control:
    """What registers of products may have.

    Attributes:
        clock: Of all; None where there is no register.
        enables: Three, and none.
    """

    clock: Bit | None
    enables: frozenset[Bit | None]

    def has(self, flop: Flop) -> bool:
        """Whether a flip-flop may move."""
        return flop.clock == self.clock and flop.enable in self.enables


class Netlist:
    """A module of yosys' JSON, with who drives and reads each net.

    Args:
        module: Is changed in place.
    """

    def __init__(self, module: Json) -> None:
        self.cells: dict[str, Json] = module["cells"]
        self._names: dict[str, Json] = module["netnames"]
        self.ports: set[Bit] = {b for port in module["ports"].values() for b in port["bits"]}
        self.gone: set[Bit] = set()
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

    def forget_names(self) -> None:
        """Those of nets that are gone stand for nothing."""
        for net in self._names.values():
            if not self.gone.isdisjoint(net["bits"]):
                net["bits"] = ["x" if b in self.gone else b for b in net["bits"]]

    def flop(self, name: str | None) -> Flop | None:
        """The plain flip-flop of a name, if it is one."""
        cell = self.cells.get(name or "")
        if name is None or cell is None or cell["type"] != FLOP:
            return None
        settings = {key: str(value).strip() for key, value in cell["parameters"].items()}
        mux = settings.get("CEMUX", "1")
        plain = all(settings.get(key, value) == value for key, value in PLAIN.items())
        clock, d, q = (self.at(name, port) for port in ("CLK", "DI", "Q"))
        enable = self.at(name, "CE") if mux == "CE" else None
        if not plain or self.at(name, "LSR") != "0" or mux not in ("1", "CE"):
            return None
        if isinstance(clock, str) or isinstance(enable, str):
            return None
        return Flop(name, clock, enable, d, q)


def absorb(module: Json) -> dict[str, int]:
    """Move registers of a module into its blocks.

    Args:
        module: Of yosys' JSON; is changed in place.

    Returns:
        How many registers of each kind moved: those of ``factors`` (a product each), ``outputs``
        and ``memories``; and ``flops`` that are gone.
    """
    net = Netlist(module)
    before = len(net.cells)
    products = net.of_type(PRODUCT)
    control = _control(net, products)
    inside = [name for name in products if _factors(net, name, control)]
    moved = {
        "factors": len(inside),
        "outputs": sum(_output(net, name, control) for name in inside),
        "memories": sum(_read_data(net, name) for name in net.of_type(MEMORY)),
    }
    net.forget_names()
    return moved | {"flops": before - len(net.cells)}


def _control(net: Netlist, products: Iterable[str]) -> Control:
    """What most flip-flops beside products have."""
    beside: dict[str, Flop] = {}
    for name in products:
        for port, bits in net.cells[name]["connections"].items():
            if port[0] not in (*FACTORS, "P"):
                continue
            for bit in bits:
                cells = [reader for reader, pin in net.readers[bit] if pin == "DI"]
                flops = map(net.flop, cells if port[0] == "P" else [net.drivers.get(bit)])
                beside |= {flop.name: flop for flop in flops if flop is not None}
    clocks = Counter(flop.clock for flop in beside.values())
    enables = Counter(flop.enable for flop in beside.values() if flop.enable is not None)
    clock = max(clocks, key=lambda c: (clocks[c], c), default=None)
    most = sorted(enables, key=lambda e: (-enables[e], e))
    return Control(clock, frozenset([None, *most[:ENABLES]]))


def _behind(net: Netlist, bits: Sequence[Bit]) -> dict[Bit, list[Flop]] | None:
    """The flip-flops that read the outputs of a block; None unless those alone do, all alike."""
    found: dict[Bit, list[Flop]] = {}
    for bit in bits:
        if not net.readers[bit] and bit not in net.ports:
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
    net.gone |= set(found)


def _output(net: Netlist, name: str, control: Control) -> bool:
    """A product's output register."""
    ports = [f"P{n}" for n in range(PRODUCT_BITS)]
    found = _behind(net, [net.at(name, port) for port in ports])
    if not found or not control.has(flop := next(iter(found.values()))[0]):
        return False
    _register(net, name, "OUTPUT", flop.clock, flop.enable)
    _take(net, name, ports, found)
    return True


def _has(cell: Json, kind: str) -> bool:
    """Whether a register of a product is used."""
    return bool(cell["parameters"].get(f"REG_{kind}_CLK", "NONE") != "NONE")


def _register(net: Netlist, name: str, kind: str, clock: Bit | None, enable: Bit | None) -> None:
    """Switch a register of a product on."""
    assert clock is not None
    settings = net.cells[name]["parameters"]
    load: Bit = "1" if enable is None else enable
    places = [f"CE{n}" for n in range(4)]
    place = next(p for p in places if net.at(name, p) in ("x", load))
    net.connect(name, CLOCK_PIN, clock)
    net.connect(name, place, load)
    net.connect(name, "RST0", "0")
    settings["GSR"], settings["RESETMODE"] = "DISABLED", "SYNC"
    settings |= {
        f"REG_{kind}_CLK": CLOCK_PIN,
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
    ports = [f"DO{s}{n}" for s in sides for n in range(SIDE_BITS)]
    found = _behind(net, [net.at(name, port) for port in ports])
    clock = net.at(name, f"CLK{side}")
    if found is None or cell["parameters"].get(f"CLK{side}MUX", f"CLK{side}") != f"CLK{side}":
        return False
    if any(_feeds_a_product(net, flop.q) for read in found.values() for flop in read):
        return False
    flop = next(iter(found.values()))[0]
    others = {net.at(name, f"CLK{s}") for s in sides} - {"0", "1", "x"}
    resets = {net.at(name, f"RST{s}") for s in sides}
    if {flop.clock} | others != {clock} or resets - {"0", "x"}:
        return False
    for s in sides:
        # Whichever side's clock and enable a half has: they are the same.
        net.connect(name, f"CLK{s}", clock)
        net.connect(name, f"OCE{s}", "1" if flop.enable is None else flop.enable)
        cell["parameters"][f"REGMODE_{s}"] = "OUTREG"
    _take(net, name, ports, found)
    return True


def _feeds_a_product(net: Netlist, bit: Bit) -> bool:
    """Whether a product without registers reads a net: its way is longer than that of a memory."""
    for name, port in net.readers[bit]:
        cell = net.cells[name]
        factor = cell["type"] == PRODUCT and port[0] in FACTORS
        if factor and not _has(cell, f"INPUT{port[0]}"):
            return True
    return False


def _factors(net: Netlist, name: str, control: Control) -> bool:
    """A product's input registers: of both factors, which is what nextpnr can time."""
    if any(_has(net.cells[name], kind) for kind in ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")):
        return False
    found = [_factor(net, name, factor) for factor in FACTORS]
    registers = [register for register in found if register is not None]
    if len(registers) != len(FACTORS):
        return False
    flops = {flop.name: flop for register in registers for flop in register.flops.values()}
    # A register begins at zero where a constant is one: the product has to be zero there all the
    # same, by its other factor.
    meant = all(MEANT in net.cells[name]["attributes"] for name in flops)
    if not flops or not meant or not all(map(control.has, flops.values())):
        return False
    if all(register.ones for register in registers):
        return False
    for factor, register in zip(FACTORS, registers, strict=True):
        for n, flop in register.flops.items():
            net.connect(name, f"{factor}{n}", flop.d)
        _register(net, name, f"INPUT{factor}", control.clock, register.enable)
    for flop in flops.values():
        if not net.readers[flop.q] and flop.q not in net.ports:
            net.remove(flop.name)
            net.gone.add(flop.q)
    return True


def _factor(net: Netlist, name: str, factor: str) -> Factor | None:
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
    enables = {flop.enable for flop in flops.values()} or {None}
    enable = min(enables, key=str)
    # A constant in a register that waits for its enable would come late.
    alone = len(enables) == 1 and not (ones and enable is not None)
    return Factor(enable, flops, ones) if alone else None


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
