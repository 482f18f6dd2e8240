"""Signs of life: what a command is at, for how long, and what the tool at work says.

On a terminal they stand in one line that goes; elsewhere a line is written now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic, perf_counter

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from gatewright.cli.display import ERR, plain
from gatewright.tools.running import at_work

FIRST_SIGN, NEXT_SIGN = 5.0, 30.0
"""Seconds until a step is told where there is no terminal, and until the next line."""
LOOK = 0.5
"""Seconds from one look at the step to the next."""
WORTH_TELLING = 1.0
"""Seconds of a level's work, with its compilation or without, that get a line of their own."""

STAGES = {
    "calibrate": "quantizers placed from data",
    "trace": "1_traced.onnx    the model as QONNX",
    "lower": "2_integer.onnx   integers only; 2_standard.onnx in plain ONNX",
    "map": "3_kernels.json   kernels and their tile schedule",
    "check": "the module runs as it was traced",
    "write": "hls/, rtl/       C++ for Vitis HLS, and SystemVerilog",
}


class Doing:
    """What a command is at, one step after the other."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._began = monotonic()
        self._due = self._began + FIRST_SIGN
        self._known = {name}

    def begin(self, name: str) -> None:
        """Go on to another step, or to one that was there before."""
        if name == self.name:
            return
        self.name, self._began = name, monotonic()
        if name not in self._known:
            self._known.add(name)
            self._due = min(self._due, self._began + FIRST_SIGN)

    def is_due(self) -> bool:
        """Whether it is time for a line; the next one has time then."""
        if monotonic() < self._due:
            return False
        self._due = monotonic() + NEXT_SIGN
        return True

    def __str__(self) -> str:
        return f"{self.name}, {monotonic() - self._began:.0f} s"

    def line(self) -> str:
        """With the tool that is at work."""
        tool = at_work()
        return f"{self}; {tool}" if tool else str(self)


@contextmanager
def alive(step: Doing, show: Callable[[Text], None], quiet: bool = False) -> Iterator[None]:
    """A block that gives signs of life; an exception that stops it is told what it was at.

    Args:
        step: What it is at, kept up to date by the block.
        show: Puts a line in place of the last one, on a terminal.
        quiet: Give no signs.
    """
    over = Event()
    teller = Thread(target=_tell, args=(step, show, over), daemon=True)
    if not quiet:
        teller.start()
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stopped:
        stopped.add_note(f"while {step}")
        raise
    finally:
        over.set()
        if not quiet:
            teller.join()


def _tell(step: Doing, show: Callable[[Text], None], over: Event) -> None:
    with suppress(OSError):  # signs that reach nobody stop, and the work goes on
        while not over.wait(LOOK):
            if ERR.is_terminal:
                show(plain(step.line()[: ERR.width - 4]))
            elif step.is_due():
                ERR.print(plain(f"  {step.line()}"), highlight=False, soft_wrap=True)


@contextmanager
def working(name: str, quiet: bool = False) -> Iterator[Doing]:
    """A block with a spinner, where there is a terminal, and with signs of life."""
    step = Doing(name)
    if quiet:
        with alive(step, lambda line: None, quiet):
            yield step
        return
    with ERR.status(plain(name)) as status, alive(step, status.update):
        yield step


@contextmanager
def stages(name: str, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Name each stage as it begins, and show the seconds it took when it has ended."""
    began: list[tuple[str, float]] = []

    def finish() -> None:
        if began and not quiet:
            stage, start = began[-1]
            ERR.print(plain(f"  {stage:<66} {perf_counter() - start:6.2f} s"), highlight=False)

    with working(name, quiet) as step:

        def report(stage: str) -> None:
            if not began or began[-1][0] != stage:
                finish()
                began.append((stage, perf_counter()))
                step.begin(stage)

        yield report
        finish()


@contextmanager
def compiling(quiet: bool) -> Iterator[Callable[[str], None]]:
    """The stages of a compilation."""
    with stages("compiling", quiet) as report:
        yield lambda stage: report(STAGES[stage])


@contextmanager
def calibrating(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar over the runs that a search or the sensitivity takes."""
    with _bar("calibrating", quiet) as report:
        yield report


@contextmanager
def verifying(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar over the sequences, and a line for what took its time: once for all sequences."""
    seconds: dict[str, float] = {}

    def tell(stage: str) -> None:
        took = seconds.pop(stage)
        if took >= WORTH_TELLING and not quiet:
            ERR.print(plain(f"  {stage:<66} {took:6.2f} s"), highlight=False)

    with _bar("verifying", quiet) as update:
        last, start = "", perf_counter()

        def report(stage: str, done: int, total: int) -> None:
            nonlocal last, start
            if last:
                seconds[last] = seconds.get(last, 0.0) + perf_counter() - start
                if last.startswith("compiling"):
                    tell(last)
            last, start = stage, perf_counter()
            update(stage, done, total)

        yield report
    for stage in tuple(seconds):
        tell(stage)


@contextmanager
def _bar(name: str, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    words = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), words, BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=ERR, disable=quiet, transient=True) as bar:
        task, step = bar.add_task(name, total=None), Doing(name)

        def report(stage: str, done: int, total: int) -> None:
            step.begin(stage)
            bar.update(task, description=plain(stage).plain, completed=done, total=total)

        def show(line: Text) -> None:
            bar.update(task, description=line.plain[: ERR.width // 2])

        with alive(step, show, quiet):
            yield report
