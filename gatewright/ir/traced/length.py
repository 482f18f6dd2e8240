"""The one length of sequences that a traced graph may hold for, where no op of it says so."""

from __future__ import annotations

import onnx

ONE_LENGTH = "gatewright.one_length"
"""The property of a traced graph whose numbers are those of sequences as long as the example."""


def is_of_one_length(model: onnx.ModelProto) -> bool:
    """Whether a traced graph holds for sequences as long as the example alone."""
    return any(p.key == ONE_LENGTH for p in model.metadata_props)


def bind_length(model: onnx.ModelProto) -> None:
    """Note that it does."""
    model.metadata_props.add(key=ONE_LENGTH, value="true")
