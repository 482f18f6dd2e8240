"""``gatewright compile``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gatewright.boards import DEFAULT_BOARD, boards
from gatewright.builds.options import check_options
from gatewright.cli import display
from gatewright.cli.calibration import Calibrating, calibrate_with, calibrated
from gatewright.cli.common import as_json
from gatewright.cli.models import load_model, with_example
from gatewright.cli.progress import compiling
from gatewright.compiler import compile
from gatewright.hls_templates.mapping.document import to_json
from gatewright.hls_templates.mapping.options import DEFAULT_MULTIPLIERS
from gatewright.hls_templates.project.names import DEFAULT_NAME
from gatewright.views import near


@click.command("compile")
@click.argument("model")
@click.option(
    "-o",
    "--output",
    default=Path("build/model"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="The build folder; an older build there is replaced.",
)
@click.option(
    "--multipliers",
    default=DEFAULT_MULTIPLIERS,
    show_default=True,
    help="The most that a recurrent layer may use; fewer take more cycles.",
)
@click.option(
    "--requantizer",
    type=click.Choice(["auto", "thresholds"]),
    default="auto",
    show_default=True,
    help="Keep thresholds, or use checked multipliers.",
)
@click.option(
    "--max-steps",
    type=int,
    help="Longest sequence that a layer running backwards buffers; 128, or T of the example.",
)
@click.option(
    "--board",
    default=DEFAULT_BOARD,
    show_default=True,
    help=f"Part and clock of run_hls.tcl, and what synth is for: {', '.join(boards())}; or a .toml "
    "of your own.",
)
@click.option(
    "--hls-depth",
    type=int,
    metavar="CYCLES",
    help="From an h to the next in the pipeline of a recurrent layer that the HLS tool reports; "
    "without it, what its operators are taken to need.",
)
@click.option(
    "--name",
    default=DEFAULT_NAME,
    show_default=True,
    help="What modules, packages, memory images, namespaces and macros of the build begin with.",
)
@click.option(
    "--rom-dir",
    default="",
    metavar="FOLDER",
    help="Where rtl/ finds its rom/; 'absolute' for rtl/ itself. By default where a tool runs.",
)
@click.option(
    "--bus-bits",
    type=int,
    metavar="N",
    help="Bits of each AXI4-Stream of ip/: 8 to 512; without it what fits its words, at most 64.",
)
@click.option(
    "--clock",
    type=float,
    metavar="MHZ",
    help="Leave out registers of recurrent layers in rtl/ that the board does not need for this "
    "clock: fewer cycles a step. Without it all are there.",
)
@click.option(
    "--sequences",
    type=int,
    default=1,
    show_default=True,
    help="How many take turns in a recurrent layer of rtl/, so that its multipliers wait less.",
)
@calibrate_with
@as_json
def compile_command(
    model: str,
    output: Path,
    multipliers: int,
    requantizer: Any,
    max_steps: int | None,
    board: str,
    hls_depth: int | None,
    name: str,
    rom_dir: str,
    bus_bits: int | None,
    clock: float | None,
    sequences: int,
    calibrating: Calibrating,
    as_json: bool,
) -> None:
    """Compile MODEL into a build folder.

    MODEL is an .onnx file, module:factory, file.py:factory, or a folder whose model.py has
    model() and example_input(), which --calibrate does without.
    """
    check_options(
        multipliers,
        requantizer,
        max_steps,
        board,
        hls_depth,
        name,
        rom_dir,
        bus_bits,
        clock,
        sequences,
    )
    source, calibration = calibrated(load_model(model), calibrating, as_json)
    source = with_example(source, model)
    with compiling(as_json) as progress:
        build = compile(
            calibration or source.model,
            source.example_input,
            output,
            multipliers=multipliers,
            requantizer=requantizer,
            max_steps=max_steps,
            board=board,
            hls_depth=hls_depth,
            name=name,
            rom_dir=rom_dir,
            bus_bits=bus_bits,
            clock=clock,
            sequences=sequences,
            progress=progress,
        )
    if as_json:
        facts = {"calibration": calibration.to_json()} if calibration else {}
        click.echo(json.dumps({"build": str(near(build.path)), **facts, **to_json(build.kernels)}))
    else:
        if calibration is not None:
            display.show(calibration.view())
        display.show(build.view())
