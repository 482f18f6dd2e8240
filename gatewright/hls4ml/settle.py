"""What is done first with a graph of hls4ml: real layers, types of inputs, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.model.layers import Input
from hls4ml.model.types import FixedPrecisionType, UnspecifiedPrecisionType

from gatewright.errors import GatewrightError
from gatewright.hls4ml.standin import TAKES, replace_stand_ins
from gatewright.hls4ml.types import explicit, require_type

_WITH_RESULTS = (
    *("ApplyAlpha", "BatchNormalization", "Concatenate", "Conv1D", "Conv2D", "Dense", "MatMul"),
    *("Merge", "Pooling1D", "Pooling2D"),
)
"""Layers whose results hls4ml rounds to a type that it is told, or infers."""
_OF_TWO = ("Concatenate", "Merge")
"""Layers of two tensors, of whose results hls4ml can infer types that hold every value."""


def settle(model: Any) -> bool:
    """Make a graph compute what the model does, or refuse it; one without our layers is left alone.

    Args:
        model: hls4ml's, as it was read.

    Returns:
        Whether anything changed.

    Raises:
        GatewrightError: GW-301, GW-304, GW-409.
    """
    replace_stand_ins(model)
    nodes = list(model.get_layers())
    ours = [n for n in nodes if hasattr(n, TAKES)]
    if not ours:
        return False
    most = model.config.model_precision.get("maximum")
    if most is not None:
        raise _refused(
            "Precision",
            f"the maximum is {most}, to which hls4ml would cut the types that hold every value",
            "Leave max_precision out.",
        )
    for node in ours:
        for name, precision in zip(node.inputs, getattr(node, TAKES), strict=True):
            _settle_input(model, node, name, precision)
    if "OnnxModel" in model.config.config:
        for node in nodes:
            if node.class_name == "Activation" and node.get_attr("quantizer") is not None:
                _settle_input(model, node, node.inputs[0], node.get_attr("quantizer").hls_type)
        _check_results(nodes)
    else:
        _check_layouts(model, nodes, ours)
        _settle_merges(model.config, nodes)
    return True


def _settle_input(model: Any, node: Any, name: str, precision: FixedPrecisionType | None) -> None:
    """The type and the layout of what a node reads, where it is an input of the model."""
    source = node.get_input_node(name)
    if source is None:
        raise _refused(
            node.name,
            f"it reads {name}, which hls4ml knows by another name",
            "Clean the model first: qonnx.util.cleanup.cleanup_model(model).",
        )
    if not isinstance(source, Input):
        return
    if precision is None:
        raise GatewrightError(
            "GW-301",
            where=node.name,
            cause=f"it reads {name}, an input of the model, through no quantizer.",
            remedy="Put a QuantIdentity before it, or give it an input_quant.",
        )
    require_type(model.config, source, precision)
    # Its layout is torch's, which hls4ml would take for channels first.
    source.channels_last_converted = True


def _check_layouts(model: Any, nodes: list[Any], ours: list[Any]) -> None:
    """GW-409 where hls4ml would turn a sequence of ours, or leave a matrix of its own turned."""
    mode = model.config.config["HLSConfig"]["Model"].get("ChannelsLastConversion", "off")
    for node in nodes:
        if mode == "off" and node not in ours and node.class_name == "Dense":
            raise _refused(
                node.name,
                "with channels_last_conversion='off' hls4ml reads its weights transposed",
                "Convert with channels_last_conversion='internal', or make it a QuantLinear.",
            )
        if mode == "off" or node in ours or isinstance(node, Input):
            continue
        beside = [node.get_input_node(name) for name in node.inputs] + node.get_output_nodes()
        for other in beside:
            if other in ours and len(_between(node, other).shape) > 1:
                raise _refused(
                    node.name,
                    f"hls4ml takes the sequence between it and {other.name} for channels first",
                    "Convert with channels_last_conversion='off', or take the last step first.",
                )


def _settle_merges(config: Any, nodes: list[Any]) -> None:
    """What two tensors give gets the type that holds all of it, unless the user names another."""
    for node in nodes:
        sources = [node.get_input_node(name) for name in node.inputs]
        if node.class_name not in _OF_TWO or any(s.class_name == "Constant" for s in sources):
            continue
        shapes = [node.get_input_variable(name).shape for name in node.inputs]
        if node.class_name == "Merge" and shapes[0] != shapes[1]:
            raise _refused(
                node.name,
                f"it joins tensors of the shapes {shapes[0]} and {shapes[1]} of a sequence, and "
                "hls4ml stretches none",
                "Give it two tensors of one shape.",
            )
        if explicit(config, node.name, "result") is None:
            node.get_output_variable().type.precision = UnspecifiedPrecisionType()


def _between(one: Any, other: Any) -> Any:
    """The tensor that one of two layers gives the other."""
    first = one if one.outputs[0] in other.inputs else other
    return first.get_output_variable()


def _check_results(nodes: list[Any]) -> None:
    """GW-409 where layers of a QONNX model are told a type instead of the one that holds all."""
    for node in nodes:
        if node.class_name == "ApplyAlpha":
            _check_scaling(node)
        if node.class_name not in _WITH_RESULTS:
            continue
        result = node.get_output_variable().type.precision
        if not isinstance(result, UnspecifiedPrecisionType):
            raise _refused(
                node.name,
                f"its result is to be {result}, which need not hold it",
                "Pass config_from_onnx_model(model, granularity='name', backend=...) on, in which "
                "hls4ml infers types.",
            )


def _check_scaling(node: Any) -> None:
    """GW-304 for a product or a sum with constants for which hls4ml has only a type of its own."""
    scale, bias = (np.asarray(node.get_attr(f"{what}_data", 0.0)) for what in ("scale", "bias"))
    if np.all(np.abs(np.frexp(scale)[0]) == 0.5):
        if not np.any(bias) or node.get_attr("bias_quantizer") is not None:
            return
        why = "it adds constants that no quantizer gives"
    else:
        why = "it multiplies by a scale that is no power of two"
    raise GatewrightError(
        "GW-304",
        where=node.name,
        cause=f"{why}.",
        remedy="Give all quantizers of the model power-of-two scales and no zero point, and a "
        "bias a quantizer too, such as bias_quant=Int8BiasPerTensorFixedPointInternalScaling.",
    )


def check_rounding(model: Any) -> None:
    """Refuse a ReLU that rounds: hls4ml infers no type for it, but takes the one it is told.

    Args:
        model: hls4ml's, in which all types are known.

    Raises:
        GatewrightError: GW-409.
    """
    for node in model.get_layers():
        kind = (node.class_name, str(node.get_attr("activation")).lower())
        if kind != ("Activation", "relu") or hasattr(node, TAKES):
            continue
        read, given = node.get_input_variable().type, node.get_output_variable().type
        if node.get_attr("quantizer") is None and not _holds(given.precision, read.precision):
            whole = read.precision.integer - read.precision.signed
            width = whole + read.precision.fractional
            raise _refused(
                node.name,
                f"its result is to be {given.precision}, and what it reads is {read.precision}",
                f"Make it QuantReLU, or set its precision (LayerName, {node.name}, Precision, "
                f"result) to ufixed<{width},{whole}>.",
            )


def _holds(given: FixedPrecisionType, read: FixedPrecisionType) -> bool:
    """Whether a type has every value of another that is not negative."""
    whole, needed = given.integer - given.signed, read.integer - read.signed
    return bool(whole >= needed and given.fractional >= read.fractional)


def _refused(where: str, why: str, remedy: str) -> GatewrightError:
    return GatewrightError("GW-409", where=where, cause=f"{why}.", remedy=remedy)
