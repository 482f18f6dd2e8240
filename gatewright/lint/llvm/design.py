"""The pipelines of a design: C++ in, what each comes to out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gatewright.lint.llvm.cfg import loops
from gatewright.lint.llvm.delays import CycleRoom
from gatewright.lint.llvm.emit import emit
from gatewright.lint.llvm.measure import UNMEASURED, Measured, kernel_of, measure
from gatewright.lint.llvm.places import Places, SourcePlace
from gatewright.lint.llvm.prepare import pipelines, prepare
from gatewright.lint.llvm.text import IrFunction
from gatewright.lint.pragmas.parse import Pragma


@dataclass(frozen=True)
class Pipeline:
    """A loop that is a pipeline.

    Attributes:
        kernel: Whose it is.
        asked: The interval that it is to have.
        pragma: What makes it one.
        pragmas: Those that are looked at, by numbers.
        places: Where operators and accesses stand.
        inside: Where loops begin that are left inside; then nothing is measured.
        measured: A pass of it.
    """

    kernel: str
    asked: int
    pragma: Pragma
    pragmas: Mapping[int, Pragma]
    places: Places
    inside: tuple[SourcePlace, ...]
    measured: Measured

    def place(self, debug: str) -> SourcePlace:
        """Where an instruction stands; what stands nowhere is at the pragma."""
        return self.places.of(debug) or SourcePlace(self.pragma.file, self.pragma.line)


def design_pipelines(
    texts: Mapping[str, str], pragmas: Mapping[int, Pragma], top: str, clock: CycleRoom
) -> tuple[Pipeline, ...]:
    """All pipelines of a design.

    Args:
        texts: C++ by path.
        pragmas: Those of the texts that are looked at, by any numbers.
        top: Path of the one that is compiled.
        clock: What a cycle has room for.

    Raises:
        GatewrightError: GW-505 without ziglang, GW-502 where it refuses the C++.
    """
    return tuple(_pipelines(texts, pragmas, top, clock))


def _pipelines(
    texts: Mapping[str, str], pragmas: Mapping[int, Pragma], top: str, clock: CycleRoom
) -> Iterator[Pipeline]:
    prepared = prepare(emit(texts, pragmas, top), pragmas)
    places = Places(prepared.text, texts)
    for variables in prepared.functions:
        function = variables.function
        for number, asked, loop in pipelines(function):
            inside = tuple(_begins(function, header, places) for header in loop.inner)
            measured = UNMEASURED if inside else measure(loop, variables, clock)
            kernel = kernel_of(function.name)
            yield Pipeline(kernel, asked, pragmas[number], pragmas, places, inside, measured)


def _begins(function: IrFunction, header: str, places: Places) -> SourcePlace:
    """Where a loop stands: at what decides whether it goes on."""
    loop = next(loop for loop in loops(function) if loop.header == header)
    for block in (*loop.exits, *loop.blocks):
        for made in reversed(function.blocks[block].instructions):
            place = places.of(made.debug)
            if place is not None:
                return place
    return SourcePlace("", 0)
