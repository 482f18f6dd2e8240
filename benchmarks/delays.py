"""What the operators of a cell's tail take on an open family, as nextpnr times them.

    python benchmarks/delays.py FOLDER [--board ulx3s-85f] [--lanes 16]

Each operator stands between registers in so many lanes, is placed by itself, and its period is that
of nextpnr. A line through the periods of its widths, less what two registers with a wire between
them take, is the row of the family's file; ``--crowded`` is the factor that wires of a full device
are longer by. The way to a DSP block, and back, is what a product takes whose registers are those
of the block; the product itself is the rest of one without any.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from gatewright.boards.catalogue import open_boards
from gatewright.boards.description import OpenBoard
from gatewright.boards.flows import BLOCK_REGISTERS
from gatewright.boards.plan import ToolRun
from gatewright.boards.run import run_all
from gatewright.hls_templates.library import versioned_modules
from gatewright.hls_templates.rtl.cut import StretchKind
from gatewright.tools.programs import YOSYS

ASKED = 400.0
"""MHz that nextpnr is asked for, more than there is."""
LIMIT = 600.0
"""Seconds of a run."""


@dataclass(frozen=True)
class Bench:
    """One operator of a width.

    Attributes:
        kind: Which.
        bits: As of ``Stretch``.
        inputs: Bits that a lane takes.
        outputs: Bits that it gives.
        body: Statements that give ``y`` of ``x``, both of one lane.
    """

    kind: StretchKind
    bits: int
    inputs: int
    outputs: int
    body: str

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.kind}_{self.bits}"


def _add(bits: int) -> Bench:
    half = bits - 1
    params = f".A_BITS({half}), .B_BITS({half}), .Y_BITS({bits}), .CUT(1'b0)"
    ports = f".clk_i, .a_i(x[0+:{half}]), .b_i(x[{half}+:{half}]), .y_o(y)"
    return Bench("add", bits, 2 * half, bits, f"gw_sum_v1 #({params}) u ({ports});")


def _clamp(bits: int) -> Bench:
    ports = ".clk_i, .n_i($signed(x)), .y_o(y)"
    params = f".N_BITS({bits}), .Y_BITS(8), .CUT(1'b0)"
    return Bench("clamp", bits, bits, 8, f"gw_clamp_v1 #({params}) u ({ports});")


def _product(a: int, b: int) -> Bench:
    return _multiply("product", a, b, "000")


def _reach(a: int, b: int) -> Bench:
    return _multiply("reach", a, b, "101")


def _multiply(kind: StretchKind, a: int, b: int, cut: str) -> Bench:
    params = f".A_BITS({a}), .B_BITS({b}), .CUT(3'b{cut})"
    ports = f".clk_i, .a_i($signed(x[0+:{a}])), .b_i($signed(x[{a}+:{b}])), .y_o(y)"
    return Bench(kind, a + b, a + b, a + b, f"gw_multiply_v1 #({params}) u ({ports});")


def _select(address: int) -> Bench:
    values = 8 << address
    body = f"assign y = x[8*x[{values}+:{address}]+:8];"
    return Bench("select", address, values + address, 8, body)


def _table(bits: int) -> Bench:
    params = f'.N_BITS({bits}), .Y_BITS(8), .FILE("table_{bits}.mem"), .CUT(2\'b00)'
    return Bench("table", bits, bits, 8, f"gw_table_v1 #({params}) u (.clk_i, .n_i(x), .y_o(y));")


WIRE = Bench("wire", 0, 8, 8, "assign y = x;")
REACHES = tuple(_reach(n, n) for n in (8, 9, 17))
BENCHES = (
    WIRE,
    *map(_add, (9, 16, 24)),
    *map(_clamp, (10, 16, 24)),
    *(_product(n, n) for n in (8, 9, 17)),
    *REACHES,
    *map(_select, (1, 2, 3)),
    *map(_table, (4, 6, 8)),
)


def source(bench: Bench, lanes: int) -> str:
    """A module of registers around the operator.

    What comes in is shifted through the registers of all lanes; what comes out goes down a tree of
    registered four-input gates, so that nothing is longer than the operator itself.
    """
    width, given = lanes * bench.inputs, lanes * bench.outputs
    lines = [
        "module bench (input logic clk_i, input logic in_i, output logic out_o);",
        f"  logic [{width - 1}:0] x_q;",
        f"  always_ff @(posedge clk_i) x_q <= {{x_q[{width - 2}:0], in_i}};",
        f"  logic [{given - 1}:0] level_0_q;",
        f"  generate for (genvar n = 0; n < {lanes}; n++) begin : gen_lane",
        f"    logic [{bench.inputs - 1}:0] x;",
        f"    logic [{bench.outputs - 1}:0] y;",
        f"    assign x = x_q[n*{bench.inputs}+:{bench.inputs}];",
        f"    {bench.body}",
        f"    always_ff @(posedge clk_i) level_0_q[n*{bench.outputs}+:{bench.outputs}] <= y;",
        "  end endgenerate",
    ]
    level = 0
    while given > 1:
        fewer = -(-given // 4)
        lines.append(f"  logic [{fewer - 1}:0] level_{level + 1}_q;")
        lines += [
            f"  always_ff @(posedge clk_i) level_{level + 1}_q[{n}] <= "
            f"^level_{level}_q[{min(4 * n + 3, given - 1)}:{4 * n}];"
            for n in range(fewer)
        ]
        level, given = level + 1, fewer
    return "\n".join([*lines, f"  assign out_o = level_{level}_q[0];", "endmodule", ""])


def period(bench: Bench, board: OpenBoard, lanes: int, folder: Path) -> float:
    """Nanoseconds that nextpnr reports."""
    place, family = folder / bench.name, board.family
    place.mkdir(parents=True, exist_ok=True)
    files = versioned_modules()
    for name, text in files.items():
        (place / name).write_text(text)
    (place / "bench.sv").write_text(source(bench, lanes))
    rng = np.random.default_rng(bench.bits)
    if bench.kind == "table":
        words = "".join(f"{int(w):02x}\n" for w in rng.integers(0, 256, 1 << bench.bits))
        (place / f"table_{bench.bits}.mem").write_text(words)
    script = [
        f"read_slang -j 1 -D SYNTHESIS --top bench bench.sv {' '.join(sorted(files))}",
        f"{family.synth} -top bench -json bench.json",
        "tee -q -o cells.json stat -json",
    ]
    (place / "bench.ys").write_text("\n".join([*script, ""]))
    args = (
        *board.nextpnr,
        "--json=bench.json",
        "--report=report.json",
        f"--freq={ASKED}",
        "--seed=1",
        "--timing-allow-fail",
        "--out-of-context",
    )
    netlist = ("bench.json", "cells.json")
    moved = ToolRun("move registers into blocks", BLOCK_REGISTERS, netlist, "registers.log")
    runs = [
        ToolRun("synthesize", YOSYS, ("-s", "bench.ys"), "synth.log", limit=LIMIT),
        *((moved,) if bench.kind == "reach" and family.block_registers else ()),
        ToolRun("place", family.nextpnr, args, "place.log", gives="report.json", limit=LIMIT),
    ]
    run_all(runs, place, lambda stage, line: None)
    clocks = json.loads((place / "report.json").read_text())["fmax"]
    return 1000 / min(float(clock["achieved"]) for clock in clocks.values())


def table(periods: Mapping[str, float], crowded: float) -> dict[StretchKind, tuple[float, float]]:
    """Of each kind, what it takes, and for each bit more."""
    rows: dict[StretchKind, tuple[float, float]] = {}
    for kind in dict.fromkeys(bench.kind for bench in BENCHES):
        own = [bench for bench in BENCHES if bench.kind == kind]
        if kind == "wire":
            rows[kind] = (0.0, 0.0)
            continue
        ns = [_more(periods, b) * crowded for b in own]
        if kind == "product":
            ns = [n - 2 * _more(periods, b) * crowded for n, b in zip(ns, REACHES, strict=True)]
        slope, fixed = np.polyfit([b.bits for b in own], ns, 1)
        if slope < 0:  # the same for all widths
            slope, fixed = 0.0, max(ns)
        rows[kind] = (round(float(fixed), 2), round(float(slope), 3))
    return rows | {"leave": rows["reach"]}


def _more(periods: Mapping[str, float], bench: Bench) -> float:
    """Than a wire."""
    return max(periods[bench.name] - periods[WIRE.name], 0.0)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--board", "name", default="ulx3s-85f", show_default=True)
@click.option("--lanes", default=16, show_default=True)
@click.option("--crowded", default=1.0, show_default=True)
def main(folder: Path, name: str, lanes: int, crowded: float) -> None:
    board = open_boards()[name]
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "delays.json"
    periods: dict[str, float] = json.loads(place.read_text()) if place.exists() else {}
    for bench in BENCHES:
        if bench.name not in periods:
            periods[bench.name] = period(bench, board, lanes, folder)
            place.write_text(json.dumps(periods, indent=1) + "\n")
        click.echo(f"{bench.name:>12} {periods[bench.name]:6.2f} ns")
    click.echo(f"register={periods[WIRE.name] * crowded:.2f}")
    for kind, row in table(periods, crowded).items():
        click.echo(f'"{kind}": {row},')


if __name__ == "__main__":
    main()
