"""``2_integer.onnx``, the integer graph."""

from __future__ import annotations

from gatewright.builds.documents import Documents
from gatewright.builds.folder import INTEGER
from gatewright.ir import interpreter
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.ops.window import past_of
from gatewright.ir.streamable import going_on
from gatewright.levels.level import Level
from gatewright.levels.run import Arguments, Kept, Run, StreamEngine


def integer_engine(integer: IntegerModel) -> StreamEngine:
    """``2_integer.onnx`` through our interpreter."""
    windows = going_on(integer.graph)

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        feeds = integer.encode(arguments)
        n, taps = interpreter.run(integer.graph, feeds, kept)
        values, before = feeds | taps, kept or {}
        past = {
            node.past: past_of(node, values[node.inputs[0]], before.get(node.past))
            for node in windows
        }
        return Run(integer.decode(n), n, taps, past)

    return run


def _open(build: Documents, taps: bool, native: bool | None) -> StreamEngine:
    return integer_engine(build.integer)


LEVEL = Level("integer", INTEGER, "Gatewright's interpreter", _open)
