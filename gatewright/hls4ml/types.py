"""Types of tensors in an hls4ml model: those that the layers of ours need, and no other."""

from __future__ import annotations

from typing import Any

from hls4ml.model.types import FixedPrecisionType

from gatewright.errors import GatewrightError


def require_type(config: Any, node: Any, precision: FixedPrecisionType, where: str) -> None:
    """Give an input of a model the type that rounds as the quantizer behind it does.

    A wider type would round first, and the quantizer what is left.

    Args:
        config: hls4ml's.
        node: The input.
        precision: That type.
        where: What has the quantizer, for messages.

    Raises:
        GatewrightError: GW-409 where the user asks for another type, or another reader needs one.
    """
    variable = node.get_output_variable()
    chosen = _chosen(config, node)
    if chosen is not None and _plain(config, chosen) != _plain(config, precision):
        raise GatewrightError(
            "GW-409",
            where=where,
            cause=f"its input {node.name} is to be {chosen}, and its quantizer is {precision}.",
            remedy=f"Leave the precision of {node.name} out, or make it {precision}.",
        )
    variable.type.precision = precision
    config.layer_name_precision[f"{node.name.lower()}_result"] = str(precision)


def _chosen(config: Any, node: Any) -> str | None:
    """What the configuration says of this input in particular."""
    for table, name in (
        (config.layer_name_precision, node.name.lower()),
        (config.layer_type_precision, node.class_name.lower()),
    ):
        for what in ("result", "default"):
            found = table.get(f"{name}_{what}")
            if found not in (None, "auto"):
                return str(found)
    return None


def _plain(config: Any, precision: Any) -> str:
    """The same words for the same type."""
    return str(config.backend.convert_precision_string(str(precision)))
