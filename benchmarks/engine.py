"""The recurrent engine at several sizes and folds: cycles, clock, and what it takes, as a table.

    python benchmarks/engine.py FOLDER [--rows NAME,...] [--clock MHZ] [--before first-edition.json]

Layers are cut for the clock, by the delays of ECP5; with ``--clock 0`` every register stands.

A row takes from seconds to half an hour; what FOLDER has of an earlier run is not done again. It
holds ``engine.json`` then, and with ``--before`` another such file stands beside it in the table.
A tool that takes longer than ten minutes, or a design that it cannot hold, gives ``-`` and a line
that says why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import torch
from torch import Tensor, nn

from gatewright import Build, GatewrightError, compile
from gatewright.boards.description import RESOURCES
from gatewright.boards.families.base import Family
from gatewright.boards.families.ecp5 import ECP5
from gatewright.boards.families.xilinx import SERIES7, ULTRASCALE_PLUS
from gatewright.boards.plan import ToolRun
from gatewright.boards.report import tally
from gatewright.boards.run import run_all
from gatewright.builds.fold import folded
from gatewright.builds.folder import RTL, SYNTH
from gatewright.cli.models import load_model
from gatewright.hls_templates import Design
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.hls_templates.project.names import SOURCES, Names
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.ir import ops
from gatewright.tools.programs import YOSYS

STEPS = 100
LIMIT = 600.0
"""Seconds that one run of a tool may take."""
BOARD, CLOCK = "ulx3s-85f", 90.0
"""An LFE5U-85F of speed grade 6, and what nextpnr is asked for, MHz."""
PLACED = 128
"""Multipliers up to which nextpnr is waited for."""
COUNTED = 1024
"""Multipliers up to which yosys is waited for."""
FAMILIES: tuple[Family, ...] = (ECP5, SERIES7, ULTRASCALE_PLUS)


@dataclass(frozen=True)
class Row:
    """One LSTM layer, or the digits.

    Attributes:
        inputs: I; 0 for the digits.
        hidden: H.
        multipliers: Budget.
        fixed: Whether scales are powers of two.
        bits: Of activations.
        weights: Bits of the weights.
        place: Whether nextpnr places it whatever its multipliers are.
        sequences: How many take turns.
    """

    inputs: int
    hidden: int
    multipliers: int
    fixed: bool = False
    bits: int = 8
    weights: int = 8
    place: bool = False
    sequences: int = 1

    @property
    def name(self) -> str:
        """As it stands in the table."""
        turns = f" S{self.sequences}" if self.sequences > 1 else ""
        if not self.inputs:
            return f"digits P{self.multipliers}{turns}"
        kind = "2^n" if self.fixed else "float"
        wide = f" {self.bits} bits" if self.bits != 8 else ""
        narrow = f" {self.weights}-bit weights" if self.weights != 8 else ""
        return f"I{self.inputs} H{self.hidden} P{self.multipliers} {kind}{wide}{narrow}{turns}"


ROWS = (
    Row(6, 20, 280, place=True),
    Row(6, 20, 280, fixed=True, place=True),
    Row(6, 20, 4096),
    Row(6, 20, 4096, fixed=True),
    Row(6, 20, 256),
    Row(6, 20, 256, fixed=True),
    Row(6, 20, 64),
    Row(6, 20, 64, fixed=True),
    Row(0, 0, 8),
    Row(0, 0, 16),
    Row(0, 0, 64),
    Row(0, 0, 256),
    Row(10, 20, 64),
    Row(10, 20, 64, weights=4),
    Row(40, 128, 256),
    Row(40, 128, 1024),
    Row(64, 64, 256),
    Row(64, 64, 2048),
    Row(128, 128, 3328),
    Row(256, 256, 1024),
    Row(512, 512, 1024),
    Row(16, 16, 256, bits=16),
    Row(16, 16, 256, fixed=True, bits=16),
    *(
        Row(*sizes, sequences=sequences)
        for sizes in ((6, 20, 196), (64, 64, 256), (64, 64, 2048), (128, 128, 3328))
        for sequences in (1, 2, 4)
    ),
)


def layer(row: Row) -> nn.Module:
    """A layer that returns its last step, its scales set from random input."""
    import brevitas.nn as qnn
    from brevitas.quant import fixed_point, scaled_int

    source = fixed_point if row.fixed else scaled_int
    ending = "FixedPoint" if row.fixed else "Float"

    def quantizer(name: str, bits: int, **options: Any) -> type:
        base = getattr(source, f"{name}{ending}")
        return type(name, (base,), {"bit_width": bits, **options})

    signed = quantizer("Int8ActPerTensor", row.bits, collect_stats_steps=4)
    unsigned = quantizer("Uint8ActPerTensor", row.bits, collect_stats_steps=4)

    class LastStep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = qnn.QuantLSTM(
                row.inputs,
                row.hidden,
                batch_first=True,
                weight_quant=quantizer("Int8WeightPerTensor", row.weights),
                io_quant=signed,
                gate_acc_quant=signed,
                sigmoid_quant=unsigned,
                tanh_quant=signed,
                cell_state_quant=signed,
            )

        def forward(self, x: Tensor) -> Tensor:
            out, _ = self.lstm(x)
            return out[:, -1]

    torch.manual_seed(0)
    model = LastStep().train()
    with torch.no_grad():
        for _ in range(5):
            model(torch.rand(32, 20, row.inputs) * 2 - 1)
    return model.eval()


def made(row: Row, folder: Path) -> Build:
    """The build of a row; its sequence has 100 steps, that of the digits 8."""
    if not row.inputs:
        source = load_model("examples/digits")
        model, example = source.model, source.example_input
    else:
        model, example = layer(row), torch.zeros(1, STEPS, row.inputs)
    return compile(model, example, folder, multipliers=row.multipliers, sequences=row.sequences)


def facts(build: Build, design: Design, sequences: int) -> dict[str, Any]:
    """What the schedule says. Predicted cycles are those of simulation, as the tests hold."""
    kernels = design.document(build.integer.steps, {})
    (engine,) = (k for k in kernels.kernels if isinstance(k, RecurrentRecord))
    steps = kernels.steps * sequences
    cycles = design.cycles(kernels.steps, sequences)
    useful = sum(
        value.size
        for scan in build.integer.graph.scans()
        if scan.body is not None
        for node in scan.body.nodes
        if node.op == ops.MATMUL and (value := scan.body[node.inputs[1]].value) is not None
    )
    return {
        "steps": steps,
        "sequences": sequences,
        "multipliers": engine.multipliers,
        "depth": engine.depth,
        "cycles_per_step": engine.cycles_per_step,
        "cycles": cycles,
        "utilization": engine.tiles * steps / cycles,
        "useful": useful * steps / (cycles * engine.multipliers),
        "products": useful * steps,
    }


SYNTH_COMMANDS = {
    ECP5.name: f"{ECP5.synth} -noflatten",
    **{family.name: f"{family.synth} -noiopad" for family in (SERIES7, ULTRASCALE_PLUS)},
}
"""With each module by itself, as a build has them."""


def counted(build: Build, design: Design, family: Family) -> dict[str, int]:
    """What yosys counts of the core, its hierarchy kept."""
    names = Names(build.kernels.name)
    for path, text in rtl_files(design, names).items():
        (build.path / RTL / path).parent.mkdir(exist_ok=True)
        (build.path / RTL / path).write_text(text)
    top = names.top
    script = [
        f"read_slang -j 1 --keep-hierarchy -D SYNTHESIS --top {top} -f {SOURCES}",
        f"{SYNTH_COMMANDS[family.name]} -top {top}",
        "tee -q -o cells.json stat -json",
    ]
    place = build.path / RTL
    (place / "count.ys").write_text("".join(f"{line}\n" for line in script))
    arguments = ("-s", "count.ys")
    run = ToolRun("count", YOSYS, arguments, "count.log", RTL, f"{RTL}/cells.json", limit=LIMIT)
    run_all([run], build.path, lambda stage, line: None)
    counts = json.loads((place / "cells.json").read_text())["design"]["num_cells_by_type"]
    used = tally(counts, family.cells, dict.fromkeys(RESOURCES, 0))
    return {resource: usage.used for resource, usage in used.items()}


def placed(build: Build, row: Row, clock: float) -> dict[str, float]:
    """The clock that nextpnr reports, whether it is the wanted one or not."""
    try:
        build.synth(BOARD, multipliers=row.multipliers, clock=clock, seeds=1)
        folder = build.path / SYNTH / BOARD
    except GatewrightError as error:
        if error.code != "GW-803":
            raise
        folder = build.path / SYNTH / f"{BOARD}.tried"
    timing = json.loads((folder / "synth.json").read_text())["timing"]
    return {"fmax_mhz": timing["fmax_mhz"]}


def tasks(
    row: Row, build: Build, clock: float
) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """What is asked of a row, by name."""
    design = folded(build, row.multipliers, ECP5.cuts(clock or None))
    yield "schedule", partial(facts, build, design, row.sequences)
    used = facts(build, design, row.sequences)["multipliers"]
    if used <= COUNTED:
        yield from ((family.name, partial(counted, build, design, family)) for family in FAMILIES)
    if clock and (used <= PLACED or row.place):
        yield "nextpnr", partial(placed, build, row, clock)


def measure(row: Row, known: dict[str, Any], clock: float) -> Iterator[dict[str, Any]]:
    """The row with one fact more each time; a task that fails leaves its reason."""
    found = dict(known)
    with TemporaryDirectory() as folder:
        for name, task in tasks(row, made(row, Path(folder) / "build"), clock):
            if name in found:
                continue
            try:
                found[name] = task()
            except GatewrightError as error:
                found[name] = {"why": f"{error.code} {error.cause}"}
            yield dict(found)


COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("P", lambda f: f"{f['schedule']['multipliers']}"),
    ("D", lambda f: f"{f['schedule']['depth']}"),
    ("cycles a step", lambda f: f"{f['schedule']['cycles_per_step']}"),
    ("utilization", lambda f: f"{f['schedule']['utilization']:.2f}"),
    ("useful", lambda f: f"{f['schedule']['useful']:.2f}"),
    ("Fmax ECP5", lambda f: f"{f['nextpnr']['fmax_mhz']:.0f} MHz"),
    (
        "ns a step",
        lambda f: f"{1e3 * f['schedule']['cycles_per_step'] / f['nextpnr']['fmax_mhz']:.0f}",
    ),
    ("sequences/s", lambda f: f"{pace(f):,.0f}"),
    *(
        (f"{family.name} LUT / FF / DSP / BRAM", lambda f, n=family.name: used(f[n]))
        for family in FAMILIES
    ),
    ("MAC a DSP and cycle, xc7", lambda f: f"{macs(f):.2f}"),
)


def used(count: dict[str, int]) -> str:
    return " / ".join(f"{count[name]:,}" for name in ("lut", "ff", "dsp", "bram"))


def macs(found: dict[str, Any]) -> float:
    schedule = found["schedule"]
    return float(schedule["products"] / (schedule["cycles"] * found["xc7"]["dsp"]))


def pace(found: dict[str, Any]) -> float:
    schedule = found["schedule"]
    return float(1e6 * found["nextpnr"]["fmax_mhz"] * schedule["sequences"] / schedule["cycles"])


def cells(found: dict[str, Any]) -> list[str]:
    shown = []
    for _, show in COLUMNS:
        try:
            shown.append(show(found))
        except (KeyError, ZeroDivisionError):
            shown.append("-")
    return shown


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--rows", "names", help="Those whose name holds one of these, with commas between.")
@click.option("--before", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--clock", default=CLOCK, show_default=True, help="MHz.")
def main(folder: Path, names: str | None, before: Path | None, clock: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "engine.json"
    found: dict[str, Any] = json.loads(place.read_text()) if place.exists() else {}
    earlier: dict[str, Any] = json.loads(before.read_text()) if before else {}
    wanted = [r for r in ROWS if names is None or any(n in r.name for n in names.split(","))]
    for row in wanted:
        for now in measure(row, found.get(row.name, {}), clock):
            found[row.name] = now
            place.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    headings = ["row", *(heading for heading, _ in COLUMNS)]
    click.echo(f"| {' | '.join(headings)} |")
    click.echo(f"| --- | {' | '.join(['---:'] * len(COLUMNS))} |")
    for row in wanted:
        before_it = cells(earlier.get(row.name, {}))
        pairs = zip(before_it, cells(found[row.name]), strict=True)
        shown = [now if was == "-" else f"{was} -> {now}" for was, now in pairs]
        click.echo(f"| {row.name} | {' | '.join(shown)} |")
    for row in wanted:
        for name, fact in found[row.name].items():
            if "why" in fact:
                click.echo(f"{row.name}, {name}: {fact['why']}")


if __name__ == "__main__":
    main()
