"""Commands that lead to a board: synthesize, run, and the demonstration of all."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gatewright.boards import boards, open_boards
from gatewright.build import Build
from gatewright.builds.folder import SYNTH
from gatewright.builds.options import check_clock, check_line, positive
from gatewright.cli import display, synth_display
from gatewright.cli.arrays import check_output, load_inputs, named_outputs
from gatewright.cli.common import as_json, give, run_verify, streams
from gatewright.cli.models import load_model, with_example
from gatewright.cli.progress import compiling, working
from gatewright.compiler import compile
from gatewright.device import DEFAULT_BAUD, DEFAULT_CLOCK, DEFAULT_PORT, DEFAULT_TIMEOUT, Device
from gatewright.levels.pieces import in_pieces
from gatewright.levels.table import FAST_LEVELS

DEMO = Path("examples/digits")
DEMO_BOARD, DEMO_MULTIPLIERS = "ulx3s-85f", 16
"""Placed in about a minute; the board holds four times as many multipliers."""


@click.command()
@click.argument("build", type=click.Path(path_type=Path))
@click.argument("inputs", metavar="X.npy|X.npz", type=click.Path(path_type=Path))
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Serial port of the board.")
@click.option(
    "--baud",
    default=DEFAULT_BAUD,
    show_default=True,
    help="Bits per second, as the bitstream was made for.",
)
@click.option(
    "--timeout",
    default=DEFAULT_TIMEOUT,
    show_default=True,
    help="Seconds after which a silent board has failed.",
)
@click.option(
    "--clock",
    default=DEFAULT_CLOCK,
    show_default=True,
    metavar="MHZ",
    help="The design's clock, or less: how long an answer may take.",
)
@click.option("--raw", is_flag=True, help="Integer codes instead of floats.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write a .npy; an .npz of several outputs.",
)
@streams
@as_json
def run(
    build: Path,
    inputs: Path,
    port: str,
    baud: int,
    timeout: float,
    clock: float,
    raw: bool,
    output: Path | None,
    steps: int | None,
    as_json: bool,
) -> None:
    """Run BUILD on a board, on the floats in X.npy.

    The board has to hold the bitstream of this build. A model that takes initial states too wants
    an .npz with an array for each argument.
    """
    check_line(baud, timeout)
    check_clock(clock)
    count = positive("stream", steps)
    opened = Build(build)
    check_output(output, several=len(opened.integer.outputs) > 1)
    arguments = load_inputs(inputs, opened.integer)
    board = Device(opened, port, baud, timeout, clock)
    with working(f"running on {port}", as_json), board as device:
        if count is None:
            result = device.simulate(arguments, raw=raw)
        else:
            with device.stream() as stream:
                result = in_pieces(stream, opened.integer, arguments, count, raw=raw).outputs
    give(named_outputs(result, opened.integer), output, as_json)


@click.command("synth")
@click.argument("build", default=Path("build/model"), type=click.Path(path_type=Path))
@click.option(
    "--board",
    help=f"{', '.join([*open_boards(), *boards()])}; or a .toml of your own. Without it, that of "
    "the build.",
)
@click.option(
    "--multipliers",
    type=int,
    help="The most that a recurrent layer may use; without it, as many as fit.",
)
@click.option("--clock", type=float, metavar="MHZ", help="The design's clock; the board's target.")
@click.option(
    "--seeds",
    type=int,
    help="Try so many placements and keep the fastest; without it, up to 4 until the clock is met.",
)
@click.option("--flow", help="For a vendor's board: run AMD's tools, vivado or vitis (Vitis HLS).")
@click.option(
    "--stages",
    help="Of --flow vivado: ooc,project,implement,bitstream,export; of vitis: "
    "csim,csynth,cosim,export; without it all of them.",
)
@click.option("--limit", type=float, metavar="MINUTES", help="Of each run with --flow; 120.")
@click.option(
    "--core",
    help="Of --flow vivado: rtl, or hls for the kernel that --flow vitis exported; rtl.",
)
@click.option("--resume", is_flag=True, help="Of --flow: go on from an attempt that failed.")
@as_json
def synth_command(
    build: Path,
    board: str | None,
    multipliers: int | None,
    clock: float | None,
    seeds: int | None,
    flow: str | None,
    stages: str | None,
    limit: float | None,
    core: str | None,
    resume: bool,
    as_json: bool,
) -> None:
    """Make the bitstream of BUILD for a board, in BUILD/synth/BOARD.

    Synthesis, place and route by the open tools of pip; their logs are kept there. For a vendor's
    board yosys counts resources, a project for Vivado is written and the commands to run are shown;
    --flow runs AMD's tools where they are installed.
    """
    opened = Build(build)
    with synth_display.synthesizing(as_json) as progress:
        report = opened.synth(
            board,
            multipliers=multipliers,
            clock=clock,
            seeds=seeds,
            flow=flow,
            stages=None if stages is None else stages.split(","),
            limit=limit,
            resume=resume,
            core=core,
            progress=progress,
        )
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        synth_display.show_synth(report, opened.path / SYNTH / report.board)


@click.command()
@click.argument("folder", default=DEMO, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    default=Path("build/digits"),
    type=click.Path(path_type=Path),
    show_default=True,
)
@click.option(
    "--board",
    default=DEMO_BOARD,
    show_default=True,
    help=f"Go on to its bitstream: {', '.join(open_boards())}; or none.",
)
@as_json
def demo(folder: Path, output: Path, board: str, as_json: bool) -> None:
    """Compile a trained model, verify it down to RTL, and make a bitstream.

    FOLDER has a model.py, whose dataset("all") is run; by default examples/digits of a clone.
    """
    source = with_example(load_model(str(folder)), str(folder))
    with compiling(as_json) as progress:
        build = compile(source.model, source.example_input, output, progress=progress)
    if not as_json:
        display.show(build.view())
    report = run_verify(build, source, None, "all", (*FAST_LEVELS, "rtl"), as_json)
    facts = report.to_json()
    if not as_json:
        display.show(report.view())
    if board != "none" and not report.mismatches:
        if not as_json:
            display.say(
                f"For {board} folded to {DEMO_MULTIPLIERS} multipliers, to be placed soon: more "
                "cycles, the same integers."
            )
        with synth_display.synthesizing(as_json) as stage:
            made = build.synth(board, multipliers=DEMO_MULTIPLIERS, progress=stage)
        facts["synth"] = made.to_json()
        if not as_json:
            synth_display.show_synth(made, build.path / SYNTH / made.board)
    if as_json:
        click.echo(json.dumps(facts))
    raise SystemExit(bool(report.mismatches))
