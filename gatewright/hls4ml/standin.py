"""Layers of hls4ml's own that stand for Brevitas modules, with the types that make them exact.

hls4ml looks types up by a layer's name while it makes the layer. So a handler gives a stand-in,
and the real layer follows when the whole graph is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer
from hls4ml.model.quantizers import QuantNodeQuantizer
from hls4ml.model.types import FixedPrecisionType

from gatewright.hls4ml.types import explicit, refuse_type

TAKES = "gatewright_takes"
"""What a node of ours has beside attributes: the type that each input is rounded to, or None."""
AUTO = "auto"
"""hls4ml infers the type that holds every value."""


@dataclass(frozen=True)
class Real:
    """The layer that takes the place of a stand-in.

    Attributes:
        kind: hls4ml's class.
        attributes: Of the layer.
        types: Precisions by what they are of: ``weight``, ``bias``, ``accum``, ``result``.
        takes: What its input has to be rounded to first; None for what it is.
    """

    kind: str
    attributes: Mapping[str, Any]
    types: Mapping[str, FixedPrecisionType | str]
    takes: FixedPrecisionType | None = field(default=None)


class GatewrightStandIn(Layer):  # type: ignore[misc]
    """See ``real``."""

    _expected_attributes: ClassVar[list[Attribute]] = [Attribute("real", value_type=Real)]

    def initialize(self) -> None:
        """Declare the output."""
        shape = list(self.get_input_variable().shape)
        shape[-1] = self.get_attr("real").attributes.get("n_out", shape[-1])
        self.add_output_variable(shape)


def linear(precision: FixedPrecisionType) -> Real:
    """What only rounds."""
    quantizer = QuantNodeQuantizer(precision)
    attributes = {"activation": "linear", "quantizer": quantizer}
    return Real("Activation", attributes, {"result": precision}, precision)


def replace_stand_ins(model: Any) -> None:
    """Put the real layers into a graph.

    Raises:
        GatewrightError: GW-409 where the configuration asks for other types.
    """
    for node in list(model.get_layers()):
        if node.class_name != GatewrightStandIn.__name__:
            continue
        real: Real = node.get_attr("real")
        if real.takes is not None and real.kind != "Activation":
            before = _make(model, f"{node.name}_input_quant", linear(real.takes), node.inputs)
            model.insert_node(before, before=node)
        model.replace_node(node, _make(model, node.name, real, node.inputs, node.outputs))


def _make(
    model: Any, name: str, real: Real, inputs: list[str], outputs: list[str] | None = None
) -> Any:
    for what, precision in real.types.items():
        chosen = explicit(model.config, name, what)
        if chosen not in (None, str(precision)):
            raise refuse_type(name, f"its {what}", chosen, precision)
        model.config.layer_name_precision[f"{name.lower()}_{what}"] = str(precision)
    kind, attributes = real.kind, dict(real.attributes)
    shape = model.get_layer_output_variable(inputs[0]).shape
    if kind == "Dense" and len(shape) > 1:
        kind, attributes = "Conv1D", _pointwise(shape, attributes)
    node = model.make_node(kind, name, attributes, list(inputs), outputs)
    node.channels_last_converted = True
    setattr(node, TAKES, [real.takes if real.kind == "Activation" else None])
    return node


def _pointwise(shape: list[int], dense: dict[str, Any]) -> dict[str, Any]:
    """A dense layer at every step, as hls4ml has it."""
    steps, features = shape
    return {
        "data_format": "channels_last",
        "n_chan": features,
        "n_filt": dense["n_out"],
        "weight_data": dense["weight_data"][None],
        "bias_data": dense["bias_data"],
        "in_width": steps,
        "out_width": steps,
        "filt_width": 1,
        "stride_width": 1,
        "pad_left": 0,
        "pad_right": 0,
    }
