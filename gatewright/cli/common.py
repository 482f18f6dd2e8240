"""What several commands share: options, results, verification."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gatewright.build import Build
from gatewright.cli import display
from gatewright.cli.arrays import load_inputs, store
from gatewright.cli.models import ModelSource, load_dataset
from gatewright.cli.progress import verifying
from gatewright.levels.rtl import Stats
from gatewright.levels.stream import no_keep_state
from gatewright.verify.result import Report

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


def _refuse_keep_state(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    if value:
        raise no_keep_state("--keep-state")


_steps = click.option(
    "--stream",
    "steps",
    metavar="N",
    type=int,
    help="Feed the one sequence in pieces, N steps a call; a model that answers once a sequence "
    "answers each call.",
)
_gone = click.option(
    "--keep-state", is_flag=True, hidden=True, expose_value=False, callback=_refuse_keep_state
)


def streams(command: F) -> F:
    """The option ``--stream``."""
    return _steps(_gone(command))


def give(
    arrays: dict[str, Any], output: Path | None, as_json: bool, stats: Stats | None = None
) -> None:
    """Results to a file, and to the terminal."""
    if output is not None:
        store(output, arrays)
    if as_json:
        shown = {name: array.tolist() for name, array in arrays.items()}
        click.echo(json.dumps(shown | ({"stats": stats.to_json()} if stats else {})))
        return
    display.show_arrays(arrays, output)
    if stats is not None:
        display.show_stats(stats)


def run_verify(
    build: Build,
    source: ModelSource | None,
    inputs: Path | None,
    split: str,
    levels: tuple[str, ...],
    quiet: bool,
) -> Report:
    """Verify on inputs, on a split of a model's dataset, or on random sequences."""
    x, labels = None, None
    if inputs is not None:
        x = load_inputs(inputs, build.integer)
    elif source is not None and (loaded := load_dataset(source, split)) is not None:
        x, labels = loaded
    with verifying(quiet) as progress:
        return build.verify(
            x,
            source.torch_module if source else None,
            labels=labels,
            levels=levels,
            progress=progress,
        )
