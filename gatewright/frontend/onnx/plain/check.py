"""Holds a module that was read of a file against what ONNX Runtime computes of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from torch import nn

from gatewright.errors import GatewrightError

_NEAR = 1e-4
"""The largest difference of two computations of one model in float32, of values up to 1."""
_TIES = 0.01
"""The share of classes that may differ, where two scores are as good as equal."""
_REMEDY = (
    "Calibrate the torch module itself, gatewright.calibrate(model, data), and report the file."
)


def check_reading(model: onnx.ModelProto, module: nn.Module) -> None:
    """Run both on random inputs.

    Args:
        model: The file, its inputs of static shape.
        module: What was read of it.

    Raises:
        GatewrightError: GW-205 where ONNX Runtime cannot run the file, GW-110 where the module
            computes something else.
    """
    session = _session(model)
    inputs = _random(session)
    name = _differing(session, inputs, session.run(None, inputs), module)
    if name is not None:
        raise GatewrightError(
            "GW-110",
            where=f"output {name}",
            cause="what was read of the file is not what ONNX Runtime computes of it.",
            remedy=_REMEDY,
        )


def check_open_sizes(variants: Mapping[str, onnx.ModelProto], module: nn.Module) -> None:
    """Run both with other sizes where the file leaves them open; what refuses these is passed over.

    Args:
        variants: The file with one of its open sizes another, by the name of that.
        module: What was read of it.

    Raises:
        GatewrightError: GW-108 where the module computes something else.
    """
    for size, model in variants.items():
        session = _session(model)
        inputs = _random(session)
        try:
            expected = session.run(None, inputs)
            name = _differing(session, inputs, expected, module)
        except Exception:  # whatever either of them raises of sizes that it does not take
            continue
        if name is not None:
            raise GatewrightError(
                "GW-108",
                where=f"output {name}",
                cause=f"what the file computes depends on {size}, which it leaves open.",
                remedy="Let no value depend on the number of sequences; where one depends on the "
                "number of steps, export the model for that number, without a dynamic axis.",
            )


def _random(session: Any) -> dict[str, npt.NDArray[Any]]:
    """Inputs of a file."""
    rng = np.random.default_rng(0)
    inputs: dict[str, npt.NDArray[Any]] = {}
    for info in session.get_inputs():
        integers = info.type == "tensor(int64)"
        values = rng.integers(0, 2, info.shape) if integers else rng.normal(0, 1, info.shape)
        inputs[info.name] = values.astype(np.int64 if integers else np.float32)
    return inputs


def _differing(
    session: Any, inputs: Mapping[str, npt.NDArray[Any]], expected: Sequence[Any], module: nn.Module
) -> str | None:
    """The first output that a module computes otherwise."""
    with torch.no_grad():
        given = module(*map(torch.from_numpy, inputs.values()))
    outputs = given if isinstance(given, tuple) else (given,)
    pairs = zip(session.get_outputs(), expected, outputs, strict=True)
    return next((str(info.name) for info, a, b in pairs if not alike(a, b.numpy())), None)


def _session(model: onnx.ModelProto) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options)
    except Exception as error:  # its own exceptions have no base of their own
        says = str(error).strip().splitlines()[0][:200]
        raise GatewrightError(
            "GW-205",
            where="the graph",
            cause=f"it cannot be run by ONNX Runtime: {says.rstrip('.')}.",
            remedy=_REMEDY,
        ) from error


def alike(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """Whether two computations of one model in float32 gave the same."""
    if a.shape != b.shape:
        return False
    if a.dtype.kind != "f":
        return bool((a != b).mean() <= _TIES)
    return bool(np.abs(a - b).max(initial=0) <= _NEAR * max(1.0, float(np.abs(a).max(initial=0))))
