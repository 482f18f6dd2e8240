"""``1_traced.onnx``, in Brevitas' own vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_node

from gatewright.builds.documents import Documents
from gatewright.builds.folder import TRACED
from gatewright.files.reading import whole
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.ops.window import past_of
from gatewright.ir.streamable import going_on
from gatewright.ir.traced import respecialize
from gatewright.ir.traced.cell_op import kept_states, recorded_taps
from gatewright.ir.traced.layouts import BATCH_FIRST, layouts
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.traced.pieces import padded_with, with_past
from gatewright.levels.level import Level
from gatewright.levels.run import Arguments, Kept, Run, StreamEngine, nearest


def traced_engine(model: onnx.ModelProto, integer: IntegerModel) -> StreamEngine:
    """``1_traced.onnx`` through qonnx."""
    quants = {
        f"{node.name}.out": (node.output[0], TracedGraph(model.graph).quantizer(node))
        for node in model.graph.node
        if node.op_type == "Quant" and f"{node.name}.out" in integer.graph.tensors
    }
    outputs = [value.name for value in model.graph.output]
    axes = layouts(model.graph)
    windows = {n.name.removesuffix(".windows"): n for n in going_on(integer.graph)}
    found = [(node, windows[node.name]) for node in model.graph.node if node.name in windows]
    goes_on = with_past(model, windows) if windows else model

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        before, given = kept or {}, integer.taken(arguments)
        pasts = [before[window.past].transpose(0, 2, 1) for _, window in found if before]
        with recorded_taps() as taps, kept_states(before):
            context = traced_values(goes_on if pasts else model, (*given, *pasts))
        for name, (tensor, quantizer) in quants.items():
            n = np.rint(context[tensor].astype(np.float64) / float(quantizer.scales[0]))
            order = axes.get(tensor, BATCH_FIRST)
            turned = n.transpose([order.index(a) for a in BATCH_FIRST]) if n.ndim == 3 else n
            taps[name] = turned.astype(np.int64)
        ys = tuple(np.asarray(context[output]) for output in outputs)
        past = {}
        for node, window in found:
            x, name = context[node.input[0]].transpose(0, 2, 1), window.past
            past[name] = past_of(window, x, before.get(name), padded_with(node.op_type))
        return Run(ys, nearest(integer, ys), dict(taps), past)

    return run


def traced_values(model: onnx.ModelProto, arguments: Arguments) -> dict[str, npt.NDArray[Any]]:
    """Every tensor of a traced graph, by name, in the user's layout.

    qonnx' ``execute_onnx`` would look for the shape and the annotation of each tensor among those
    of all, which takes longer than to compute them; here each has its shape, and no annotation.
    """
    wrapper = ModelWrapper(respecialize(model, [a.shape for a in arguments]))
    opsets = wrapper.get_opset_imports()
    values: dict[str, Any] = wrapper.make_empty_exec_context()
    names = [value.name for value in wrapper.graph.input]
    values |= zip(names, arguments, strict=True)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and saturates
        for node in wrapper.graph.node:
            execute_node(node, values, wrapper.graph, opsets[node.domain], True)
    return values


def _open(build: Documents, taps: bool, native: bool | None) -> StreamEngine:
    with whole(build.path / TRACED):
        return traced_engine(build.traced, build.integer)


LEVEL = Level("traced", TRACED, "QONNX, in exact arithmetic", _open, floats=True)
