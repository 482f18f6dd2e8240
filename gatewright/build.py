"""A build folder, opened: run what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from gatewright.boards import SynthReport
from gatewright.builds.blame import blames_changes
from gatewright.builds.documents import Documents
from gatewright.builds.folder import CERTIFICATE
from gatewright.builds.shown import build_view
from gatewright.hls_templates.cosim import Drive
from gatewright.hls_templates.mapping.document import to_json
from gatewright.ir.host import finished
from gatewright.ir.types import IntArray
from gatewright.levels.cores import clocked_engine
from gatewright.levels.inputs import check_arguments
from gatewright.levels.rtl import (
    RtlEngine,
    Simulated,
    Stats,
    check_trace,
    drive_for,
)
from gatewright.levels.run import Arguments, StreamEngine, run_chunked, state_values
from gatewright.levels.stream import KeptStates, Stream, refuses_keep_state
from gatewright.levels.table import (
    FAST_LEVELS,
    RTL_LEVELS,
    check_level,
    level_engine,
    stream_engine,
)
from gatewright.page import Drawing, draw
from gatewright.views import Shown, Viewed, near

if TYPE_CHECKING:
    from gatewright.lint.findings import Finding
    from gatewright.verify.result import Report


@dataclass(frozen=True)
class Build(Viewed, Documents):
    """A build folder, opened.

    Args:
        path: The folder.

    Raises:
        GatewrightError: GW-402 if it is not a complete build; GW-404 if a compile was killed while
            it replaced this one, and it cannot be put back.
    """

    def __repr__(self) -> str:
        return f"Build({str(near(self.path))!r})"

    @blames_changes
    def view(self) -> Shown:
        """Its kernels, what is predicted of them and what is proven, as ``print`` shows them.

        Raises:
            GatewrightError: GW-402 if a file of it is damaged.
        """
        return build_view(self)

    @blames_changes
    def pictures(self) -> tuple[Drawing, ...]:
        """The dataflow, the tile schedules and where cycles go, as on the page, for notebooks.

        Raises:
            GatewrightError: GW-402 if a file of it is damaged.
        """
        return draw(to_json(self.kernels))

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
        return level_engine(self, level, taps=taps, native=native)

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
        return clocked_engine(self, level, drive)

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
    ) -> tuple[Any, KeptStates]: ...

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
    ) -> tuple[Any, KeptStates, Stats]: ...

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
            x: float32 in the layout of the model, [B, T, I] or [T, B, I], or the integers [B, T] or
                [T, B] that it looks up; any B, any T unless a ``Flatten`` fixes it. A tuple of it
                and initial states if the model takes those.
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
            The output in the layout of the model, with a softmax, log_softmax or sigmoid that it
            ends in applied here, in float; a tuple if the model returns several (final
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
        integer, wanted = self.integer, self.kernels.states if states else {}
        clocked = None
        if level in RTL_LEVELS:
            drive = drive_for(drive, stats=stats)
            check_trace(drive, arguments, integer)
            clocked = self.rtl_engine(level, drive)
        engine = clocked or self.engine(level, taps=states)
        run = run_chunked(engine, arguments, integer, wanted.__contains__)
        pairs = zip(run.outputs, integer.outputs, strict=True)
        outputs: tuple[Any, ...] = tuple(finished(y, output.on_host) for y, output in pairs)
        if raw:
            outputs = tuple(output.codes(run.n) for output in integer.outputs)
        return Simulated(
            outputs if len(outputs) > 1 else outputs[0],
            {k: state_values(run.taps[k], q, raw) for k, q in wanted.items()},
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
        states = self.kernels.states
        return Stream(f"level {level}", self.integer, lambda: stream_engine(self, level), states)

    def check_input(self, x: Any) -> Arguments:
        """The arguments as float32 arrays, int64 of integers that are looked up.

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
        from gatewright.verify.verify import verify

        self.opened.notice(CERTIFICATE)  # which is read only where something differs
        return verify(self, x, model, labels=labels, levels=levels, progress=progress)

    def lint_hls(self) -> tuple[Finding, ...]:
        """Hold its C++ against what is documented of Vitis HLS; see ``gatewright.lint.lint``."""
        from gatewright.lint.lint import lint

        return lint(self)

    @blames_changes
    def synth(
        self,
        board: str | None = None,
        *,
        multipliers: int | None = None,
        clock: float | None = None,
        seeds: int | None = None,
        flow: str | None = None,
        stages: Iterable[str] | None = None,
        limit: float | None = None,
        resume: bool = False,
        core: str | None = None,
        progress: Callable[[str, str], None] | None = None,
    ) -> SynthReport:
        """Make a bitstream, or run a vendor's tools; see ``gatewright.synth.synth``."""
        from gatewright.synth import synth

        return synth(
            self,
            board,
            multipliers=multipliers,
            clock=clock,
            seeds=seeds,
            flow=flow,
            stages=stages,
            limit=limit,
            resume=resume,
            core=core,
            progress=progress,
        )

    @blames_changes
    def report(self, output: str | os.PathLike[str] | None = None) -> Path:
        """Write one HTML page about the build; see ``gatewright.report.write_report``."""
        from gatewright.report import write_report

        return write_report(self, output)
