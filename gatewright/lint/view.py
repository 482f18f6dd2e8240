"""The C++ of a build as rules look at it, each thing made once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from gatewright.builds.documents import Documents
from gatewright.builds.folder import PROJECT
from gatewright.builds.manifest import read_manifest
from gatewright.builds.options import operator_ns
from gatewright.builds.targets import find_board
from gatewright.files.reading import MAX_JSON, read_bytes, whole
from gatewright.hls_templates.mapping.options import DEFAULT_CLOCK_NS
from gatewright.hls_templates.project.names import LIBRARY, Names
from gatewright.hls_templates.records import KernelsDocument
from gatewright.lint.llvm.delays import CycleRoom
from gatewright.lint.llvm.design import Pipeline, design_pipelines
from gatewright.lint.pragmas.grammar import resolved, wrong_words
from gatewright.lint.pragmas.parse import Pragma, pragmas_of
from gatewright.lint.source.ends import Ends
from gatewright.lint.source.functions import CppFunction, reached
from gatewright.lint.source.parse import Fault, Parsed
from gatewright.lint.source.passes import Passes
from gatewright.lint.source.probes import BoundPragma, PlacedPragma, bind, with_probes
from gatewright.lint.source.regions import TopStream, channels
from gatewright.lint.source.scopes import Braces, Scopes
from gatewright.lint.source.statics import Statics

_TOP = f"{PROJECT}/top.cpp"
_HOST = tuple(f"{PROJECT}/{name}" for name in ("csim.cpp", "tb.cpp", f"{LIBRARY}/gw_host.hpp"))
"""C++ that no hardware is made of."""


class View:
    """The folder ``hls/`` of a build.

    Args:
        texts: Its C++ that hardware is made of, by path below the build.
        kernels: ``3_kernels.json``.
        clock_ns: The clock period that delays are held against, in nanoseconds.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        kernels: KernelsDocument,
        clock_ns: float = DEFAULT_CLOCK_NS,
    ) -> None:
        self.texts, self.kernels, self.clock_ns = dict(texts), kernels, clock_ns

    @cached_property
    def written(self) -> Parsed:
        """The texts as clang reads them, pragmas apart."""
        return Parsed(self.texts)

    @cached_property
    def _skipped(self) -> dict[str, list[tuple[int, int]]]:
        return self.written.skipped()

    def is_skipped(self, file: str, line: int) -> bool:
        """Whether the preprocessor leaves out a line."""
        return any(first <= line <= last for first, last in self._skipped.get(file, ()))

    @cached_property
    def pragmas(self) -> tuple[Pragma, ...]:
        """Every ``#pragma HLS`` that synthesis sees, file by file in the order of their names."""
        found = (p for name in sorted(self.texts) for p in pragmas_of(name, self.texts[name]))
        return tuple(pragma for pragma in found if not self.is_skipped(pragma.file, pragma.line))

    @cached_property
    def placed(self) -> tuple[PlacedPragma, ...]:
        """Those, with the braces that they stand in."""
        scopes = Scopes(self.written.unit.cursor)
        return tuple(
            PlacedPragma(number, pragma, scopes.of(pragma.file, pragma.line), resolved(pragma))
            for number, pragma in enumerate(self.pragmas)
        )

    @cached_property
    def sound(self) -> tuple[PlacedPragma, ...]:
        """Those whose words are in order, and which stand in braces of a function."""
        nowhere = (Braces.NONE, Braces.OUTSIDE)
        return tuple(
            placed
            for placed in self.placed
            if placed.scope.braces not in nowhere and not any(wrong_words(placed.pragma))
        )

    @cached_property
    def probed(self) -> Parsed:
        """The texts with calls in the place of sound pragmas."""
        return Parsed(with_probes(self.texts, self.sound))

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """What clang refuses beside pragmas."""
        return tuple(self.written.faults())

    @cached_property
    def refused(self) -> tuple[tuple[Pragma, str], ...]:
        """Pragmas that name what is not there or give no constant, with clang's words."""
        lines = {
            (one.pragma.file, line): one.pragma
            for one in self.sound
            for line in range(one.pragma.line, one.pragma.last + 1)
        }
        found = ((lines.get((f.file, f.line)), f.says) for f in self.probed.faults())
        return tuple((pragma, says) for pragma, says in found if pragma is not None)

    @cached_property
    def functions(self) -> tuple[CppFunction, ...]:
        """What the top level calls, each template as it is used; the top level first."""
        return tuple(reached(self.probed.unit, Names(self.kernels.name).kernel).values())

    @cached_property
    def bound(self) -> dict[CppFunction, list[BoundPragma]]:
        """The sound pragmas of each function, with what they name there."""
        return {function: bind(function, self.sound) for function in self.functions}

    def told(self, function: CppFunction, directive: str) -> list[BoundPragma]:
        """The pragmas of a function that have a directive."""
        return [one for one in self.bound[function] if one.directive == directive]

    @cached_property
    def statics(self) -> Statics:
        """What is known before a pass of a pipeline begins."""
        return Statics(self.functions)

    @cached_property
    def passes(self) -> Passes:
        """What is done in one pass of a pipeline."""
        pipelines = (
            one.scope.key
            for one in self.sound
            if one.pragma.directive == "pipeline" and "off" not in one.options
        )
        return Passes(self.functions, frozenset(pipelines))

    @cached_property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """Loops that are pipelines, with what each comes to; none of what clang refuses."""
        sound = {one.number: one.pragma for one in self.sound}
        clock = CycleRoom(self.clock_ns)
        return () if self.faults else design_pipelines(self.texts, sound, _TOP, clock)

    @cached_property
    def channels(self) -> tuple[TopStream, ...]:
        """Streams of the top level, with the processes at their ends: ports, then its own."""
        top = self.functions[:1]
        return tuple(c for function in top for c in channels(function, self.ends))

    @cached_property
    def ends(self) -> Ends:
        """Who reads a stream and who writes it."""
        return Ends(self.functions)


def is_hardware(name: str) -> bool:
    """Whether hardware is made of a file, by its path below the build."""
    return name.endswith((".cpp", ".hpp")) and name not in _HOST


def view_of(build: Documents) -> View:
    """A build, to be looked at.

    Raises:
        GatewrightError: GW-402 where a file of it is missing or damaged, GW-403 where its board is
            not known.
    """
    names = (f"{PROJECT}/{name}" for name in build.listed(PROJECT))
    texts = {name: _text(build, name) for name in names if is_hardware(name)}
    board = find_board(read_manifest(build.path)["board"])
    return View(texts, build.kernels, operator_ns(board, board.clock_ns))


def _text(build: Documents, name: str) -> str:
    data = read_bytes(build.path, name, MAX_JSON)
    with whole(build.path / name):
        return data.decode()
