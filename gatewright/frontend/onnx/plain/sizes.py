"""Fills in the sizes that a file leaves open, from those of the data."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from gatewright.errors import GatewrightError

_ANY_BATCH = 2
"""Sequences that a file is read with where it leaves their number open, and nothing says."""


def with_sizes(model: onnx.ModelProto, sizes: Sequence[Sequence[int]]) -> onnx.ModelProto:
    """The model with static inputs.

    Args:
        model: Changed in place.
        sizes: Of each input, as far as known.

    Raises:
        GatewrightError: GW-106 where the sizes known are of another rank.
    """
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [info for info in model.graph.input if info.name not in constants]
    for position, info in enumerate(inputs):
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
