"""What a call of ``simulate`` costs beside the work itself, one sequence at a time.

    python benchmarks/calls.py [--case "T20 I6 H20"] [--calls 1000]

See benchmarks/README.md for what is measured.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import brevitas.nn as qnn
import click
import torch
from csim import sizes
from rich.console import Console
from rich.table import Table

import gatewright


def build_of(case: str, folder: Path) -> tuple[gatewright.Build, torch.Tensor]:
    """A seeded 8-bit LSTM of that shape, and one sequence."""
    T, I, H = map(int, sizes(case))  # noqa: E741
    torch.manual_seed(0)
    model, x = qnn.QuantLSTM(I, H, batch_first=True).train(), torch.randn(8, T, I)
    with torch.no_grad():
        for _ in range(3):
            model(x)
    return gatewright.compile(model.eval(), x, output_dir=folder / "build"), x[:1]


def microseconds(call: Callable[[], object], count: int) -> float:
    """The median of ``count`` calls, after a first one."""
    call()
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return median(taken) * 1e6


@click.command()
@click.option("--case", default="T20 I6 H20", show_default=True, help="Shape of the layer.")
@click.option("--calls", type=click.IntRange(min=1), default=1000, show_default=True)
def main(case: str, calls: int) -> None:
    """Compare calls of C-simulation with the work in them."""
    with tempfile.TemporaryDirectory() as folder:
        build, sequence = build_of(case, Path(folder))
        x = sequence.numpy()
        engine = build.engine("csim")
        with build.stream("csim") as stream:
            rows = {
                "the engine alone": microseconds(lambda: engine((x,)), calls),
                "build.simulate(x)": microseconds(lambda: build.simulate(x), calls),
                "stream(x)": microseconds(lambda: stream(x), calls),
                "Build(folder).simulate(x)": microseconds(
                    lambda: gatewright.Build(build.path).simulate(x), max(1, calls // 10)
                ),
            }
    view = Table(title=f"{case}, batch 1, csim: median of {calls:,} calls", title_justify="left")
    view.add_column("call")
    view.add_column("us", justify="right")
    view.add_column("of the engine's", justify="right")
    work = next(iter(rows.values()))
    for name, taken in rows.items():
        view.add_row(name, f"{taken:,.0f}", f"{taken / work:.1f}x")
    Console().print(view)


if __name__ == "__main__":
    main()
