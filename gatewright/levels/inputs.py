"""Checks of what a user passes to a build."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.errors import GatewrightError
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.quantizer import Argument
from gatewright.ir.steps import sized
from gatewright.levels.run import Arguments


def check_arguments(x: Any, model: IntegerModel, *, piece: bool = False) -> Arguments:
    """What the user passes, as float32 arrays, int64 of what is looked up.

    Args:
        x: An array, or a tuple of one for each argument of the model.
        model: Says what shapes they have.
        piece: Whether it is a piece of a stream, of which others say how long it may be.

    Raises:
        GatewrightError: GW-601.
    """
    single = hasattr(x, "value")  # a QuantTensor is a tuple too
    several = isinstance(x, tuple) or (isinstance(x, list) and len(model.arguments) > 1)
    parts = list(x) if several and not single else [x]
    if len(parts) != len(model.arguments):
        names = ", ".join(a.name for a in model.arguments)
        raise _refused("input", f"there are {len(parts)} arrays for {names}", model.arguments[0])
    arrays = tuple(
        _check(_plain("input", part), argument, model, 1 if piece else model.least_steps)
        for part, argument in zip(parts, model.arguments, strict=True)
    )
    batches = {a.shape[arg.batch_axis] for a, arg in zip(arrays, model.arguments, strict=True)}
    if len(batches) > 1:
        shapes = ", ".join(str(list(array.shape)) for array in arrays)
        raise _refused("input", f"the arrays {shapes} disagree on B", model.arguments[0])
    sequences = [
        (array.shape[argument.time_axis], argument.name)
        for array, argument in zip(arrays, model.arguments, strict=True)
        if argument.time_axis is not None
    ]
    if len({steps for steps, _ in sequences}) > 1:
        shown = ", ".join(f"{steps} of {name}" for steps, name in sequences)
        raise _refused("input", f"its sequences have {shown} time steps", model.arguments[0])
    return arrays


def check_labels(labels: Any, arguments: Arguments, model: IntegerModel) -> npt.NDArray[Any] | None:
    """Right classes [B], or one a time step, in the layout of the output.

    Raises:
        GatewrightError: GW-601 where there are not as many as the model gives answers.
    """
    if labels is None:
        return None
    array, output = _plain("labels", labels), model.outputs[0]
    x, argument = arguments[0], model.arguments[0]
    steps = 1 if argument.time_axis is None else x.shape[argument.time_axis]
    free = model.graph[output.tensors[0]].shape[:-1]
    expected = list(sized(free, x.shape[argument.batch_axis], steps))
    expected = expected[::-1] if output.time_major else expected
    if list(array.shape) != expected:
        raise GatewrightError(
            "GW-601",
            where="labels",
            cause=f"their shape is {list(array.shape)}, expected {expected}.",
            remedy="Pass the right class of each answer of the model.",
        )
    return array


def _plain(where: str, x: Any) -> npt.NDArray[Any]:
    """Arrays, torch tensors and nested lists as a numpy array."""
    try:
        value = getattr(x, "value", x)  # of a QuantTensor
        return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
        raise GatewrightError(
            "GW-601",
            where=where,
            cause=f"it is no array of numbers: {error}.",
            remedy="Pass a numpy array, a dense torch tensor or nested lists of one shape.",
        ) from error


def _check(
    array: npt.NDArray[Any], argument: Argument, model: IntegerModel, least: int
) -> npt.NDArray[Any]:
    if _fits(array, argument.given_shape):
        array = argument.taken(array)
    fits = _fits(array, argument.shape)
    time = argument.time_axis
    problem = instead = None
    if array.dtype.kind not in ("iu" if argument.rows else "fiu"):
        problem = f"its type is {array.dtype}"
    elif not fits:
        empty = ", none of them 0" if 0 in array.shape else ""
        problem = f"its shape is {list(array.shape)}, expected {_show(argument)}{empty}"
    elif model.fixed_steps and time is not None and array.shape[time] != model.steps:
        problem = f"it has {array.shape[time]} time steps, the model takes {model.steps}"
        instead = (
            f"Pass sequences of T = {model.steps} steps, or compile it "
            "with an example of the length that is wanted."
        )
    elif time is not None and array.shape[time] < least:
        problem = f"it has {array.shape[time]} time steps, and the windows over time need {least}"
        instead = f"Pass sequences of T = {least} steps or more."
    elif argument.rows:
        problem = _beyond(array, argument.rows)
    elif np.isnan(array).any():
        problem = "it holds NaN, which no integer stands for"
    if problem is not None:
        where = "input" if argument is model.arguments[0] else argument.name
        raise _refused(where, problem, argument, instead)
    return np.ascontiguousarray(array, dtype=np.int64 if argument.rows else np.float32)


def _beyond(array: npt.NDArray[Any], rows: int) -> str | None:
    """What is wrong with integers that no row of a table has; None if all have one."""
    outside = (array < 0) | (array >= rows)
    if not outside.any():
        return None
    place = np.unravel_index(int(outside.argmax()), array.shape)
    return f"it holds {array[place]} at {list(map(int, place))}, and its table has {rows} rows"


def _fits(array: npt.NDArray[Any], expected: tuple[int | str, ...]) -> bool:
    return array.ndim == len(expected) and all(
        n > 0 and (isinstance(free, str) or n == free)
        for n, free in zip(array.shape, expected, strict=True)
    )


def _show(argument: Argument) -> str:
    if argument.rows:
        return f"[{', '.join(map(str, argument.shape))}]"
    free = [n if isinstance(n, str) else "I" for n in argument.shape]
    if argument.time_axis is None or argument.features is not None:
        free = [str(n) for n in argument.given_shape]
        return f"[{', '.join(free)}]"
    return f"[{', '.join(free)}] with I = {argument.shape[-1]}"


def _refused(
    where: str, fault: str, argument: Argument, instead: str | None = None
) -> GatewrightError:
    numbers = f"Pass numbers {_show(argument)}; infinities saturate."
    if argument.rows:
        numbers = f"Pass integers {_show(argument)} from 0 to {argument.rows - 1}."
    return GatewrightError("GW-601", where=where, cause=f"{fault}.", remedy=instead or numbers)
