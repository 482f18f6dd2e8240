"""``gatewright lint-hls``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatewright.build import Build
from gatewright.cli import display
from gatewright.cli.common import as_json

if TYPE_CHECKING:
    from gatewright.lint.findings import Finding


@click.command("lint-hls")
@click.argument("build", type=click.Path(path_type=Path))
@as_json
def lint_command(build: Path, as_json: bool) -> None:
    """Hold the C++ of BUILD against what is documented of Vitis HLS.

    Nothing of it is run. Exit code 1 if there is a finding.
    """
    opened = Build(build)
    with display.ERR.status("reading the C++"):
        findings = opened.lint_hls()
    if as_json:
        click.echo(json.dumps({"findings": [_fields(finding) for finding in findings]}))
    else:
        _show(findings)
    raise SystemExit(bool(findings))


def _fields(finding: Finding) -> dict[str, object]:
    return {name: getattr(finding, name) for name in finding.__struct_fields__}


def _show(findings: Sequence[Finding]) -> None:
    for finding in findings:
        place = f"{finding.file}:{finding.line}"
        display.OUT.print(display.plain(f"{place}: {finding.rule}"), soft_wrap=True)
        display.OUT.print(display.plain(f"  {finding.reason}"), soft_wrap=True)
        display.OUT.print(display.plain(f"  Remedy: {finding.remedy}"), soft_wrap=True)
    display.OUT.print(f"{len(findings):,} findings", highlight=False)
