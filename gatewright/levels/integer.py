"""``2_integer.onnx``, the integer graph."""

from __future__ import annotations

from gatewright.builds.documents import Documents
from gatewright.builds.folder import INTEGER
from gatewright.ir import interpreter
from gatewright.ir.lowering import IntegerModel
from gatewright.levels.level import Level
from gatewright.levels.run import Arguments, Kept, Run, StreamEngine


def integer_engine(integer: IntegerModel) -> StreamEngine:
    """``2_integer.onnx`` through our interpreter."""

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        n, taps = interpreter.run(integer.graph, integer.encode(arguments), kept)
        return Run(integer.decode(n), n, taps)

    return run


def _open(build: Documents, taps: bool, native: bool | None) -> StreamEngine:
    return integer_engine(build.integer)


LEVEL = Level("integer", INTEGER, "Gatewright's interpreter", _open)
