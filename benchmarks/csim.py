"""C-simulation speed: Gatewright, hls4ml and Brevitas on the same machine, in one run.

    python benchmarks/csim.py [--cases "T20 I6 H20,T100 I3 H128"] [--repeats 3] [--json]

See benchmarks/README.md for what is measured.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import click
from rich.console import Console
from rich.table import Table

NAMES = ("gatewright", "hls4ml", "brevitas")
CASES = "T20 I6 H20,T100 I3 H128"
WORKER = Path(__file__).with_name("contenders.py")
PROGRESS = Console(stderr=True)


class Worker:
    """A contender in its own process, which measures once each time it is asked."""

    def __init__(self, name: str, case: str, compiles: int, log: Any) -> None:
        self.name, self.log = name, log
        env = os.environ | {"OMP_NUM_THREADS": "1", "BREVITAS_JIT": str(int(name == "brevitas"))}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(WORKER), name, *sizes(case), str(compiles)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=env,
        )
        self.facts: dict[str, float] = self._answer()

    def measure(self) -> float:
        """Sequences per CPU-second."""
        assert self.process.stdin is not None
        self.process.stdin.write("measure\n")
        self.process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End of input lets the worker remove its folder and leave."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.wait()
        self.log.seek(0)
        raise click.ClickException(f"{self.name} failed:\n{self.log.read()[-2000:]}")


@contextmanager
def worker(name: str, case: str, compiles: int) -> Iterator[Worker]:
    """A worker that is ready, and gone afterwards."""
    with tempfile.TemporaryFile("w+") as log:
        with PROGRESS.status(f"{case}: preparing {name}"):
            ready = Worker(name, case, compiles, log)
        try:
            yield ready
        finally:
            ready.stop()


def sizes(case: str) -> tuple[str, str, str]:
    """T, I and H of a shape as it is written."""
    match = re.fullmatch(r"\s*T(\d+)\s*I(\d+)\s*H(\d+)\s*", case)
    if match is None:
        raise click.BadParameter(f"{case!r} is not like 'T20 I6 H20'", param_hint="--cases")
    T, I, H = match.groups()  # noqa: E741
    return T, I, H


def measure_case(case: str, names: tuple[str, ...], repeats: int) -> dict[str, Any]:
    """The median of ``repeats`` rounds; a round asks each contender once, in turn."""
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(name, case, repeats)) for name in names]
        speeds: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(1, repeats + 1):
            for each in workers:
                with PROGRESS.status(f"{case}: round {turn} of {repeats}, {each.name}"):
                    speeds[each.name].append(each.measure())
        facts = {key: value for each in workers for key, value in each.facts.items()}
    result: dict[str, Any] = {"shape": "T{} I{} H{}".format(*sizes(case))}
    result |= {name: median(speeds[name]) if name in names else None for name in NAMES}
    return result | {"compile_seconds": facts.get("compile_seconds")}


def number(value: float | None, form: str = ",.1f") -> str:
    """A table cell."""
    return "-" if value is None else format(value, form)


def ratio(over: float | None, under: float | None) -> str:
    """How many times ``under`` goes into ``over``."""
    return "-" if over is None or under is None else f"{over / under:,.2f}x"


def table(results: list[dict[str, Any]]) -> Table:
    """All cases, with our speed over theirs."""
    title = "C-simulation, sequences per CPU-second (one thread, median)"
    view = Table(title=title, title_justify="left")
    view.add_column("one LSTM layer", no_wrap=True)
    for heading in (*NAMES, "vs hls4ml", "vs brevitas", "compile [s]"):
        view.add_column(heading, justify="right")
    for row in results:
        ours = row["gatewright"]
        view.add_row(
            row["shape"],
            *(number(row[name]) for name in NAMES),
            ratio(ours, row["hls4ml"]),
            ratio(ours, row["brevitas"]),
            number(row["compile_seconds"], ".2f"),
        )
    return view


@click.command()
@click.option("--cases", default=CASES, show_default=True, help="Shapes, separated by commas.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Leave the others out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(cases: str, repeats: int, only: tuple[str, ...], as_json: bool) -> None:
    """Compare C-simulation speed with hls4ml and Brevitas."""
    shapes = cases.split(",")
    for shape in shapes:
        sizes(shape)
    results = [measure_case(shape, only or NAMES, repeats) for shape in shapes]
    if as_json:
        print(json.dumps({"cases": results}))
    else:
        Console().print(table(results))


if __name__ == "__main__":
    main()
