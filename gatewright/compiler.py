"""Compile a model into a build folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import onnx

from gatewright import frontend
from gatewright.boards import DEFAULT_BOARD, Board
from gatewright.build import (
    CALIBRATION,
    CERTIFICATE,
    INTEGER,
    KERNELS,
    PROJECT,
    STANDARD,
    TRACED,
    Build,
)
from gatewright.calibration import Calibration, calibrate
from gatewright.folder import RTL, named, replacing, writing
from gatewright.golden import golden_vectors
from gatewright.hls_templates import Design, map_design, write_project
from gatewright.hls_templates.project import project_files
from gatewright.hls_templates.rtl.write import rtl_files
from gatewright.ir.certificate import Certificate
from gatewright.ir.certify import certify
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.onnx_io import to_onnx
from gatewright.ir.standard import to_standard
from gatewright.ir.traced.cell_spec import read_cell
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.traced.vocabulary import CELLS
from gatewright.manifest import write_manifest
from gatewright.options import check_options, find_board, fit_steps
from gatewright.torch_check import check_torch
from gatewright.version import VERSION

Progress = Callable[[str], None]


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
    progress: Progress | None = None,
) -> Build:
    """Compile a quantized recurrent model to HLS C++.

    Args:
        model: A calibrated ``torch.nn.Module`` in eval mode; or the path of an ONNX file that
            Brevitas exported; or such a ``ModelProto``; or what ``calibrate`` returned.
        example_input: For a module, one float32 input [B, T, I] (or [T, B, I]); a tuple of it and
            initial states [layers * directions, B, H] if ``forward`` takes those too. With
            calibration data, its first sequence is taken.
        output_dir: The build folder. A build that is there is replaced, anything else refused.
        calibration: Data to calibrate a model with whose activations or weights are float, as
            ``calibrate`` takes it; its report is kept in ``calibration.json``.
        multipliers: Budget of multipliers of a recurrent layer; decides how it is folded.
        requantizer: ``auto`` replaces thresholds by checked multipliers or tables where they are
            equal; ``thresholds`` keeps them.
        max_steps: Longest sequence that the kernels can take, where a layer runs backwards or
            branches meet again and one has to be buffered; else any length will do. By default
            128, or T of the example if that is more.
        board: Name of a board, for the vendor project.
        progress: Called with the name of each stage as it begins.

    Returns:
        The build. Its folder holds ``1_traced.onnx``, ``2_integer.onnx``, ``2_standard.onnx``,
        ``3_kernels.json``, ``certificate.json``, ``hls/`` and ``rtl/``.

    Raises:
        GatewrightError: With a code, a place, a cause and a remedy; the folder is left as it was.
    """
    report = progress or (lambda stage: None)
    options = check_options(multipliers, requantizer, max_steps)
    target = find_board(board)
    folder = named(output_dir)
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
        report("lower")
        integer = lower(traced)
        report("map")
        design = map_design(integer.graph, fit_steps(options, integer))
        certified = certify(traced, integer)
        if module is not None:
            report("check")
            check_torch(module, example_input, traced, integer, certified)
        report("write")
        with writing(folder):
            if isinstance(model, Calibration):
                _write_json(partial / CALIBRATION, model.to_json())
            _write_build(partial, traced, integer, certified.certificate, design, target)
            facts = {
                "gatewright": VERSION,
                "multipliers": options.multipliers,
                "requantizer": options.requantizer,
                "board": target.name,
            }
            write_manifest(partial, facts)
    return Build(folder)


def _module(model: Any, example_input: Any) -> tuple[Any, Any]:
    """The torch module that is compiled, and its example."""
    if not isinstance(model, Calibration):
        return model, example_input
    return model.model, model.example_input if example_input is None else example_input


def _write_build(
    folder: Path,
    traced: onnx.ModelProto,
    integer: IntegerModel,
    certificate: Certificate,
    design: Design,
    target: Board,
) -> None:
    """Every form of the model, but not the manifest."""
    _save(traced, folder / TRACED)
    _save(to_onnx(integer), folder / INTEGER)
    _save(to_standard(integer), folder / STANDARD)
    _write_json(folder / KERNELS, _kernels_json(traced, integer, design))
    _write_json(folder / CERTIFICATE, certificate.to_json())
    files = project_files(design, target.part, target.clock_ns)
    write_project(files | golden_vectors(integer, design), folder / PROJECT)
    write_project(rtl_files(design), folder / RTL)


def _save(model: onnx.ModelProto, path: Path) -> None:
    path.write_bytes(model.SerializeToString(deterministic=True))


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")


def _kernels_json(traced: onnx.ModelProto, integer: IntegerModel, design: Design) -> dict[str, Any]:
    taps = design.taps()
    states = _state_quantizers(traced)
    return {
        **design.to_json(integer.steps),
        "taps": [[tap.name, tap.width, tap.sequence, tap.reverse] for tap in taps],
        # A layer that no output needs is not built: it has no states to show.
        "states": {tap.name: states[tap.name] for tap in taps if tap.name in states},
    }


def _state_quantizers(traced: onnx.ModelProto) -> dict[str, dict[str, Any]]:
    """Scale and zero point of h and c of each recurrent layer."""
    graph = TracedGraph(traced.graph)
    states = {}
    for node in traced.graph.node:
        if node.op_type in CELLS:
            spec = read_cell(graph, node)
            for state in spec.form.states:
                states[f"{node.name}/{state}"] = spec.state_quantizer(state).to_json()
    return states
