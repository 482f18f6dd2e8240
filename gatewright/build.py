"""A build folder, opened: run what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import onnx

from gatewright import levels
from gatewright.blame import blames_changes
from gatewright.boards import SynthReport
from gatewright.cores import level_core
from gatewright.errors import GatewrightError
from gatewright.folder import (
    CALIBRATION,
    CERTIFICATE,
    INTEGER,
    KERNELS,
    PROJECT,
    RTL,
    STANDARD,
    TRACED,
    located,
)
from gatewright.graphs import read_graph
from gatewright.hls_templates.cosim import Drive
from gatewright.hls_templates.csim import Simulator, compiler, csim_sources
from gatewright.hls_templates.eda import verilator, yosys
from gatewright.hls_templates.ports import SHAPE, Ports
from gatewright.inputs import check_arguments
from gatewright.ir.certificate import Certificate
from gatewright.ir.certify import certify
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.onnx_io import from_onnx
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import IntArray
from gatewright.levels import FAST_LEVELS, LEVELS, RTL_LEVELS, Arguments, StreamEngine
from gatewright.opened import Opened
from gatewright.reading import MAX_JSON, read_json, whole
from gatewright.rtl_level import (
    RtlEngine,
    Simulated,
    Stats,
    check_level,
    check_trace,
    drive_for,
)
from gatewright.shapes import check_shape
from gatewright.stream import States, Stream, refuses_keep_state

if TYPE_CHECKING:
    from gatewright.verify import Report

TOOLS = (compiler.VARIABLE, verilator.VARIABLE, yosys.VARIABLE)


@dataclass(frozen=True)
class Build:
    """A build folder, opened.

    Args:
        path: The folder.

    Raises:
        GatewrightError: GW-402 if it is not a complete build; GW-404 if a compile was killed while
            it replaced this one, and it cannot be put back.
    """

    path: Path
    _opened: Opened = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        path = located(self.path)
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "_opened", Opened(path))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)  # what it has opened is opened again where it goes

    @property
    def traced(self) -> onnx.ModelProto:
        """``1_traced.onnx``."""
        return self._opened.get(TRACED, (TRACED,), lambda: read_graph(self.path, TRACED))

    @property
    def integer(self) -> IntegerModel:
        """``2_integer.onnx``."""
        return self._opened.get(INTEGER, (INTEGER,), self._load_integer)

    def _load_integer(self) -> IntegerModel:
        with whole(self.path / INTEGER):
            return from_onnx(read_graph(self.path, INTEGER))

    @property
    def float_model(self) -> IntegerModel:
        """The integer model with the ranges that float32 may reach, which the kernels need not."""
        return self._opened.get("float_model", (TRACED,), self._widened)

    def _widened(self) -> IntegerModel:
        with whole(self.path / TRACED):
            # Not of 2_integer.onnx: this is what tells whether that is right.
            return certify(self.traced, lower(self.traced)).model

    @property
    def kernels(self) -> dict[str, Any]:
        """``3_kernels.json``."""
        return self._opened.get(KERNELS, (KERNELS,), self._load_kernels)

    def _load_kernels(self) -> dict[str, Any]:
        kernels = read_json(self.path, KERNELS, MAX_JSON)
        with whole(self.path / KERNELS):
            check_shape(kernels, SHAPE)
            Ports.from_json(kernels)
            for quantizer in kernels["states"].values():
                Quantizer.from_json(quantizer)
            return kernels

    @property
    def certificate(self) -> Certificate:
        """``certificate.json``."""
        return self._opened.get(CERTIFICATE, (CERTIFICATE,), self._load_certificate)

    def _load_certificate(self) -> Certificate:
        data = read_json(self.path, CERTIFICATE, MAX_JSON)
        with whole(self.path / CERTIFICATE):
            return Certificate.from_json(data)

    def listed(self, part: str) -> list[str]:
        """Files of ``hls/`` or ``rtl/`` that the manifest lists, relative to it.

        No other file is compiled or read by a simulation; the first time those are warned of, and
        so is what an earlier version left.
        """
        return self._opened.listed(part)

    @property
    def calibrated(self) -> bool:
        """Whether ``compile`` calibrated the model that it was given."""
        return self._opened.lists(CALIBRATION)

    @blames_changes
    def engine(self, level: str, *, taps: bool = False, native: bool | None = None) -> StreamEngine:
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
                with whole(self.path / TRACED):
                    return levels.traced_engine(self.traced, self.integer)
            case "integer":
                return levels.integer_engine(self.integer)
            case "standard":
                return self._opened.get(
                    (level, taps),
                    (STANDARD, INTEGER),
                    lambda: self._standard_engine(taps),
                    warns=True,
                )
            case "csim":
                on_words = not taps if native is None else native
                return self._opened.get(
                    (level, taps, on_words, *_tools()),
                    (PROJECT, INTEGER, KERNELS),
                    lambda: self._csim_engine(taps, on_words),
                    warns=True,
                )
            case _ if level in RTL_LEVELS:
                return self.rtl_engine(level)
        raise GatewrightError(
            "GW-602",
            where=f"level {level}",
            cause="there is no such level.",
            remedy="Give the model itself, which is this level: --model of verify, or model=."
            if level == "torch"
            else f"Use one of {', '.join(LEVELS)}.",
        )

    def _standard_engine(self, taps: bool) -> StreamEngine:
        with whole(self.path / STANDARD):
            return levels.standard_engine(read_graph(self.path, STANDARD), self.integer, taps=taps)

    def _csim_engine(self, taps: bool, native: bool) -> StreamEngine:
        return levels.csim_engine(self._simulator(taps, native), self.integer)

    def _simulator(self, taps: bool, native: bool) -> Simulator:
        files = csim_sources(self.path / PROJECT, self.listed(PROJECT))
        return Simulator(files, Ports.from_json(self.kernels), native=native, taps=taps)

    @refuses_keep_state
    def rtl_engine(self, level: str, drive: Drive | None = None) -> RtlEngine:
        """The engine of a level that runs cycle by cycle.

        Args:
            level: ``rtl``: Verilator, or CXXRTL where there is no Verilator; ``cxxrtl``; the
                netlists ``netlist`` (ECP5) and ``netlist-ice40``.
            drive: Stalls, pauses, resets and a waveform; by default back to back.

        Raises:
            GatewrightError: GW-701, GW-702, GW-705 and GW-804 of the hardware tools,
                GW-501 and GW-502 of the C++ compiler.
        """
        drive = drive_for(drive, stats=False)
        traces = drive.trace is not None
        make_core = self._opened.get(
            (level, traces, *_tools()),
            (RTL, INTEGER, KERNELS),
            lambda: level_core(self, level, trace=traces),
            warns=True,
        )
        return RtlEngine(make_core(), self.integer, drive)

    @overload
    def simulate(
        self,
        x: Any,
        level: str = ...,
        *,
        raw: bool = ...,
        states: Literal[False] = ...,
        return_stats: Literal[False] = ...,
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
        drive: Drive | None = ...,
    ) -> tuple[Any, States, Stats]: ...

    @refuses_keep_state
    def simulate(
        self,
        x: Any,
        level: str = "csim",
        *,
        raw: bool = False,
        states: bool = False,
        return_stats: bool = False,
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
                [B, T, H], as codes or floats like the output. From ``csim`` on there is no layer
                that no output needs.
            return_stats: Also return the clock cycles that it took, from ``rtl`` on.
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
            drive=drive,
        )
        results = [done.outputs, *([done.states] if states else [])]
        results += [done.stats] if return_stats else []
        return tuple(results) if len(results) > 1 else done.outputs

    @refuses_keep_state
    @blames_changes
    def run(
        self,
        x: Any,
        level: str = "csim",
        *,
        raw: bool = False,
        states: bool = False,
        stats: bool = False,
        drive: Drive | None = None,
    ) -> Simulated:
        """What ``simulate`` does, with everything it may return by name."""
        check_level(level, stats=stats, drive=drive)
        arguments = self.check_input(x)
        integer, wanted = self.integer, self.kernels["states"] if states else {}
        clocked = None
        if level in RTL_LEVELS:
            drive = drive_for(drive, stats=stats)
            check_trace(drive, arguments, integer)
            clocked = self.rtl_engine(level, drive)
        engine = clocked or self.engine(level, taps=states)
        run = levels.run_chunked(engine, arguments, integer, wanted.__contains__)
        outputs: tuple[Any, ...] = run.outputs
        if raw:
            outputs = tuple(output.codes(run.n) for output in integer.outputs)
        return Simulated(
            outputs if len(outputs) > 1 else outputs[0],
            {k: levels.state_values(run.taps[k], q, raw) for k, q in wanted.items()},
            clocked.stats() if clocked else None,
        )

    @blames_changes
    def stream(self, level: str = "csim") -> Stream:
        """One sequence in pieces, at one level.

        Args:
            level: As for ``simulate``.

        Returns:
            What takes the pieces; to be closed, as by ``with``.

        Raises:
            GatewrightError: GW-602 for an unknown level, GW-607 for a model that has to see a
                whole sequence, and those of the tools.
        """
        states = self.kernels["states"]
        return Stream(f"level {level}", self.integer, lambda: self._stream_engine(level), states)

    def _stream_engine(self, level: str) -> StreamEngine:
        engine = self.engine(level)
        if level != "csim":  # as for one with a state of its own
            return engine
        simulator = self._simulator(taps=False, native=True)
        return levels.csim_engine(simulator, self.integer, states=True)

    def check_input(self, x: Any) -> Arguments:
        """The arguments as float32 arrays.

        Raises:
            GatewrightError: GW-601.
        """
        return check_arguments(x, self.integer)

    @blames_changes
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

        self._opened.notice(CERTIFICATE)  # which is read only where something differs
        return verify(self, x, model, labels=labels, levels=levels, progress=progress)

    @blames_changes
    def synth(
        self,
        board: str,
        *,
        multipliers: int | None = None,
        clock: float | None = None,
        seeds: int | None = None,
        progress: Callable[[str, str], None] | None = None,
    ) -> SynthReport:
        """Make a board's bitstream, or count resources; see ``gatewright.synth.synth``."""
        from gatewright.synth import synth

        return synth(
            self, board, multipliers=multipliers, clock=clock, seeds=seeds, progress=progress
        )

    @blames_changes
    def report(self, output: str | os.PathLike[str] | None = None) -> Path:
        """Write one HTML page about the build; see ``gatewright.report.write_report``."""
        from gatewright.report import write_report

        return write_report(self, output)


def _tools() -> list[str | None]:
    """The tools that the user names, with which a simulation is compiled."""
    return [os.environ.get(variable) for variable in TOOLS]
