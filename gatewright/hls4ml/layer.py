"""A recurrent part of a model as a layer of hls4ml."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

from hls4ml.model.attributes import Attribute, ConfigurableAttribute
from hls4ml.model.layers import Layer

from gatewright.errors import GatewrightError
from gatewright.hls4ml.part import Part
from gatewright.hls4ml.standin import TAKES
from gatewright.hls4ml.types import check_result

BACKENDS = ("vivado", "vitis")
"""Those whose C++ ours is written for."""


class GatewrightRecurrent(Layer):  # type: ignore[misc]
    """Recurrent layers and directions, whole sequences at a time; its ``part`` says which."""

    _expected_attributes: ClassVar[list[Attribute]] = [
        Attribute("part", value_type=Part),
        ConfigurableAttribute("reuse_factor", default=1),
    ]

    def initialize(self) -> None:
        """Declare the output; what stands before it is settled when all is known.

        Raises:
            GatewrightError: GW-304, GW-409.
        """
        part: Part = self.get_attr("part")
        _check_backend(self)
        _check_style(self.model.config, part.where)
        _check_reuse(self.model.config.get_reuse_factor(self), part.where)
        check_result(self.model.config, self.name, part.output_type)
        setattr(self, TAKES, part.input_types)
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
            cause="the whole model is to be one pipeline, which unrolls every loop of the layer.",
            remedy="Leave PipelineStyle out, or make it dataflow.",
        )
    config.pipeline_style = "dataflow"


def _check_reuse(reuse_factor: Any, where: str) -> None:
    """Products are divided by it."""
    if not isinstance(reuse_factor, Integral) or reuse_factor < 1:
        raise GatewrightError(
            "GW-409",
            where=where,
            cause=f"its reuse factor is {reuse_factor!r}.",
            remedy="Make ReuseFactor a whole number of one or more.",
        )
