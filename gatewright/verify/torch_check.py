"""What is compiled is what torch runs: a module against what was traced of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.certificate.certificate import Certificate
from gatewright.ir.certificate.certify import FloatModel
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.quantizer import OutputBoundary
from gatewright.ir.steps import sized
from gatewright.ir.types import IntArray
from gatewright.levels.run import CHUNK, Arguments, Run
from gatewright.levels.torch import torch_run
from gatewright.levels.traced import traced_engine, traced_values
from gatewright.verify.explained import boundary_cases

if TYPE_CHECKING:
    from gatewright.frontend.torch.reference import Result
    from gatewright.frontend.torch.trace import TensorNames, TracedCall

CLOSE = 2.0**-16
"""Of the largest value: what only tells the layer that differs from those that do not."""


def check_torch(
    model: Any,
    example_input: Any,
    traced: onnx.ModelProto,
    integer: IntegerModel,
    certified: FloatModel,
) -> None:
    """Run a module on its example, as it is, and a step longer; compare it with what was traced.

    Whatever torch runs beside what can be traced (hooks, a replaced ``forward``, parameters that
    are computed before each forward) shows in the integers of its quantizers or in its outputs.
    The module is left as it was. Of more than ``CHUNK`` sequences the first ones are taken; an
    example that is one number throughout stands for a shape, and is given values.

    Args:
        model: The module.
        example_input: What it was traced with.
        traced: The traced graph.
        integer: What that was lowered to.
        certified: What float32 may make of it.

    Raises:
        GatewrightError: GW-110, which names the first layer that differs.
    """
    from gatewright.frontend import TorchReference

    arguments = _trial(integer, example_input)
    try:
        result = TorchReference(model).observe(*arguments)
    except GatewrightError:
        raise
    except Exception as error:  # whatever the user's forward() and hooks raise
        raise _refused(
            type(model).__name__,
            f"it can be traced, and torch fails on the example: {type(error).__name__}: "
            f"{str(error).rstrip('.')}.",
            _remedy_of_failure(model),
        ) from error
    if not _agrees(result, arguments, traced, integer, certified):
        taken = integer.taken(arguments)
        raise _first_difference(model, example_input, traced, taken, result)
    _check_longer(model, arguments, traced, integer, certified)


def _check_longer(
    model: Any,
    arguments: Arguments,
    traced: onnx.ModelProto,
    integer: IntegerModel,
    certified: FloatModel,
) -> None:
    """The same of sequences a step longer, where the build takes them: no length decides.

    What torch refuses of that length is left to it.
    """
    from gatewright.frontend import TorchReference

    if integer.fixed_steps:
        return
    longer = tuple(
        array
        if argument.time_axis is None
        else np.concatenate([array, np.take(array, [0], argument.time_axis)], argument.time_axis)
        for argument, array in zip(integer.arguments, arguments, strict=True)
    )
    try:
        result = TorchReference(model).observe(*longer)
    except Exception:  # whatever forward() raises of a length that it does not take
        return
    if not _agrees(result, longer, traced, integer, certified):
        raise GatewrightError(
            "GW-110",
            where=type(model).__name__,
            cause=f"of {integer.steps + 1} steps torch makes something else than of the example's "
            f"{integer.steps}.",
            remedy="Let no length decide what forward() does, by try and except neither; or take "
            f"something of a step by its number, out[:, {integer.steps - 1}], which binds the "
            "build to that length.",
        )


def _trial(integer: IntegerModel, example_input: Any) -> Arguments:
    """The example, finite and telling."""
    from gatewright.frontend.torch.checks import example_arrays

    rng = np.random.default_rng(0)
    arrays = []
    for position, array in enumerate(example_arrays(example_input)):
        argument = integer.arguments[position]
        rows = range(min(array.shape[argument.batch_axis], CHUNK))
        array = np.take(array, rows, argument.batch_axis)
        if (array == array.flat[0]).all() or not np.isfinite(array).any():
            array = integer.drawn(rng, position, array.shape)
        arrays.append(np.nan_to_num(array, nan=0.0, posinf=np.inf, neginf=-np.inf))
    return tuple(arrays)


def _agrees(
    result: Result,
    arguments: Arguments,
    traced: onnx.ModelProto,
    integer: IntegerModel,
    certified: FloatModel,
) -> bool:
    """Whether torch gave what was traced, but for roundings that the certificate lists."""
    if not _shapes_fit(result, integer, arguments):
        return False
    encoded, run = integer.encode(arguments), torch_run(integer, result)
    if not (_reads(run, integer, encoded) and _on_grid(run, integer, certified.certificate)):
        return False
    if boundary_cases(*certified, encoded, run) is not None:
        return True
    # Where torch rounds as the traced graph does, what was traced is right whatever is listed.
    again = traced_engine(traced, integer)(arguments)
    pairs = [(run.taps[k], again.taps[k]) for k in run.taps.keys() & again.taps.keys()]
    pairs += [(run.n[k], again.n[k]) for k in run.n]
    return all(np.array_equal(a, b) for a, b in pairs)


def _shapes_fit(result: Result, integer: IntegerModel, arguments: Arguments) -> bool:
    """Whether all outputs and states are there, of the shapes that the integer graph has."""
    first = integer.arguments[0]
    batch = arguments[0].shape[first.batch_axis]
    steps = 1 if first.time_axis is None else arguments[0].shape[first.time_axis]
    shapes = [y.shape for y in result.outputs]
    if shapes != [_shape(integer, output, batch, steps) for output in integer.outputs]:
        return False
    scans = [s for s in integer.graph.scans() if s.body]
    states = [f"{s.name}/{o}" for s in scans if s.body for o in s.body.outputs]
    sequences = {s.name: integer.graph[s.inputs[int(s.attrs["states"])]].shape[:2] for s in scans}
    inner = [
        (name.rpartition("/")[0], v.shape[:2])
        for name, v in result.taps.items()
        if not name.endswith("/out")
    ]
    return set(states) <= result.taps.keys() and all(
        shape == sized(sequences.get(layer, ("B", "T")), batch, steps) for layer, shape in inner
    )


def _shape(
    integer: IntegerModel, output: OutputBoundary, batch: int, steps: int
) -> tuple[int, ...]:
    shape = sized(integer.graph[output.tensors[0]].shape, batch, steps)
    if output.time_major:
        shape = (*shape[1::-1], *shape[2:])
    if output.channels_first:
        shape = (shape[0], *shape[:0:-1])
    lead = (len(output.tensors),) if output.stacked else ()
    return (*lead, *(shape[:-1] if output.index else shape))


def _reads(run: Run, integer: IntegerModel, encoded: dict[str, IntArray]) -> bool:
    """Whether recurrent layers were given the very integers of the model's own inputs."""
    sequences = {f"{s.name}/x": s.inputs[int(s.attrs["states"])] for s in integer.graph.scans()}
    return all(
        np.array_equal(run.taps[tap], encoded[name])
        for tap, name in sequences.items()
        if tap in run.taps and name in encoded
    )


def _on_grid(run: Run, integer: IntegerModel, certificate: Certificate) -> bool:
    """Whether outputs are as near to their integers as float32 brings them."""
    bounds = {row.name: row.error_bound for row in certificate.summary() if row.kind == "output"}
    for output, y in zip(integer.outputs, run.outputs, strict=True):
        if output.index:
            continue
        bound = bounds.get(output.tensors[0], 0.0)
        scales = np.array([float(s) for s in output.scales])
        scales = scales[:, None] if output.channels_first else scales
        exact = output.decode(run.n).astype(np.float64)
        # The decoded output is itself rounded to float32, and so is a dequantized code.
        allowed = np.abs(exact) * 2.0**-22 + scales * (0.5 if bound is None else bound)
        if (np.abs(y - exact) > allowed).any():
            return False
    return True


def _first_difference(
    model: Any,
    example_input: Any,
    traced: onnx.ModelProto,
    arguments: Arguments,
    result: Result,
) -> GatewrightError:
    """The error that names the first layer which differs, or what lies around the layers."""
    from gatewright.frontend.torch.trace import trace_module

    values = traced_values(traced, arguments)
    expected: dict[tuple[str, int], TracedCall] = {}
    numbers: Counter[str] = Counter()
    for traced_call in trace_module(model, example_input).calls:
        expected[traced_call.path, numbers[traced_call.path]] = traced_call
        numbers[traced_call.path] += 1
    numbers.clear()
    for call in result.calls:
        known = expected.get((call.path, numbers[call.path]))
        numbers[call.path] += 1
        where = call.path or type(model).__name__
        if known is None or not _alike(values, known.inputs, call.inputs):
            line = _line_of_call(model, call.path, arguments)
            cause = f"on the example, what torch gives to {where}{line} is not what was traced."
            return _refused(type(model).__name__, cause, _remedy(model, None, arguments))
        if not _alike(values, known.outputs, call.outputs):
            cause = "on the example, what torch makes of its input is not what was traced."
            return _refused(where, cause, _remedy(model, call.path, arguments))
    cause = "on the example, what torch returns behind the last layer is not what was traced."
    return _refused(type(model).__name__, cause, _remedy(model, None, arguments))


def _alike(
    values: dict[str, npt.NDArray[Any]], names: tuple[TensorNames, ...], seen: tuple[Any, ...]
) -> bool:
    """Whether torch's tensors are the traced ones; several rows are stacked there."""
    expected = [
        values[rows[0]] if len(rows) == 1 else np.stack([values[row] for row in rows])
        for rows in names
    ]
    return len(expected) == len(seen) and all(
        a.size == b.size and _near(a.reshape(b.shape), b)
        for a, b in zip(expected, seen, strict=True)
    )


def _near(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    return bool(np.abs(a - b).max() <= CLOSE * np.abs(a).max())


def _line_of_call(model: Any, path: str, arguments: Arguments) -> str:
    from gatewright.frontend.torch.changes import line_of_call

    return line_of_call(model, path, _tensors(arguments))


def _remedy_of_failure(model: Any) -> str:
    from gatewright.frontend.torch.changes import seen

    found = seen(model, "")
    return f"{found or _OF_ITS_SIZES}."


_OF_ITS_SIZES = (
    "Make model(x) run by itself on this example, which may be one sequence: write x.size(0) in "
    "place of a number of sequences, torch.zeros(1, x.size(0), H), and x.size(1) in place of a "
    "number of steps"
)


def _remedy(model: Any, path: str | None, arguments: Arguments = ()) -> str:
    from gatewright.frontend.torch.changes import remedy

    return remedy(model, path, _tensors(arguments))


def _tensors(arguments: Arguments) -> list[Any]:
    import torch

    return [torch.from_numpy(np.array(array)) for array in arguments]


def _refused(where: str, cause: str, remedy: str) -> GatewrightError:
    return GatewrightError("GW-110", where=where, cause=cause, remedy=remedy)
