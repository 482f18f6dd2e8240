"""The levels of a build, each an engine that runs one artefact of the build folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from gatewright.hls_templates.csim import Simulator
from gatewright.hls_templates.kernel import Tap
from gatewright.ir import interpreter
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.standard import with_taps
from gatewright.ir.traced import respecialize
from gatewright.ir.traced.cell_op import recorded_taps
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.types import IntArray

LEVELS = ("traced", "integer", "standard", "csim")

FloatArray = npt.NDArray[np.float32]

# Sequences run at once: enough to feed numpy, few enough that all taps fit in memory.
CHUNK = 256


@dataclass(frozen=True)
class Run:
    """What a level computed.

    Attributes:
        y: Floats in the user's layout.
        n: The output as centered integers, [B, F] or [B, T, F].
        taps: Centered integers inside, by name: [B, T, ...] or [B, ...].
    """

    y: FloatArray
    n: IntArray
    taps: dict[str, IntArray]


Engine = Callable[[FloatArray], Run]


def traced_engine(model: onnx.ModelProto, integer: IntegerModel) -> Engine:
    """``1_traced.onnx`` through qonnx."""
    quants = {
        f"{node.name}.out": (node.output[0], TracedGraph(model.graph).quantizer(node))
        for node in model.graph.node
        if node.op_type == "Quant" and f"{node.name}.out" in integer.graph.tensors
    }
    output = model.graph.output[0].name

    def run(x: FloatArray) -> Run:
        wrapper = ModelWrapper(respecialize(model, x.shape))
        with recorded_taps() as taps:
            context = execute_onnx(wrapper, {model.graph.input[0].name: x}, True)
        for name, (tensor, quantizer) in quants.items():
            n = np.rint(context[tensor].astype(np.float64) / float(quantizer.scales[0]))
            steps_first = integer.input.time_major and n.ndim == 3
            taps[name] = (np.swapaxes(n, 0, 1) if steps_first else n).astype(np.int64)
        y = context[output].astype(np.float32)
        return Run(y, integer.output.nearest(y), dict(taps))

    return run


def integer_engine(integer: IntegerModel) -> Engine:
    """``2_integer.onnx`` through our interpreter."""
    source, sink = integer.graph.inputs[0], integer.graph.outputs[0]

    def run(x: FloatArray) -> Run:
        outputs, taps = interpreter.run(integer.graph, {source: integer.input.encode(x)})
        return Run(integer.output.decode(outputs[sink]), outputs[sink], taps)

    return run


def standard_engine(model: onnx.ModelProto, integer: IntegerModel, *, taps: bool) -> Engine:
    """``2_standard.onnx`` through onnxruntime."""
    model = with_taps(model) if taps else model
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [output.name for output in session.get_outputs()]
    layers = {
        o: f"{node.name}/{o.rpartition('.')[2]}"
        for node in integer.graph.scans()
        for o in node.outputs
    }

    def run(x: FloatArray) -> Run:
        values: dict[str, Any] = dict(zip(names, session.run(None, {"x": x}), strict=True))
        y, codes = values.pop("y"), values.pop("codes")
        taps = {layers.get(name, name): value for name, value in values.items()}
        return Run(y, integer.output.from_codes(codes), taps)

    return run


def csim_engine(
    project: Path, cache: Path, integer: IntegerModel, taps: tuple[Tap, ...], *, native: bool
) -> Engine:
    """``hls/`` through a C++ compiler."""
    simulator = Simulator(project, cache, native=native, taps=taps)
    shape = integer.graph[integer.graph.outputs[0]].shape
    width = shape[-1]
    assert isinstance(width, int)

    def run(x: FloatArray) -> Run:
        encoded = integer.input.encode(x)
        steps = encoded.shape[1] if integer.output.steps else 1
        n, shown = simulator.run(encoded, steps, width)
        n = n if integer.output.steps else n[:, 0]
        sequences = {tap.name for tap in taps if tap.sequence}
        inner = {name: v if name in sequences else v[:, 0] for name, v in shown.items()}
        return Run(integer.output.decode(n), n, inner)

    return run


def chunks(x: FloatArray, batch_axis: int, size: int = CHUNK) -> Iterator[FloatArray]:
    """Slices of at most ``size`` sequences."""
    for start in range(0, x.shape[batch_axis], size):
        index = [slice(None)] * x.ndim
        index[batch_axis] = slice(start, start + size)
        yield np.ascontiguousarray(x[tuple(index)])


def run_chunked(
    engine: Engine, x: FloatArray, integer: IntegerModel, keep: Callable[[str], bool]
) -> Run:
    """Run in chunks and join them, keeping only some taps."""
    runs = []
    for part in chunks(x, 1 if integer.input.time_major else 0):
        run = engine(part)
        runs.append(Run(run.y, run.n, {k: v for k, v in run.taps.items() if keep(k)}))
    axis = 1 if integer.output.steps and integer.output.time_major else 0
    return Run(
        np.concatenate([r.y for r in runs], axis=axis),
        np.concatenate([r.n for r in runs]),
        {k: np.concatenate([r.taps[k] for r in runs]) for k in runs[0].taps},
    )
