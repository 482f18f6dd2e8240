"""``gatewright check``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gatewright.builds.check import ChangedBuildError, check
from gatewright.cli import display
from gatewright.cli.common import as_json
from gatewright.cli.progress import working


@click.command("check")
@click.argument("build", type=click.Path(path_type=Path))
@as_json
def check_command(build: Path, as_json: bool) -> None:
    """Judge BUILD without running anything of it.

    Everything is emitted again from its 1_traced.onnx and the options in its manifest, and compared
    byte for byte. Exit code 2 where anything differs.
    """
    try:
        with working("emitting again", as_json):
            checked = check(build)
    except ChangedBuildError as error:
        if not as_json:
            display.show_findings(error.findings)
        raise
    if as_json:
        click.echo(json.dumps(checked.to_json()))
    else:
        display.show_checked(checked)
