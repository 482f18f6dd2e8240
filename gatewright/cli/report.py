"""``gatewright report``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gatewright.build import Build
from gatewright.cli import display
from gatewright.cli.arrays import check_place
from gatewright.cli.common import as_json, run_verify
from gatewright.cli.models import load_model, torch_model
from gatewright.levels.table import FAST_LEVELS


@click.command()
@click.argument("build", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="PAGE.html",
    type=click.Path(path_type=Path),
    help="The page; report.html in BUILD by default.",
)
@click.option("--verify", "verifies", is_flag=True, help="Verify first, on the software levels.")
@click.option("--model", help="With --verify: begin with torch, the MODEL that was compiled.")
@as_json
def report(
    build: Path, output: Path | None, verifies: bool, model: str | None, as_json: bool
) -> None:
    """Write one HTML page about BUILD.

    It shows what compile, verify and synth left in the folder, and runs nothing unless told to
    --verify; then exit code 1 says that integers differ.
    """
    if model is not None and not verifies:
        raise click.UsageError("--model needs --verify, which runs it.")
    opened, failed = Build(build), False
    if output is not None:
        check_place(output)
    if verifies:
        source = None if model is None else load_model(model)
        if source is not None and model is not None:
            torch_model(source, model)
        failed = bool(run_verify(opened, source, None, "test", FAST_LEVELS, as_json).mismatches)
    page = opened.report(output)
    if as_json:
        click.echo(json.dumps({"report": str(page)}))
    else:
        display.OUT.print(display.plain(page), soft_wrap=True)
    raise SystemExit(failed)
