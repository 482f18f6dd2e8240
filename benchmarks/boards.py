"""Every open board with one model: resources, clock and speed, as a table in Markdown.

    python benchmarks/boards.py [--model examples/digits] [--boards icebreaker,...] [--seeds N]

A board that fails is named on stderr, and the exit code is 1. It takes a few minutes a board.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click

from gatewright import GatewrightError, compile
from gatewright.boards import SynthReport, open_boards
from gatewright.cli.models import load_model

HEADINGS = (
    "board",
    "multipliers",
    "LUTs",
    "FFs",
    "block RAMs",
    "DSPs",
    "Fmax",
    "clock",
    "cycles",
    "inferences/s",
)


def row(report: SynthReport) -> list[str]:
    """The cells of a board."""
    used = [
        f"{report.usage[name].used:,} ({report.usage[name].share:.0%})"
        if name in report.usage
        else "-"
        for name in ("lut", "ff", "bram", "dsp")
    ]
    assert report.timing is not None
    return [
        report.title,
        str(report.multipliers),
        *used,
        f"{report.timing.fmax_mhz:.1f} MHz",
        f"{report.clock_mhz:g} MHz",
        f"{report.cycles:,}",
        f"{report.per_second:,.0f}",
    ]


def line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


@click.command()
@click.option("--model", default="examples/digits", show_default=True)
@click.option("--boards", "names", default=",".join(open_boards()), show_default=True)
@click.option("--seeds", type=int)
@click.option("--json", "as_json", is_flag=True)
def main(model: str, names: str, seeds: int | None, as_json: bool) -> None:
    source = load_model(model)
    reports = []
    if not as_json:
        click.echo(line(HEADINGS))
        click.echo(line(["---"] + ["---:"] * (len(HEADINGS) - 1)))
    with tempfile.TemporaryDirectory() as folder:
        build = compile(source.model, source.example_input, Path(folder) / "build")
        for name in names.split(","):
            try:
                report = build.synth(name, seeds=seeds)
            except GatewrightError as error:
                click.echo(f"{name}: {error}", err=True)
                reports.append({"board": name, "error": error.as_dict()})
                continue
            reports.append(report.to_json())
            if not as_json:
                click.echo(line(row(report)))
    if as_json:
        click.echo(json.dumps(reports, indent=1))
    sys.exit(any("error" in report for report in reports))


if __name__ == "__main__":
    main()
