"""A recurrent part of a model as a layer of hls4ml."""

from __future__ import annotations

from typing import Any, ClassVar

from hls4ml.model.attributes import Attribute, ConfigurableAttribute
from hls4ml.model.layers import Input, Layer

from gatewright.errors import GatewrightError
from gatewright.hls4ml.part import Part
from gatewright.hls4ml.types import require_type

BACKENDS = ("vivado", "vitis")
"""Those whose C++ ours is written for."""


class GatewrightRecurrent(Layer):  # type: ignore[misc]
    """Recurrent layers and directions, whole sequences at a time; its ``part`` says which."""

    _expected_attributes: ClassVar[list[Attribute]] = [
        Attribute("part", value_type=Part),
        ConfigurableAttribute("reuse_factor", default=1),
    ]

    def initialize(self) -> None:
        """Declare the output, and take care that nothing before it is rounded otherwise.

        Raises:
            GatewrightError: GW-304, GW-409.
        """
        part: Part = self.get_attr("part")
        _check_backend(self)
        _check_style(self.model.config, part.where)
        for name, precision in zip(self.inputs, part.input_types, strict=True):
            node = self.get_input_node(name)
            if isinstance(node, Input):
                require_type(self.model.config, node, precision, part.where)
                # Its layout is torch's, which hls4ml would take for channels first.
                node.channels_last_converted = True
        self.channels_last_converted = True
        self.add_output_variable(list(part.output_shape), precision=part.output_type)


def _check_backend(layer: Any) -> None:
    name = layer.model.config.backend.name
    if name.lower() not in BACKENDS:
        raise GatewrightError(
            "GW-409",
            where=layer.get_attr("part").where,
            cause=f"the back end is {name}, for which there is no recurrent layer of ours.",
            remedy="Convert with backend='Vitis' or backend='Vivado'.",
        )


def _check_style(config: Any, where: str) -> None:
    """A sequence is many passes of a loop: a pipeline of the whole model would unroll them all."""
    if config.pipeline_style == "pipeline":
        raise GatewrightError(
            "GW-409",
            where=where,
            cause="the whole model is to be a pipeline, and a recurrent layer is a dataflow region.",
            remedy="Leave PipelineStyle out, or make it dataflow.",
        )
    config.pipeline_style = "dataflow"
