"""The command line."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from gatewright.build import Build
from gatewright.builds.options import positive
from gatewright.cli import boards as cli_boards
from gatewright.cli import check as cli_check
from gatewright.cli import compile as cli_compile
from gatewright.cli import display
from gatewright.cli import lint as cli_lint
from gatewright.cli import listing as cli_listing
from gatewright.cli import report as cli_report
from gatewright.cli.arrays import check_output, load_array, load_inputs, named_outputs
from gatewright.cli.calibration import Calibrating, calibrate_with, calibrated
from gatewright.cli.common import as_json, give, run_verify, streams
from gatewright.cli.diagnosis import diagnose
from gatewright.cli.doctor import examine
from gatewright.cli.models import load_dataset, load_model, torch_model, with_example
from gatewright.cli.progress import working
from gatewright.cli.terminated import ending_well
from gatewright.errors import GatewrightError, escaped
from gatewright.frontend.torch.traps import Trap, refused
from gatewright.hls_templates.cosim import Waveform
from gatewright.levels.pieces import in_pieces
from gatewright.levels.rtl import drive_for
from gatewright.levels.stream import check_stream
from gatewright.levels.table import FAST_LEVELS, LEVELS, check_level
from gatewright.version import VERSION

JSON = "gatewright.json"
EXIT_DEFECT = 3
"""The exit code of an error that nobody foresaw."""
INTERRUPTED = 130
"""That of a program which Ctrl-C ended: 128 and the number of the signal."""


class _Main(click.Group):
    """Prints coded errors as such and leaves with exit code 2."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A command's own options are parsed later, and its errors are caught here.
        ctx.meta[JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def main(self, *args: Any, **options: Any) -> Any:
        with display.telling_output(), ending_well():
            return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with display.showing_warnings():
                return super().invoke(ctx)
        except GatewrightError as error:
            if ctx.meta[JSON]:
                click.echo(json.dumps({"error": error.as_dict()}))
            display.show_error(error)
            ctx.exit(2)
        except (KeyboardInterrupt, click.Abort) as stopped:
            click.echo("\nAborted!", err=True)
            display.show_stopped(stopped)
            ctx.exit(INTERRUPTED)
        except SystemExit as ended:
            display.show_stopped(ended)
            raise
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError, display.OutputError):
            raise
        except Exception:  # 1 says that integers differ, which nobody found out here
            for line in traceback.format_exc().splitlines():
                click.echo(escaped(line), err=True)
            ctx.exit(EXIT_DEFECT)


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="gatewright")
def main() -> None:
    """Compile quantized recurrent networks to bit-exact FPGA kernels."""


@main.command()
@click.argument("build", type=click.Path(path_type=Path))
@click.argument("inputs", metavar="X.npy|X.npz", type=click.Path(path_type=Path))
@click.option("--level", default="csim", show_default=True, type=click.Choice(LEVELS))
@click.option("--raw", is_flag=True, help="Integer codes instead of floats.")
@click.option("--states", is_flag=True, help="Also h and c of every step.")
@click.option(
    "--stats", is_flag=True, help="Also the clock cycles of each sequence (levels of hardware)."
)
@streams
@click.option(
    "--trace",
    metavar="OUT.vcd",
    type=click.Path(path_type=Path),
    help="Write the waveform of all signals (levels of hardware).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write a .npy; an .npz of several outputs, or with --states.",
)
@as_json
def simulate(
    build: Path,
    inputs: Path,
    level: str,
    raw: bool,
    states: bool,
    stats: bool,
    steps: int | None,
    trace: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Run one level of BUILD on the floats in X.npy.

    A model that takes initial states too wants an .npz with an array for each argument.
    """
    opened = Build(build)
    check_output(output, several=states or len(opened.integer.outputs) > 1)
    arguments = load_inputs(inputs, opened.integer)
    check_level(level, trace=trace)
    count = positive("stream", steps)
    drive = replace(drive_for(None, stats=stats), trace=Waveform(trace)) if trace else None
    with working(f"simulating {level}", as_json):
        if count is None:
            done = opened.run(arguments, level, raw=raw, states=states, stats=stats, drive=drive)
        else:
            check_stream(stats=stats, trace=trace)
            with opened.stream(level) as stream:
                done = in_pieces(stream, opened.integer, arguments, count, raw=raw, states=states)
    give(
        named_outputs(done.outputs, opened.integer) | done.states,
        output,
        as_json,
        done.stats if stats else None,
    )
    if not (raw or as_json):
        display.show_on_host({o.name: o.on_host for o in opened.integer.outputs if o.on_host})


@main.command("verify")
@click.argument("build", type=click.Path(path_type=Path))
@click.argument("inputs", metavar="[X.npy]", required=False, type=click.Path(path_type=Path))
@click.option("--model", help="Begin with torch: the MODEL that was compiled.")
@click.option(
    "--split",
    default="test",
    show_default=True,
    help="Which split, if the model has a dataset.",
)
@calibrate_with
@click.option(
    "--levels",
    default=",".join(FAST_LEVELS),
    show_default=True,
    help="Comma-separated, in order; or all.",
)
@as_json
def verify_command(
    build: Path,
    inputs: Path | None,
    model: str | None,
    split: str,
    calibrating: Calibrating,
    levels: str,
    as_json: bool,
) -> None:
    """Compare every level of BUILD with the one before it.

    The levels are traced, integer, standard and csim, then rtl, cxxrtl, netlist and netlist-ice40,
    which need hardware tools; with --model, torch comes first. Without X.npy it runs the model's
    dataset, or seeded random sequences. A model that was calibrated has to be calibrated again,
    with the same data and options. Exit code 1 if integers differ.
    """
    if calibrating.data and not model:
        raise click.UsageError("--calibrate needs --model, the model that is calibrated.")
    source = calibrated(load_model(model), calibrating, as_json)[0] if model else None
    if source is not None and model is not None:
        torch_model(source, model)
    report = run_verify(Build(build), source, inputs, split, _levels(levels), as_json)
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        display.show(report.view())
    raise SystemExit(bool(report.mismatches))


@main.command()
@click.argument("model", required=False)
@click.option(
    "--data",
    "typical",
    type=click.Path(path_type=Path),
    help="Typical inputs of MODEL, .npy.",
)
@calibrate_with
@as_json
def doctor(
    model: str | None, typical: Path | None, calibrating: Calibrating, as_json: bool
) -> None:
    """List the tools found and what each one enables; or the traps in MODEL.

    With --calibrate it is MODEL as compile calibrates it, or all that calibration refuses.

    Exit code 1 if a tool that is needed is missing, or MODEL does not compile as it is.
    """
    if model is not None:
        raise SystemExit(_examine_model(model, typical, calibrating, as_json))
    if calibrating.data is not None:
        raise click.UsageError("--calibrate needs MODEL, the model to calibrate.")
    with working("looking for tools", as_json):
        tools = examine()
    if as_json:
        click.echo(json.dumps([tool.__dict__ for tool in tools]))
    else:
        display.show_tools(tools)
    raise SystemExit(any(tool.needed and tool.found is None for tool in tools))


def _examine_model(model: str, data: Path | None, calibrating: Calibrating, as_json: bool) -> int:
    source = load_model(model)
    try:
        source, _ = calibrated(source, calibrating, as_json)
    except GatewrightError as error:
        if error.code in ("GW-603", "GW-604"):  # which are about the command, not the model
            raise
        return _show_traps(model, [refused(each) for each in (error, *error.others)], as_json)
    source = with_example(source, model)
    typical = None if data is None else load_array(data, "GW-601")
    if data is None and source.torch_module is not None:
        split = load_dataset(source, "test")
        typical = None if split is None else split[0]
    with working(f"examining {model}", as_json):
        traps = diagnose(source.model, source.example_input, typical)
    return _show_traps(model, traps, as_json)


def _show_traps(model: str, traps: Sequence[Trap], as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps([trap.__dict__ for trap in traps]))
    else:
        display.show_traps(model, traps)
    return int(any(trap.fatal for trap in traps))


def _levels(text: str) -> tuple[str, ...]:
    return LEVELS if text == "all" else tuple(part.strip() for part in text.split(","))


main.add_command(cli_compile.compile_command)
main.add_command(cli_boards.run)
main.add_command(cli_boards.synth_command)
main.add_command(cli_boards.demo)
main.add_command(cli_listing.boards_command)
main.add_command(cli_check.check_command)
main.add_command(cli_lint.lint_command)
main.add_command(cli_report.report)
