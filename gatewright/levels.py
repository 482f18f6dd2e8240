"""The levels of a build, each an engine that runs one artefact of the build folder."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,
)
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from gatewright.errors import GatewrightError
from gatewright.hls_templates.csim import Simulator
from gatewright.ir import interpreter
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.standard import codes_name, input_name, stacked_states, with_kept, with_taps
from gatewright.ir.traced import respecialize
from gatewright.ir.traced.cell_op import kept_states, recorded_taps
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.types import IntArray

FAST_LEVELS = ("traced", "integer", "standard", "csim")
RTL_LEVELS = ("rtl", "cxxrtl", "netlist", "netlist-ice40")
"""Those that run cycle by cycle."""
LEVELS = (*FAST_LEVELS, *RTL_LEVELS)

FloatArray = npt.NDArray[np.float32]
Arguments = tuple[FloatArray, ...]

REFUSALS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented)
"""What onnxruntime raises for a model that is none."""

# Sequences run at once: enough to feed numpy, few enough that all taps fit in memory.
CHUNK = 256


@dataclass(frozen=True)
class Run:
    """What a level computed.

    Attributes:
        outputs: What the model returns, flattened, in the user's layout.
        n: The integer graph's outputs: centered integers, [B, F] or [B, T, F], by name.
        taps: Centered integers inside, by name: [B, T, ...] or [B, ...].
    """

    outputs: tuple[npt.NDArray[Any], ...]
    n: dict[str, IntArray]
    taps: dict[str, IntArray]


Kept = Mapping[str, IntArray]
"""States to go on from, centered integers [B, H], by ``<layer>/h`` and ``<layer>/c``."""

Engine = Callable[[Arguments], Run]


class StreamEngine(Protocol):
    """An engine whose sequences may go on from those before.

    It shows h and c of its layers among the taps, of the last step at least.
    """

    def __call__(self, arguments: Arguments, kept: Kept | None = ..., /) -> Run:
        """Run sequences, from the start, or from what the last run left, which is given back."""


def traced_engine(model: onnx.ModelProto, integer: IntegerModel) -> StreamEngine:
    """``1_traced.onnx`` through qonnx."""
    quants = {
        f"{node.name}.out": (node.output[0], TracedGraph(model.graph).quantizer(node))
        for node in model.graph.node
        if node.op_type == "Quant" and f"{node.name}.out" in integer.graph.tensors
    }
    outputs = [value.name for value in model.graph.output]
    time_major = any(output.time_major for output in integer.inputs)

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        with recorded_taps() as taps, kept_states(kept or {}):
            context = traced_values(model, arguments)
        for name, (tensor, quantizer) in quants.items():
            n = np.rint(context[tensor].astype(np.float64) / float(quantizer.scales[0]))
            steps_first = time_major and n.ndim == 3
            taps[name] = (np.swapaxes(n, 0, 1) if steps_first else n).astype(np.int64)
        ys = tuple(np.asarray(context[output]) for output in outputs)
        return Run(ys, nearest(integer, ys), dict(taps))

    return run


def traced_values(model: onnx.ModelProto, arguments: Arguments) -> dict[str, npt.NDArray[Any]]:
    """Every tensor of a traced graph, by name, in the user's layout."""
    names = [value.name for value in model.graph.input]
    wrapper = ModelWrapper(respecialize(model, [a.shape for a in arguments]))
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and saturates
        values: dict[str, npt.NDArray[Any]] = execute_onnx(
            wrapper, dict(zip(names, arguments, strict=True)), True
        )
    return values


def nearest(integer: IntegerModel, outputs: Sequence[npt.NDArray[Any]]) -> dict[str, IntArray]:
    """The graph's outputs behind the float outputs of another engine.

    Raises:
        GatewrightError: GW-605 where it gives another number of them, or one of another rank.
    """
    for boundary, y in itertools.zip_longest(integer.outputs, outputs):
        rank = None if boundary is None else len(integer.graph[boundary.tensors[0]].shape)
        if rank is None or y is None or np.ndim(y) != rank + boundary.stacked - boundary.index:
            raise GatewrightError(
                "GW-605",
                where="the model's outputs",
                cause=f"there are {len(outputs)}, of shapes {[np.shape(y) for y in outputs]}, and "
                f"the build has {', '.join(o.name for o in integer.outputs)}.",
                remedy="Give the model that was compiled.",
            )
    pairs = zip(integer.outputs, outputs, strict=True)
    return {k: v for boundary, y in pairs for k, v in boundary.nearest(y).items()}


def integer_engine(integer: IntegerModel) -> StreamEngine:
    """``2_integer.onnx`` through our interpreter."""

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        n, taps = interpreter.run(integer.graph, integer.encode(arguments), kept)
        return Run(integer.decode(n), n, taps)

    return run


def standard_engine(model: onnx.ModelProto, integer: IntegerModel, *, taps: bool) -> StreamEngine:
    """``2_standard.onnx`` through onnxruntime.

    Raises:
        ValueError: If that does not take it.
    """
    model = with_taps(model) if taps else model
    begins = _session(model)
    goes_on = cache(lambda: _session(with_kept(model, integer.graph)))  # for streams only
    names = [output.name for output in begins.get_outputs()]
    layers = {
        o: state
        for node in integer.graph.scans()
        for o, state in zip(stacked_states(node), node.states, strict=True)
    }

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        names_in = (input_name(argument) for argument in integer.arguments)
        feeds: dict[str, Any] = dict(zip(names_in, arguments, strict=True))
        session = begins if kept is None else goes_on()
        feeds |= kept or {}
        values: dict[str, Any] = dict(zip(names, session.run(None, feeds), strict=True))
        ys = tuple(values.pop(output.name) for output in integer.outputs)
        n: dict[str, IntArray] = {}
        for output in integer.outputs:
            n |= output.from_codes(values.pop(codes_name(output)))
        taps = {layers.get(name, name): value for name, value in values.items()}
        return Run(ys, n, taps)

    return run


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options)
    except REFUSALS as error:
        raise ValueError(str(error)) from error


def csim_engine(
    simulator: Simulator, integer: IntegerModel, *, states: bool = False
) -> StreamEngine:
    """``hls/`` through a C++ compiler; sequences go on from the state that the simulator keeps.

    Args:
        simulator: Of ``hls/``.
        integer: The integer model.
        states: Whether the states that it keeps are shown, instead of its taps.
    """

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        n, inner = simulator.run(integer.encode(arguments), keep=kept is not None)
        if states:
            inner = {name: state[None, None] for name, state in simulator.states().items()}
        return Run(integer.decode(n), n, inner)

    return run


def chunks(
    arguments: Arguments, integer: IntegerModel, size: int = CHUNK
) -> Iterator[tuple[int, Arguments]]:
    """Slices of at most ``size`` sequences, each with the index of its first one."""
    axes = [argument.batch_axis for argument in integer.arguments]
    batch = arguments[0].shape[axes[0]]
    if batch <= size:
        yield 0, arguments
        return
    for start in range(0, batch, size):
        rows = range(start, min(start + size, batch))
        yield (
            start,
            tuple(
                np.ascontiguousarray(np.take(a, rows, axis))
                for a, axis in zip(arguments, axes, strict=True)
            ),
        )


def run_chunked(
    engine: Engine, arguments: Arguments, integer: IntegerModel, keep: Callable[[str], bool]
) -> Run:
    """Run in chunks and join them, keeping only some taps."""
    runs = []
    for _, part in chunks(arguments, integer):
        run = engine(part)
        runs.append(Run(run.outputs, run.n, {k: v for k, v in run.taps.items() if keep(k)}))
    if len(runs) == 1:
        return runs[0]
    joined = [
        np.concatenate([r.outputs[i] for r in runs], axis=output.batch_axis)
        for i, output in enumerate(integer.outputs)
    ]
    return Run(
        tuple(joined),
        {k: np.concatenate([r.n[k] for r in runs]) for k in runs[0].n},
        {k: np.concatenate([r.taps[k] for r in runs]) for k in runs[0].taps},
    )


def state_values(n: IntArray, quantizer: dict[str, Any], raw: bool) -> npt.NDArray[np.generic]:
    """The centered integers of a state as codes or as floats."""
    if raw:
        codes: IntArray = n + int(quantizer["zero_point"])
        return codes
    scale = float.fromhex(quantizer["scales"][0])
    return (n * scale).astype(np.float32)
