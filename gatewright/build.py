"""Compile a model into a build folder, and run what is in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy.typing as npt
import onnx

from gatewright import frontend, levels
from gatewright.boards import DEFAULT_BOARD, SynthReport
from gatewright.calibration import Calibration, calibrate
from gatewright.cores import level_core
from gatewright.errors import GatewrightError
from gatewright.folder import (
    COSIM,
    LIBRARIES,
    RTL,
    keeping,
    named,
    read_manifest,
    replacing,
    whole,
    write_manifest,
)
from gatewright.golden import golden_vectors
from gatewright.hls_templates import Design, map_design, write_project
from gatewright.hls_templates.cosim import Drive
from gatewright.hls_templates.ports import Ports
from gatewright.hls_templates.project import project_files
from gatewright.hls_templates.rtl.write import rtl_files
from gatewright.inputs import check_arguments
from gatewright.ir.certificate import Certificate, build_certificate
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.onnx_io import from_onnx, to_onnx
from gatewright.ir.standard import to_standard
from gatewright.ir.traced.cell_spec import read_cell
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.traced.vocabulary import CELLS
from gatewright.ir.types import IntArray
from gatewright.levels import FAST_LEVELS, LEVELS, RTL_LEVELS, Arguments, Engine
from gatewright.options import check_options, find_board, fit_steps
from gatewright.rtl_level import RtlEngine, Simulated, Stats, check_level, drive_for
from gatewright.version import VERSION

if TYPE_CHECKING:
    from gatewright.verify import Report

TRACED, INTEGER, STANDARD = "1_traced.onnx", "2_integer.onnx", "2_standard.onnx"
KERNELS, CERTIFICATE, PROJECT = "3_kernels.json", "certificate.json", "hls"
CALIBRATION = "calibration.json"

Progress = Callable[[str], None]
States = dict[str, npt.NDArray[Any]]


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
        ``3_kernels.json``, ``certificate.json`` and ``hls/``.

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
        traced = _trace(model, example_input)
        report("lower")
        integer = lower(traced)
        report("map")
        design = map_design(integer.graph, fit_steps(options, integer))
        report("write")
        _save(traced, partial / TRACED)
        _save(to_onnx(integer), partial / INTEGER)
        _save(to_standard(integer), partial / STANDARD)
        if isinstance(model, Calibration):
            _write_json(partial / CALIBRATION, model.to_json())
        _write_json(partial / KERNELS, _kernels_json(traced, integer, design))
        _write_json(partial / CERTIFICATE, build_certificate(integer).to_json())
        files = project_files(design, target.part, target.clock_ns)
        write_project(files | golden_vectors(integer, design), partial / PROJECT)
        write_project(rtl_files(design), partial / RTL)
        facts = {
            "gatewright": VERSION,
            "multipliers": options.multipliers,
            "requantizer": options.requantizer,
            "board": target.name,
        }
        write_manifest(partial, facts)
    return Build(folder)


def _trace(model: Any, example_input: Any) -> onnx.ModelProto:
    if isinstance(model, str | os.PathLike | onnx.ModelProto):
        return frontend.load(model)
    if isinstance(model, Calibration):
        return frontend.trace(
            model.model, model.example_input if example_input is None else example_input
        )
    return frontend.trace(model, example_input)


def _save(model: onnx.ModelProto, path: Path) -> None:
    path.write_bytes(model.SerializeToString(deterministic=True))


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")


def _kernels_json(traced: onnx.ModelProto, integer: IntegerModel, design: Design) -> dict[str, Any]:
    return {
        **design.to_json(integer.steps),
        "taps": [[tap.name, tap.width, tap.sequence, tap.reverse] for tap in design.taps()],
        "states": _state_quantizers(traced),
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


@dataclass(frozen=True)
class Build:
    """A build folder, opened.

    Args:
        path: The folder.

    Raises:
        GatewrightError: GW-402 if it is not a complete build.
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        read_manifest(self.path)

    @cached_property
    def traced(self) -> onnx.ModelProto:
        """``1_traced.onnx``."""
        with whole(self.path / TRACED):
            return onnx.load(str(self.path / TRACED))

    @cached_property
    def integer(self) -> IntegerModel:
        """``2_integer.onnx``."""
        with whole(self.path / INTEGER):
            return from_onnx(onnx.load(str(self.path / INTEGER)))

    @cached_property
    def kernels(self) -> dict[str, Any]:
        """``3_kernels.json``."""
        with whole(self.path / KERNELS):
            kernels: dict[str, Any] = json.loads((self.path / KERNELS).read_text())
            Ports.from_json(kernels)
            return kernels

    @cached_property
    def certificate(self) -> Certificate:
        """``certificate.json``."""
        return Certificate.from_json(json.loads((self.path / CERTIFICATE).read_text()))

    def engine(self, level: str, *, taps: bool = False, native: bool | None = None) -> Engine:
        """The engine of one level.

        Args:
            level: One of ``LEVELS``.
            taps: Whether the values inside are shown; h and c always are.
            native: C-simulation on machine integers instead of ap_int. By default that is so
                without taps.

        Raises:
            GatewrightError: GW-602 for an unknown level, GW-501 and GW-502 of the C++ compiler,
                GW-701, GW-702, GW-705 and GW-804 of the hardware tools.
        """
        match level:
            case "traced":
                return levels.traced_engine(self.traced, self.integer)
            case "integer":
                return levels.integer_engine(self.integer)
            case "standard":
                standard = onnx.load(str(self.path / STANDARD))
                return levels.standard_engine(standard, self.integer, taps=taps)
            case "csim":
                with keeping(self.path / LIBRARIES):
                    return levels.csim_engine(
                        self.path / PROJECT,
                        self.path / LIBRARIES,
                        self.integer,
                        Ports.from_json(self.kernels),
                        native=not taps if native is None else native,
                        taps=taps,
                    )
            case _ if level in RTL_LEVELS:
                return self.rtl_engine(level)
        raise GatewrightError(
            "GW-602",
            where=f"level {level}",
            cause="there is no such level.",
            remedy=f"Use one of {', '.join(LEVELS)}.",
        )

    def rtl_engine(
        self, level: str, drive: Drive | None = None, *, keep_state: bool = False
    ) -> RtlEngine:
        """The engine of a level that runs cycle by cycle.

        Args:
            level: ``rtl``: Verilator, or CXXRTL where there is no Verilator; ``cxxrtl``; the
                netlists ``netlist`` (ECP5) and ``netlist-ice40``.
            drive: Stalls, pauses, resets and a waveform; by default back to back.
            keep_state: Whether each sequence goes on from the state of the one before.

        Raises:
            GatewrightError: GW-701, GW-702, GW-705 and GW-804 of the hardware tools,
                GW-501 and GW-502 of the C++ compiler.
        """
        drive = drive_for(drive, stats=False)
        with keeping(self.path / COSIM):
            core = level_core(self, level, trace=drive.trace is not None)
        return RtlEngine(core, self.integer, drive, keep_state=keep_state)

    @overload
    def simulate(
        self,
        x: Any,
        level: str = ...,
        *,
        raw: bool = ...,
        states: Literal[False] = ...,
        return_stats: Literal[False] = ...,
        keep_state: bool = ...,
        drive: Drive | None = ...,
    ) -> Any: ...

    @overload
    def simulate(
        self,
        x: Any,
        level: str = ...,
        *,
        raw: bool = ...,
        states: Literal[True],
        return_stats: Literal[False] = ...,
        keep_state: bool = ...,
        drive: Drive | None = ...,
    ) -> tuple[Any, States]: ...

    @overload
    def simulate(
        self,
        x: Any,
        level: str = ...,
        *,
        raw: bool = ...,
        states: Literal[False] = ...,
        return_stats: Literal[True],
        keep_state: bool = ...,
        drive: Drive | None = ...,
    ) -> tuple[Any, Stats]: ...

    @overload
    def simulate(
        self,
        x: Any,
        level: str = ...,
        *,
        raw: bool = ...,
        states: Literal[True],
        return_stats: Literal[True],
        keep_state: bool = ...,
        drive: Drive | None = ...,
    ) -> tuple[Any, States, Stats]: ...

    def simulate(
        self,
        x: Any,
        level: str = "csim",
        *,
        raw: bool = False,
        states: bool = False,
        return_stats: bool = False,
        keep_state: bool = False,
        drive: Drive | None = None,
    ) -> Any:
        """Run one level.

        Args:
            x: float32 in the layout of the model, [B, T, I] or [T, B, I]; any B, any T unless a
                ``Flatten`` fixes it. A tuple of it and initial states if the model takes those.
            level: ``traced``, ``integer``, ``standard``, ``csim``, ``rtl``,
                ``cxxrtl``, ``netlist`` or ``netlist-ice40``.
            raw: Integer codes out instead of floats; of a layer without output quantizer, its
                accumulators.
            states: Also return the states of every step, by ``<layer>/h`` and ``<layer>/c``,
                [B, T, H], as codes or floats like the output.
            return_stats: Also return the clock cycles that it took, from ``rtl`` on.
            keep_state: Whether each sequence of the batch goes on from the state of the one before
                it, as in a stream that comes in pieces; for those levels.
            drive: Stalls, resets and a waveform; for those levels.

        Returns:
            The output in the layout of the model, a tuple if the model returns several (final
            states in it are [layers * directions, B, H]); with ``states`` or ``return_stats`` a
            tuple of that, the states and the ``Stats``, as far as they are wanted.

        Raises:
            GatewrightError: GW-601 for an input that does not fit, GW-602 for an unknown level,
                GW-606 for an option that the level does not have, GW-703 and GW-704 where hardware
                misbehaves, and those of the tools.
        """
        done = self.run(
            x,
            level,
            raw=raw,
            states=states,
            stats=return_stats,
            keep_state=keep_state,
            drive=drive,
        )
        results = [done.outputs, *([done.states] if states else [])]
        results += [done.stats] if return_stats else []
        return tuple(results) if len(results) > 1 else done.outputs

    def run(
        self,
        x: Any,
        level: str = "csim",
        *,
        raw: bool = False,
        states: bool = False,
        stats: bool = False,
        keep_state: bool = False,
        drive: Drive | None = None,
    ) -> Simulated:
        """What ``simulate`` does, with everything it may return by name."""
        check_level(level, stats=stats, keep_state=keep_state, drive=drive)
        arguments = self.check_input(x)
        wanted = self.kernels["states"] if states else {}
        clocked = None
        if level in RTL_LEVELS:
            clocked = self.rtl_engine(level, drive_for(drive, stats=stats), keep_state=keep_state)
        engine = clocked or self.engine(level, taps=states)
        run = levels.run_chunked(engine, arguments, self.integer, wanted.__contains__)
        outputs: tuple[Any, ...] = run.outputs
        if raw:
            outputs = tuple(output.codes(run.n) for output in self.integer.outputs)
        return Simulated(
            outputs if len(outputs) > 1 else outputs[0],
            {k: levels.state_values(run, k, q, raw) for k, q in wanted.items()},
            clocked.stats() if clocked else None,
        )

    def check_input(self, x: Any) -> Arguments:
        """The arguments as float32 arrays.

        Raises:
            GatewrightError: GW-601.
        """
        return check_arguments(x, self.integer)

    def verify(
        self,
        x: Any = None,
        model: Any = None,
        *,
        labels: IntArray | None = None,
        levels: Sequence[str] = FAST_LEVELS,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Report:
        """Compare every level with the one before it; see ``gatewright.verify.verify``."""
        from gatewright.verify import verify

        return verify(self, x, model, labels=labels, levels=levels, progress=progress)

    def synth(
        self,
        board: str,
        *,
        multipliers: int | None = None,
        clock: float | None = None,
        seeds: int = 1,
        progress: Callable[[str, str], None] | None = None,
    ) -> SynthReport:
        """Make a board's bitstream, or count resources; see ``gatewright.synth.synth``."""
        from gatewright.synth import synth

        return synth(
            self, board, multipliers=multipliers, clock=clock, seeds=seeds, progress=progress
        )

    def report(self, output: str | os.PathLike[str] | None = None) -> Path:
        """Write one HTML page about the build; see ``gatewright.report.write_report``."""
        from gatewright.report import write_report

        return write_report(self, output)
