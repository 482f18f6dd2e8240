"""``2_standard.onnx``, plain ONNX ops."""

from __future__ import annotations

from functools import cache
from typing import Any

import onnx
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,
)

from gatewright.builds.documents import Documents
from gatewright.builds.folder import INTEGER, STANDARD
from gatewright.builds.graphs import read_graph
from gatewright.files.reading import whole
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.ops.window import past_of
from gatewright.ir.standard import (
    check_ops,
    stacked_states,
    with_kept,
    with_taps,
    with_values,
)
from gatewright.ir.standard_names import codes_name, value_name
from gatewright.ir.streamable import going_on
from gatewright.ir.types import IntArray
from gatewright.levels.level import Level
from gatewright.levels.run import Arguments, Kept, Run, StreamEngine

REFUSALS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented)
"""What onnxruntime raises for a model that is none."""


def standard_engine(model: onnx.ModelProto, integer: IntegerModel, *, taps: bool) -> StreamEngine:
    """``2_standard.onnx`` through onnxruntime.

    Raises:
        ValueError: If that does not take it.
    """
    windows, shown = going_on(integer.graph), with_taps(model) if taps else model
    model = with_values(shown, integer.graph, (node.inputs[0] for node in windows))
    inner = {o.name for o in model.graph.output} - {o.name for o in shown.graph.output}
    begins = _session(model)
    goes_on = cache(lambda: _session(with_kept(model, integer.graph)))  # for streams only
    names = [output.name for output in begins.get_outputs()]
    layers = {
        o: state
        for node in integer.graph.scans()
        for o, state in zip(stacked_states(node), node.states, strict=True)
    }

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        names_in = (argument.name for argument in integer.arguments)
        feeds: dict[str, Any] = dict(zip(names_in, arguments, strict=True))
        session = begins if kept is None else goes_on()
        feeds |= kept or {}
        values: dict[str, Any] = dict(zip(names, session.run(None, feeds), strict=True))
        ys = tuple(values.pop(output.name) for output in integer.outputs)
        n: dict[str, IntArray] = {}
        for output in integer.outputs:
            n |= output.from_codes(values.pop(codes_name(output)))
        past = {
            node.past: past_of(
                node, values[value_name(integer.graph, node.inputs[0])], feeds.get(node.past)
            )
            for node in windows
        }
        taps = {layers.get(k, k): value for k, value in values.items() if k not in inner}
        return Run(ys, n, taps, past)

    return run


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options)
    except REFUSALS as error:
        raise ValueError(str(error)) from error


def _open(build: Documents, taps: bool, native: bool | None) -> StreamEngine:
    def make() -> StreamEngine:
        with whole(build.path / STANDARD):
            model = read_graph(build.path, STANDARD)
            check_ops(model)  # onnxruntime would run a Loop without end, and heed no signal
            return standard_engine(model, build.integer, taps=taps)

    return build.opened.get(("standard", taps), (STANDARD, INTEGER), make, warns=True)


LEVEL = Level("standard", STANDARD, "onnxruntime", _open)
