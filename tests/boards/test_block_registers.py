"""Which registers move into blocks, and that nothing else changes: from the first cycle on."""

import json
import random
import subprocess

import pytest

from gatewright.boards.block_registers import absorb, main
from gatewright.boards.flows import BLOCK_REGISTERS
from gatewright.tools.programs import find_program

CLOCK, OTHER_CLOCK, ENABLE = 2, 3, 4


class Made:
    """A module in the making: bits are numbers, cells are numbered."""

    def __init__(self):
        self.cells, self.ports, self.last = {}, {}, 10
        for name, bit in (("clk", CLOCK), ("other", OTHER_CLOCK), ("en", ENABLE)):
            self.ports[name] = {"direction": "input", "bits": [bit]}

    def bits(self, count):
        self.last += count
        return list(range(self.last - count, self.last))

    def port(self, bits, direction):
        self.ports[f"p{len(self.ports)}"] = {"direction": direction, "bits": bits}
        return bits

    def cell(self, kind, connections, outputs, **settings):
        self.cells[f"c{len(self.cells):03}"] = {
            "type": kind,
            "parameters": settings,
            "port_directions": {p: "output" if p in outputs else "input" for p in connections},
            "connections": {port: [bit] for port, bit in connections.items()},
        }

    def flops(self, d, enable=None, clock=CLOCK, lsr="0", meant=True, **settings):
        q = self.bits(len(d))
        for bit, out in zip(d, q, strict=True):
            ports = {"CLK": clock, "DI": bit, "LSR": lsr, "Q": out}
            ports |= {} if enable is None else {"CE": enable}
            mux = {"CEMUX": "1 " if enable is None else "CE"}
            self.cell("TRELLIS_FF", ports, "Q", **{"REGSET": "RESET", **mux, **settings})
            self.cells[max(self.cells)]["attributes"] = {"block_register": "1"} if meant else {}
        return q

    def product(self, a, b, bits=4):
        p = self.bits(bits)
        ports = {f"A{n}": a[min(n, len(a) - 1)] for n in range(18)}
        ports |= {f"B{n}": b[min(n, len(b) - 1)] for n in range(18)}
        given = {f"P{n}": bit for n, bit in enumerate(p)}
        self.cell("MULT18X18D", {**ports, **given, "SIGNEDA": "1", "SIGNEDB": "1"}, given)
        return p

    def memory(self, bits=4, width=9, side="A", **ports):
        d = self.bits(bits)
        given = {f"DO{side}{n}": bit for n, bit in enumerate(d)}
        clocks = {f"CLK{s}": CLOCK if s == side else "0" for s in "AB"}
        resets = {f"RST{s}": "0" for s in "AB"} | {f"OCE{s}": "1" for s in "AB"}
        widths = {f"DATA_WIDTH_{s}": f"{width:032b}" for s in "AB"}
        self.cell("DP16KD", {**clocks, **resets, **given, **ports}, given, **widths)
        return d

    def module(self):
        names = {"n": {"bits": list(range(10, self.last))}}
        return {"cells": self.cells, "ports": self.ports, "netnames": names}


def product(factor=None, output=None, constant=None, second=None):
    """A product with its registers; settings of those of the factors and of the output."""
    made = Made()
    a = made.flops(made.port(made.bits(4), "input"), **(factor or {}))
    b = made.flops(made.port(made.bits(4), "input"), **(second or {}))
    p = made.product(a, constant or b)
    made.port(made.flops(p, **(output or {})), "output")
    return made.module()


def of_type(module, kind):
    return [cell for cell in module["cells"].values() if cell["type"] == kind]


def registers(module):
    """Which registers the one block of a module has."""
    (block,) = of_type(module, "MULT18X18D")
    kinds = ("INPUTA", "INPUTB", "OUTPUT")
    return [k for k in kinds if block["parameters"].get(f"REG_{k}_CLK", "NONE") == "CLK0"]


ALL = ["INPUTA", "INPUTB", "OUTPUT"]


def test_both_sides_of_a_product():
    module = product()
    assert absorb(module) == {"factors": 1, "outputs": 1, "memories": 0, "flops": 12}
    (block,) = of_type(module, "MULT18X18D")
    assert registers(module) == ALL and not of_type(module, "TRELLIS_FF")
    assert block["connections"]["CLK0"] == [CLOCK] and block["connections"]["CE0"] == ["1"]
    assert block["connections"]["A0"] == module["ports"]["p3"]["bits"][:1]
    assert [block["connections"][f"P{n}"][0] for n in range(4)] == module["ports"]["p5"]["bits"]


def test_enables_have_pins_of_their_own():
    module = product(factor={"enable": ENABLE}, output={"enable": ENABLE})
    absorb(module)
    (block,) = of_type(module, "MULT18X18D")
    assert registers(module) == ALL
    settings = block["parameters"]
    loads = {k: block["connections"][settings[f"REG_{k}_CE"]][0] for k in ALL}
    assert loads == {"INPUTA": ENABLE, "INPUTB": "1", "OUTPUT": ENABLE}


@pytest.mark.parametrize(
    "bad",
    [
        {"lsr": ENABLE},
        {"REGSET": "SET"},
        {"CLKMUX": "INV"},
        {"enable": ENABLE, "CEMUX": "INV"},
        {"LSRMUX": "INV"},
        {"LSRMODE": "PRLD"},
    ],
    ids=lambda bad: next(iter(bad.keys() - {"enable"})),
)
def test_flip_flops_that_are_not_plain_stay(bad):
    module = product(output=bad)
    absorb(module)
    assert registers(module) == ["INPUTA", "INPUTB"]
    module = product(factor=bad)
    absorb(module)
    assert registers(module) == []


def test_a_product_whose_factors_are_not_meant_for_it():
    for factors in ({"factor": {"meant": False}}, {"second": {"meant": False}}):
        module = product(**factors)
        assert absorb(module)["flops"] == 0
        assert registers(module) == []


def test_two_clocks():
    module = product(factor={"clock": OTHER_CLOCK})
    absorb(module)
    assert registers(module) == []
    module = product(output={"clock": OTHER_CLOCK})
    absorb(module)
    assert registers(module) == ["INPUTA", "INPUTB"]  # the clock of most


@pytest.mark.parametrize("outside", [True, False])
def test_an_output_that_something_else_reads(outside):
    module = product()
    (block,) = of_type(module, "MULT18X18D")
    if outside:
        module["ports"]["too"] = {"direction": "output", "bits": block["connections"]["P1"]}
    else:
        ports = {"A": block["connections"]["P1"], "Z": [9]}
        directions = {"A": "input", "Z": "output"}
        lut = {"type": "LUT4", "parameters": {}, "port_directions": directions}
        module["cells"]["lut"] = lut | {"connections": ports}
    absorb(module)
    assert registers(module) == ["INPUTA", "INPUTB"]


def test_of_many_enables_three():
    made = Made()
    enables = made.port(made.bits(5), "input")
    a, b = (made.flops(made.port(made.bits(2), "input")) for _ in range(2))
    for enable, count in zip(enables, (1, 2, 1, 3, 4), strict=True):
        for _ in range(count):
            made.port(made.flops(made.product(a, b), enable=enable), "output")
    module = made.module()
    assert absorb(module)["outputs"] == 2 + 3 + 4
    assert absorb(module) == {"factors": 0, "outputs": 0, "memories": 0, "flops": 0}
    left = {c["connections"]["CE"][0] for c in of_type(module, "TRELLIS_FF")}
    assert left == {enables[0], enables[2]}


def test_outputs_with_and_without_an_enable():
    module = product()
    flop = next(c for c in of_type(module, "TRELLIS_FF") if c["connections"]["Q"] == [30])
    flop["parameters"]["CEMUX"], flop["connections"]["CE"] = "CE", [ENABLE]
    flop["port_directions"]["CE"] = "input"
    absorb(module)
    assert registers(module) == ["INPUTA", "INPUTB"]


def test_a_flip_flop_that_others_read_stays_for_them():
    module = product()
    (block,) = of_type(module, "MULT18X18D")
    module["ports"]["too"] = {"direction": "output", "bits": block["connections"]["A0"]}
    assert absorb(module)["flops"] == 11
    assert registers(module) == ALL
    (flop,) = of_type(module, "TRELLIS_FF")
    assert flop["connections"]["Q"] == module["ports"]["too"]["bits"]
    assert flop["connections"]["DI"] == block["connections"]["A0"]


def test_constants():
    module = product(constant=["1", "0", "1", "0"])
    absorb(module)
    assert registers(module) == ALL
    # A factor that begins at one, and one that is no register.
    module = product(constant=["1", "0", "1", "0"], factor={"REGSET": "SET"})
    absorb(module)
    assert registers(module) == []
    module = product(constant=[ENABLE, "0"])
    absorb(module)
    assert registers(module) == []


def test_a_factor_of_a_constant_and_flip_flops():
    made = Made()
    a, b = (made.flops(made.port(made.bits(2), "input"), enable=e) for e in (ENABLE, None))
    made.port(made.product([*a, "1", "0"], b), "output")
    module = made.module()
    absorb(module)
    assert registers(module) == []  # its one would come with the enable, not from the first edge
    module["cells"] = {n: c for n, c in made.cells.items() if c["type"] != "TRELLIS_FF"}
    absorb(module)
    assert registers(module) == []


@pytest.mark.parametrize("both", [True, False])
def test_a_product_begins_at_zero_by_one_of_its_factors(both):
    made = Made()
    a, b = (made.flops(made.port(made.bits(2), "input")) for _ in range(2))
    made.port(made.flops(made.product([*a, "1", "0"], [*b, "1", "0"] if both else b)), "output")
    module = made.module()
    absorb(module)
    assert registers(module) == ([] if both else ALL)


def test_one_flip_flop_in_two_blocks():
    made = Made()
    a, b, c = (made.flops(made.port(made.bits(3), "input")) for _ in range(3))
    for other in (b, c):
        made.port(made.flops(made.product(a, other)), "output")
    module = made.module()
    assert absorb(module) == {"factors": 2, "outputs": 2, "memories": 0, "flops": 17}
    assert not of_type(module, "TRELLIS_FF")


def test_two_flip_flops_of_one_bit_become_one():
    made = Made()
    a, b = (made.flops(made.port(made.bits(3), "input")) for _ in range(2))
    p = made.product(a, b, 2)
    q = made.flops([p[0], p[1], p[1]])
    made.port(made.flops(q, lsr=ENABLE), "output")
    module = made.module()
    absorb(module)
    assert registers(module) == ALL
    assert [c["connections"]["DI"][0] for c in of_type(module, "TRELLIS_FF")] == [q[0], q[1], q[1]]
    assert module["netnames"]["n"]["bits"][q[2] - 10] == q[1]


@pytest.mark.parametrize(("width", "modes"), [(9, ["A"]), (36, ["A", "B"])])
def test_a_memory(width, modes):
    made = Made()
    made.port(made.flops(made.memory(width=width, side=modes[-1]), enable=ENABLE), "output")
    module = made.module()
    assert absorb(module)["memories"] == 1
    (block,) = of_type(module, "DP16KD")
    assert [s for s in "AB" if block["parameters"].get(f"REGMODE_{s}") == "OUTREG"] == modes
    for side in modes:
        assert block["connections"][f"OCE{side}"] == [ENABLE]
        assert block["connections"][f"CLK{side}"] == [CLOCK]
    assert not of_type(module, "TRELLIS_FF")


@pytest.mark.parametrize(
    ("ports", "width"),
    [({"RSTA": ENABLE}, 9), ({"CLKA": OTHER_CLOCK}, 9), ({"CLKA": OTHER_CLOCK}, 36)],
)
def test_a_memory_that_stays(ports, width):
    made = Made()
    side = "B" if width == 36 else "A"
    made.port(made.flops(made.memory(width=width, side=side, **ports)), "output")
    assert absorb(made.module())["memories"] == 0


@pytest.mark.parametrize("meant", [True, False])
def test_a_memory_that_feeds_a_product(meant):
    made = Made()
    read = made.flops(made.memory(), meant=False)
    a, b = (made.flops(bits, meant=meant) for bits in (read, made.port(made.bits(4), "input")))
    made.port(made.product(a if meant else read, b), "output")
    assert absorb(made.module())["memories"] == int(meant)


def test_a_memory_with_another_edge():
    made = Made()
    made.port(made.flops(made.memory()), "output")
    (block,) = of_type(made.module(), "DP16KD")
    block["parameters"]["CLKAMUX"] = "INV"
    assert absorb(made.module())["memories"] == 0


# ---- The same in every cycle, by a simulation of both.


def signed(values):
    return sum(bit << n for n, bit in enumerate(values)) - (values[-1] << len(values))


class Simulation:
    """Flip-flops and products of a module, cycle by cycle; ``CLOCK`` is the only clock."""

    def __init__(self, module):
        self.module = module
        self.flops = of_type(module, "TRELLIS_FF")
        self.blocks = of_type(module, "MULT18X18D")
        self.held = {}

    def settled(self, values):
        """With every net: blocks are in the order of what they read."""
        for cell in self.flops:
            begins = int(cell["parameters"]["REGSET"] == "SET")
            values[cell["connections"]["Q"][0]] = self.held.setdefault(id(cell), begins)
        for _ in self.blocks:
            for cell in self.blocks:
                self.give(cell, values)

    def registered(self, cell, kind):
        return cell["parameters"].get(f"REG_{kind}_CLK", "NONE") != "NONE"

    def give(self, cell, values):
        at = {port: values.get(bits[0], 0) for port, bits in cell["connections"].items()}
        now = {f: signed([at[f"{f}{n}"] for n in range(18)]) for f in "AB"}
        for factor in "AB":
            cell[factor] = now[factor]
            if self.registered(cell, f"INPUT{factor}"):
                now[factor] = self.held.setdefault((id(cell), factor), 0)
        cell["P"] = given = now["A"] * now["B"]
        if self.registered(cell, "OUTPUT"):
            given = self.held.setdefault((id(cell), "P"), 0)
        for port, bits in cell["connections"].items():
            if port[0] == "P":
                values[bits[0]] = given >> int(port[1:]) & 1

    def clock(self, values):
        """The edge: everything that is enabled loads."""
        for cell in self.flops:
            ports = {port: values.get(bits[0], 0) for port, bits in cell["connections"].items()}
            enabled = cell["parameters"]["CEMUX"] != "CE" or ports["CE"]
            if ports["LSR"] or enabled:
                reset = int(cell["parameters"]["REGSET"] == "SET")
                self.held[id(cell)] = reset if ports["LSR"] else ports["DI"]
        for cell in self.blocks:
            for kind, held in (("INPUTA", "A"), ("INPUTB", "B"), ("OUTPUT", "P")):
                if self.registered(cell, kind):
                    place = cell["parameters"][f"REG_{kind}_CE"]
                    if values.get(cell["connections"][place][0], 0):
                        self.held[id(cell), held] = cell[held]


def outputs(module, seed, cycles=12):
    random_bits, simulation, seen = random.Random(seed), Simulation(module), []
    for _ in range(cycles):
        values = {"0": 0, "1": 1, "x": 0}
        for port in module["ports"].values():
            if port["direction"] == "input":
                values |= {bit: random_bits.getrandbits(1) for bit in port["bits"]}
        simulation.settled(values)
        seen.append([values[b] for p in module["ports"].values() for b in p["bits"]])
        simulation.clock(values)
    return seen


def drawn_module(rng):
    """Products of registers of all sorts, whose outputs are registers again and feed others."""
    made = Made()
    sorts = [{}, {"enable": ENABLE}, {"REGSET": "SET"}, {"lsr": ENABLE}]
    pool = [made.port(made.bits(3), "input") for _ in range(3)] + [["1", "0"], ["0", "1"]]
    for _ in range(rng.randint(2, 5)):
        pool.append(made.flops(rng.choice(pool), **rng.choices(sorts, (6, 3, 1, 1))[0]))
    for _ in range(rng.randint(1, 3)):
        p = made.product(rng.choice(pool[3:]), rng.choice(pool[3:]), 3)
        pool.append(made.flops(p, **rng.choices(sorts, (6, 3, 1, 1))[0]))
        if rng.random() < 0.2:
            pool.append(made.flops(p[1:], **rng.choices(sorts, (6, 3, 1, 1))[0]))
        if rng.random() < 0.2:
            made.port(p[:1], "output")
    for bits in pool[5:]:
        if rng.random() < 0.6:
            made.port(bits, "output")
    return made.module()


def test_nothing_else_changes():
    moved = []
    for seed in range(200):
        module, again, changed = (drawn_module(random.Random(seed)) for _ in range(3))
        moved.append(absorb(changed))
        absorb(again)
        assert json.dumps(again) == json.dumps(changed)
        assert outputs(changed, seed) == outputs(module, seed), seed
    assert sum(m["outputs"] > 0 for m in moved) > 40
    assert sum(m["factors"] > 0 for m in moved) > 40


def files(folder):
    module = product()
    top = {"attributes": {"top": f"{1:032b}"}}
    netlist = {"modules": {"LUT4": {"attributes": {}}, "dut": module | top}}
    (folder / "netlist.json").write_text(json.dumps(netlist))
    counted = {"design": {"num_cells_by_type": {"TRELLIS_FF": 12, "MULT18X18D": 1}}}
    (folder / "cells.json").write_text(json.dumps(counted))
    return "netlist.json", "cells.json"


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["x", *(str(tmp_path / name) for name in files(tmp_path))])
    assert main() == 0
    assert "12 flip-flops moved into blocks" in capsys.readouterr().out
    read = (json.loads((tmp_path / name).read_text()) for name in ("netlist.json", "cells.json"))
    netlist, counted = read
    assert registers(netlist["modules"]["dut"]) == ALL
    assert counted["design"]["num_cells_by_type"] == {"TRELLIS_FF": 0, "MULT18X18D": 1}


def test_the_flows_run_the_command_alone(tmp_path):
    command = find_program(BLOCK_REGISTERS).command
    arguments = [*command[:-1], "-X", "importtime", command[-1], *files(tmp_path)]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "registers of 1 products" in done.stdout
    assert "dataclasses" in done.stderr and "gatewright.boards" not in done.stderr
