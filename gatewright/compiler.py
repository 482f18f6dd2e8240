"""Compile a model into a build folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import onnx

from gatewright import frontend
from gatewright.boards import DEFAULT_BOARD
from gatewright.build import Build
from gatewright.builds.emission import emit, json_bytes, make_forms
from gatewright.builds.folder import CALIBRATION, RTL, named, replacing, writing
from gatewright.builds.manifest import facts_of, write_manifest
from gatewright.builds.options import ABSOLUTE, check_options, check_rom_dir
from gatewright.calibration import Calibration, calibrate
from gatewright.hls_templates.project.names import DEFAULT_NAME
from gatewright.verify.torch_check import check_torch

StageProgress = Callable[[str], None]


def compile(
    model: Any,
    example_input: Any = None,
    output_dir: str | os.PathLike[str] = "build/model",
    *,
    calibration: Any = None,
    multipliers: int | None = None,
    requantizer: Literal["auto", "thresholds"] = "auto",
    max_steps: int | None = None,
    board: str = DEFAULT_BOARD,
    hls_depth: int | None = None,
    name: str = DEFAULT_NAME,
    rom_dir: str | os.PathLike[str] = "",
    bus_bits: int | None = None,
    clock: float | None = None,
    sequences: int = 1,
    progress: StageProgress | None = None,
) -> Build:
    """Compile a quantized recurrent model to HLS C++.

    Args:
        model: A calibrated ``torch.nn.Module`` in eval mode; or the path of an ONNX file that
            Brevitas exported; or such a ``ModelProto``; or what ``calibrate`` returned.
        example_input: For a module, one float32 input [B, T, I] (or [T, B, I]), or one of int64
            [B, T] that an embedding looks up; a tuple of it and initial states [layers *
            directions, B, H] if ``forward`` takes those too. With calibration data, its first
            sequence is taken.
        output_dir: The build folder. A build that is there is replaced, unless a vendor's tool has
            run in its ``synth/``; anything else is refused.
        calibration: Data to calibrate a model with whose activations or weights are float, as
            ``calibrate`` takes it; its report is kept in ``calibration.json``.
        multipliers: Budget of multipliers of a recurrent layer; decides how it is folded.
        requantizer: ``auto`` replaces thresholds by checked multipliers or tables where they are
            equal; ``thresholds`` keeps them.
        max_steps: Longest sequence that the kernels can take, where a layer runs backwards or
            branches meet again and one has to be buffered; else any length will do. By default
            128, or T of the example if that is more.
        board: Name of a board, for the vendor project.
        hls_depth: Cycles from an h to the next in the pipeline that the HLS tool makes of a
            recurrent layer, where its report is there to say; else what its operators are taken to
            need. The C++ is scheduled for that many; ``rtl/`` has a schedule of its own.
        name: What every module, package, memory image, namespace and macro of this build begins
            with, so that several stand in one project: small letters, digits and single ``_``
            between them, a letter first, at most 40.
        rom_dir: Folder in which ``rtl/`` finds its ``rom/``, where the instance, or a define, does
            not say another; by default the one that a tool runs in. ``"absolute"`` for ``rtl/``
            itself, wherever the tool runs: the build is then bound to its place.
        bus_bits: Bits of every AXI4-Stream of ``ip/``: 8 to 512, a power of two. By default the
            fewest that hold a word of the port, at most 64.
        clock: MHz for which the recurrent layers of ``rtl/`` are cut, by the delays of the board's
            family: registers that this clock can do without are left out, and a time step takes
            fewer cycles. By default all are there, for the fastest clock. ``synth`` cuts for the
            clock of its own board.
        sequences: How many sequences take turns in the recurrent layers of ``rtl/``, step by step:
            one works while others wait for their h, so that multipliers stand still less. They come
            and go one after the other as always. Each has memories of ``max_steps`` beats for what
            waits, and a state of its own. ``hls/`` takes one after the other.
        progress: Called with the name of each stage as it begins.

    Returns:
        The build. Its folder holds ``1_traced.onnx``, ``2_integer.onnx``, ``2_standard.onnx``,
        ``3_kernels.json``, ``certificate.json``, ``hls/``, ``rtl/`` and ``ip/``.

    Raises:
        GatewrightError: With a code, a place, a cause and a remedy; the folder is left as it was.
    """
    report = progress or (lambda stage: None)
    options = check_options(
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
    folder = named(output_dir)
    if rom_dir == ABSOLUTE:
        options = replace(options, rom_dir=check_rom_dir(folder.resolve() / RTL))
    with replacing(folder) as partial:
        if calibration is not None:
            report("calibrate")
            model = calibrate(model, calibration)
        report("trace")
        module = None
        if isinstance(model, str | os.PathLike | onnx.ModelProto):
            traced = frontend.load(model)
        else:
            module, example_input = _module(model, example_input)
            traced = frontend.trace(module, example_input)
        forms = make_forms(traced, options, report)
        if module is not None:
            report("check")
            check_torch(module, example_input, traced, forms.integer, forms.certified)
        report("write")
        with writing(folder):
            files = emit(forms)
            if isinstance(model, Calibration):
                files[CALIBRATION] = json_bytes(model.to_json())
            _write(partial, files)
            write_manifest(partial, facts_of(forms.options), files)
    return Build(folder)


def _module(model: Any, example_input: Any) -> tuple[Any, Any]:
    """The torch module that is compiled, and its example."""
    if not isinstance(model, Calibration):
        return model, example_input
    return model.model, model.example_input if example_input is None else example_input


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
