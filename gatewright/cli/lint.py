"""``gatewright lint-hls``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.table import Table

from gatewright.build import Build
from gatewright.cli import display
from gatewright.cli.common import as_json
from gatewright.cli.progress import working

if TYPE_CHECKING:
    from rich.console import JustifyMethod

    from gatewright.lint.findings import Finding
    from gatewright.lint.records import PipelineRecord

_COLUMNS: tuple[tuple[str, JustifyMethod], ...] = (
    ("kernel", "left"),
    ("interval", "right"),
    ("cycles", "right"),
    ("cycles of passes", "left"),
    ("ROM chain", "right"),
    ("copies of ROMs", "right"),
)


@click.command("lint-hls")
@click.argument("build", type=click.Path(path_type=Path))
@as_json
def lint_command(build: Path, as_json: bool) -> None:
    """Hold the C++ of BUILD against what is documented of Vitis HLS.

    BUILD may be a project of hls4ml; the layers of ours in it are held then. Nothing of it is run.
    Exit code 1 if there is a finding.
    """
    from gatewright.lint.foreign import is_project, project_report
    from gatewright.lint.lint import lint_report

    opened = None if is_project(build) else Build(build)
    with working("reading the C++", as_json):
        report = project_report(build) if opened is None else lint_report(opened)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        _show_pipelines(report.pipelines)
        _show(report.findings)
    raise SystemExit(bool(report.findings))


def _show_pipelines(pipelines: Sequence[PipelineRecord]) -> None:
    """A row each: which memory takes how many cycles from read to write, of how many passes."""
    table = Table(title="Pipelines by the model", title_justify="left")
    for heading, justify in _COLUMNS:
        table.add_column(heading, justify=justify)
    for one in pipelines:
        waits = (f"{c.name} {c.latency} of {c.distance}" for c in one.carried if c.latency)
        copied = [memory.copies for memory in one.memories if memory.copies > 1]
        copies = f"{sum(copied)} of {len(copied)}" if copied else ""
        cells = (one.kernel, one.interval, one.cycles, ", ".join(waits), len(one.rom_chain), copies)
        table.add_row(*map(display.plain, cells))
    if pipelines:
        display.OUT.print(table)


def _show(findings: Sequence[Finding]) -> None:
    for finding in findings:
        place = f"{finding.file}:{finding.line}"
        display.OUT.print(display.plain(f"{place}: {finding.rule}"), soft_wrap=True)
        display.OUT.print(display.plain(f"  {finding.reason}"), soft_wrap=True)
        display.OUT.print(display.plain(f"  Remedy: {finding.remedy}"), soft_wrap=True)
    display.OUT.print(f"{len(findings):,} findings", highlight=False)
