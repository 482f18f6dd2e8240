"""Fills in the sizes that a file leaves open, from those of the data."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from gatewright.errors import GatewrightError

_ANY_BATCH = 2
"""Sequences that a file is read with where it leaves their number open, and nothing says."""


def with_other_sizes(
    model: onnx.ModelProto, sizes: Sequence[Sequence[int]]
) -> dict[str, onnx.ModelProto]:
    """The model with static inputs, one of the sizes that it leaves open larger by one.

    Args:
        model: Not changed.
        sizes: Of each input, as far as known.

    Returns:
        By the name of that size, or the input's and its axis.
    """
    found: dict[str, onnx.ModelProto] = {}
    base = with_sizes(_copied(model), sizes)
    for name in dict.fromkeys(name for names in _open(model) for name in names if name):
        other = _copied(base)
        for info, names in zip(_inputs(other), _open(model), strict=True):
            for dim, own in zip(info.type.tensor_type.shape.dim, names, strict=True):
                dim.dim_value += own == name
        found[name] = other
    return found


def _copied(model: onnx.ModelProto) -> onnx.ModelProto:
    copied = onnx.ModelProto()
    copied.CopyFrom(model)
    return copied


def _inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    constants = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in constants]


def _open(model: onnx.ModelProto) -> list[list[str]]:
    """A name for each size that an input leaves open, else nothing; equal names are one size."""
    return [
        [
            "" if dim.HasField("dim_value") else dim.dim_param or f"axis {axis} of {info.name}"
            for axis, dim in enumerate(info.type.tensor_type.shape.dim)
        ]
        for info in _inputs(model)
    ]


def with_sizes(model: onnx.ModelProto, sizes: Sequence[Sequence[int]]) -> onnx.ModelProto:
    """The model with static inputs.

    Args:
        model: Changed in place.
        sizes: Of each input, as far as known.

    Raises:
        GatewrightError: GW-106 where the sizes known are of another rank.
    """
    for position, info in enumerate(_inputs(model)):
        dims = info.type.tensor_type.shape.dim
        known = sizes[position] if position < len(sizes) else ()
        if known and len(known) != len(dims):
            raise GatewrightError(
                "GW-106",
                where=info.name,
                cause=f"the file takes {len(dims)} axes, and the data has {len(known)}.",
                remedy="Pass sequences as the file takes them.",
            )
        for axis, dim in enumerate(dims):
            if not dim.HasField("dim_value"):
                dim.dim_value = known[axis] if known else _ANY_BATCH
    return model
