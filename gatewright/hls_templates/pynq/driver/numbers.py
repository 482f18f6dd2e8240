"""From what a user passes to the integers of a build, and back."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from gatewright.hls_templates.pynq.driver.faults import OverlayError

ROUNDING = {"ROUND": np.rint, "FLOOR": np.floor, "CEIL": np.ceil, "ROUND_TO_ZERO": np.trunc}


def unfit(fault: str, argument: dict[str, Any]) -> OverlayError:
    """GW-601.

    Args:
        fault: What is wrong.
        argument: What should have been passed.
    """
    wanted = "[{}]".format(", ".join(map(str, argument["shape"])))
    remedy = f"Pass numbers {wanted}; infinities saturate."
    if "rows" in argument:
        remedy = "Pass integers {} from 0 to {}.".format(wanted, argument["rows"] - 1)
    return OverlayError("GW-601", "input", fault + ".", remedy)


def checked(x: Any, argument: dict[str, Any]) -> Any:
    """An argument as a float32 array; as int64 where it is looked up in a table.

    Args:
        x: What the user passes.
        argument: Its name, its shape, in which names are free sizes, and the rows of the table.

    Raises:
        OverlayError: GW-601.
    """
    name, shape, rows = argument["name"], argument["shape"], argument.get("rows", 0)
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise unfit(f"{name} is no array of numbers: {error}", argument) from error
    if array.dtype.kind not in ("iu" if rows else "fiu"):
        raise unfit(f"{name} has type {array.dtype}", argument)
    fits = array.ndim == len(shape) and all(
        n > 0 and (isinstance(free, str) or n == free) for n, free in zip(array.shape, shape)
    )
    if not fits:
        raise unfit(f"{name} has shape {list(array.shape)}, and none may be 0", argument)
    if rows:
        outside = array[(array < 0) | (array >= rows)]
        if outside.size:
            raise unfit(f"{name} holds {outside[0]}, and its table has {rows} rows", argument)
        return np.ascontiguousarray(array, dtype=np.int64)
    if np.isnan(array).any():
        raise unfit(f"{name} holds NaN, which no integer stands for", argument)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)


def quantized(x: Any, quantizer: dict[str, Any]) -> Any:
    """Centered integers, int64, of float32, as arithmetic in IEEE binary32 has them.

    Where a 32-bit ARM could divide four floats at once, numpy may multiply by an estimated
    reciprocal, which is not what binary32 says. Binary64, rounded after each operation, is: its 53
    bits are more than twice 24 and two (Figueroa, "When is double rounding innocuous?", 1995).
    """
    scales = np.array([float.fromhex(s) for s in quantizer["scales"]], dtype=np.float64)
    zero_point = np.float64(np.float32(quantizer["zero_point"]))
    with np.errstate(over="ignore"):  # infinities saturate
        v = (x.astype(np.float64) / scales).astype(np.float32)
        v = (v.astype(np.float64) + zero_point).astype(np.float32)
    rounded = ROUNDING[quantizer["rounding"]](v.astype(np.float64))
    codes = np.clip(rounded, np.float64(quantizer["code_min"]), np.float64(quantizer["code_max"]))
    return codes.astype(np.int64) - np.int64(quantizer["zero_point"])


def result(outputs: Sequence[dict[str, Any]], n: dict[str, Any], raw: bool) -> Any:
    """What the model returns.

    Args:
        outputs: How the integers become its outputs.
        n: Centered integers, int64 [B, T, F] or [B, F], by tensor.
        raw: Codes instead of floats.
    """
    results = []
    for output in outputs:
        parts = [n[tensor] for tensor in output["tensors"]]
        values = np.stack(parts) if output["stacked"] else parts[0]
        if raw or output["index"]:
            values = values + np.int64(output["zero_point"])
        else:
            scales, offsets = (
                np.array([float.fromhex(v) for v in output[key]], dtype=np.float64)
                for key in ("scales", "offsets")
            )
            with np.errstate(over="ignore"):
                values = (values.astype(np.float64) * scales + offsets).astype(np.float32)
        values = turned(values, output)
        results.append(values[..., 0] if output["index"] else values)
    return tuple(results) if len(results) > 1 else results[0]


def encoded(port: dict[str, Any], arrays: Sequence[Any]) -> Any:
    """Centered integers [B, T, F] or [B, F] of what an input takes of the user's arguments."""
    x = arrays[port["argument"]]
    if port.get("rows"):
        return turned(x[..., None], port)
    n = quantized(x if port["index"] is None else x[port["index"]], port["quantizer"])
    return turned(n, port)


def turned(n: Any, facts: dict[str, Any]) -> Any:
    """From the user's layout to [B, T, F], and back."""
    if facts.get("channels_first"):
        return np.swapaxes(n, 1, 2)
    return np.swapaxes(n, 0, 1) if facts["time_major"] else n
