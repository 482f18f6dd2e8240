"""Types of tensors in an hls4ml model: those that our layers need, and no other."""

from __future__ import annotations

from typing import Any

from hls4ml.model.types import FixedPrecisionType

from gatewright.errors import GatewrightError


def explicit(config: Any, name: str, what: str) -> str | None:
    """The precision that the configuration gives a layer by its name; None for none, or ``auto``.

    Args:
        config: hls4ml's.
        name: Of the layer.
        what: Such as ``result``.
    """
    table = config.layer_name_precision
    found = table.get(f"{name.lower()}_{what}", table.get(f"{name.lower()}_default"))
    if found in (None, "auto"):
        return None
    return str(config.backend.convert_precision_string(str(found)))


def require_type(config: Any, node: Any, precision: FixedPrecisionType) -> None:
    """Give an input of the model the type that rounds as the quantizer behind it does.

    A wider type would round first, and the quantizer what is left.

    Args:
        config: hls4ml's.
        node: The input.
        precision: That type.

    Raises:
        GatewrightError: GW-409 where the user asks for another type, or another reader needs one.
    """
    check_result(config, node.name, precision)
    node.get_output_variable().type.precision = precision
    config.layer_name_precision[f"{node.name.lower()}_result"] = str(precision)


def check_result(config: Any, name: str, precision: FixedPrecisionType) -> None:
    """Refuse another type of what a layer gives.

    Raises:
        GatewrightError: GW-409.
    """
    chosen = explicit(config, name, "result")
    if chosen not in (None, str(precision)):
        raise refuse_type(name, "its result", chosen, precision)


def refuse_type(name: str, what: str, chosen: Any, precision: Any) -> GatewrightError:
    """GW-409 for a type that would hold other values than the model's."""
    return GatewrightError(
        "GW-409",
        where=name,
        cause=f"{what} is to be {chosen}, and the model makes it {precision}.",
        remedy=f"Leave this precision of {name} out, or make it {precision}; where two layers read "
        "one input through different quantizers, give each an input of its own.",
    )
