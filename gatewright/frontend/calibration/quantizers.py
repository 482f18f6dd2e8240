"""Makes Brevitas quantizers with a given scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import brevitas.jit
import numpy as np
import torch
from brevitas.core.utils import SingleArgStatelessBuffer, StatelessBuffer
from brevitas.inject.enum import RestrictValueType, ScalingImplType
from brevitas.quant import Int8ActPerTensorFloat, Int8WeightPerTensorFloat
from torch import Tensor, nn

from gatewright.ir.types import Float32Array


@dataclass(frozen=True, eq=False)
class Grid:
    """A uniform integer quantizer.

    Attributes:
        scale: float32, exactly; of a weight also [rows, 1].
        bits: Bit width.
        signed: Whether codes are two's complement.
        narrow: Whether the outermost code is left out.
        zero_point: The code of 0.
        power_of_two: Whether training has to keep the scale a power of two.
    """

    scale: float | Float32Array
    bits: int
    signed: bool
    narrow: bool = False
    zero_point: int = 0
    power_of_two: bool = False

    @property
    def largest_code(self) -> int:
        """The largest code."""
        return int(2 ** (self.bits - int(self.signed))) - 1


class FixedZeroPoint(brevitas.jit.ScriptModule):  # type: ignore[misc]
    """A zero point that is what it is."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.zero_point = StatelessBuffer(torch.tensor(float(value)))

    @brevitas.jit.script_method  # type: ignore[untyped-decorator]
    def forward(self, x: Tensor, scale: Tensor, bit_width: Tensor) -> Tensor:
        """The zero point, whatever x is."""
        return self.zero_point()


def activation_quantizer(owner: nn.Module, replaced: Any, grid: Grid) -> nn.Module:
    """A quantizer to take the place of a disabled one, behind the same activation function.

    Its scale is a parameter: ``...scaling_impl.value`` in the state dict, and learned further if
    the model is trained on.

    Args:
        owner: The layer it belongs to.
        replaced: The disabled quantizer.
        grid: What it quantizes to.
    """
    function = activation_function(replaced)
    if isinstance(function, nn.Hardtanh):
        function = None  # the ends of the grid are where it clamps
    injector = Int8ActPerTensorFloat.let(
        act_impl=None if function is None else type(function),
        passthrough_act=bool(replaced.is_passthrough_act),
        **_settings(grid),
    )
    return injector.proxy_class(owner, injector).eval()


def activation_function(proxy: Any) -> nn.Module | None:
    """The activation function that a disabled quantizer applies: ``Sigmoid``, ``ReLU``, ..."""
    # Of the quantizer itself, where BREVITAS_JIT=1 holds it compiled, without its class.
    injector = proxy.quant_injector
    return injector.act_impl if "act_impl" in injector else None


def weight_quantizer(owner: nn.Module, grid: Grid) -> nn.Module:
    """The quantizer of the weight of ``owner``."""
    injector = Int8WeightPerTensorFloat.let(**_settings(grid))
    return injector.proxy_class(owner, injector).eval()


def _settings(grid: Grid) -> dict[str, Any]:
    restrict = RestrictValueType.POWER_OF_TWO if grid.power_of_two else RestrictValueType.FP
    scale = np.asarray(grid.scale, dtype=np.float32)
    settings: dict[str, Any] = {
        "bit_width": grid.bits,
        "signed": grid.signed,
        "narrow_range": grid.narrow,
        "scaling_impl_type": ScalingImplType.PARAMETER,
        "scaling_init": torch.tensor(scale),
        "scaling_shape": tuple(scale.shape),
        # Brevitas divides its parameter by this: by 1, the scale is exactly what is given.
        "int_scaling_impl": SingleArgStatelessBuffer(1.0),
        "scaling_min_val": None,
        "restrict_scaling_type": restrict,
    }
    if grid.zero_point:
        settings["zero_point_impl"] = FixedZeroPoint(grid.zero_point)
    return settings
