"""Quantizers as hls4ml's fixed-point types, where one holds exactly the same values."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from hls4ml.model.types import FixedPrecisionType, RoundingMode, SaturationMode

from gatewright.errors import GatewrightError
from gatewright.ir.quantizer import OutputBoundary, Quantizer, Scales
from gatewright.ir.types import IntType

_ROUNDING = {
    "ROUND": RoundingMode.RND_CONV,
    "FLOOR": RoundingMode.TRN,
    "ROUND_TO_ZERO": RoundingMode.TRN_ZERO,
}
"""Those that ``ap_fixed`` has; none rounds up."""


def input_type(where: str, quantizer: Quantizer) -> FixedPrecisionType:
    """The type that rounds and saturates as a quantizer does.

    Args:
        where: The module or node, for messages.
        quantizer: The first one that a tensor meets.

    Raises:
        GatewrightError: GW-304.
    """
    if quantizer.zero_point != 0:
        raise _refused(where, f"its input quantizer has the zero point {quantizer.zero_point}")
    if quantizer.narrow and not quantizer.signed:
        raise _refused(
            where, "its input quantizer leaves out the highest code of an unsigned range"
        )
    if quantizer.rounding not in _ROUNDING:
        raise _refused(where, f"its input quantizer rounds by {quantizer.rounding}")
    return FixedPrecisionType(
        quantizer.bit_width,
        quantizer.bit_width - _fraction_bits(where, "input", quantizer.scales),
        quantizer.signed,
        _ROUNDING[quantizer.rounding],
        SaturationMode.SAT_SYM if quantizer.narrow else SaturationMode.SAT,
    )


def common_type(where: str, quantizers: Sequence[Quantizer]) -> FixedPrecisionType:
    """The same of a tensor that several quantizers read; there is one at least.

    Raises:
        GatewrightError: GW-304.
    """
    types = [input_type(where, quantizer) for quantizer in quantizers]
    if not types:
        raise _refused(where, "it does not read one of its inputs")
    if any(other != types[0] for other in types):
        raise _refused(where, "the states of one tensor meet quantizers that differ")
    return types[0]


def output_type(where: str, output: OutputBoundary, held: IntType) -> FixedPrecisionType:
    """The type that holds an output exactly.

    Args:
        where: The module or node, for messages.
        output: How its integers become floats.
        held: The range of its integers.

    Raises:
        GatewrightError: GW-304.
    """
    if any(output.offsets):
        raise _refused(where, "a constant is added to its output")
    fraction = _fraction_bits(where, "output", output.scales)
    return FixedPrecisionType(held.bits, held.bits - fraction, held.signed)


def _fraction_bits(where: str, which: str, scales: Scales) -> int:
    """How many bits stand behind the point."""
    first = scales[0]
    if any(scale != first for scale in scales):
        raise _refused(where, f"its {which} has a scale for each channel")
    return power_of_two(where, which, first)


def power_of_two(where: str, which: str, scale: Fraction) -> int:
    """How many bits stand behind the point where one unit is worth ``scale``.

    Args:
        where: The module or node, for messages.
        which: Whose scale it is.
        scale: Positive.

    Raises:
        GatewrightError: GW-304.
    """
    if not scale.numerator.bit_count() == scale.denominator.bit_count() == 1:
        raise _refused(where, f"the scale of its {which} is {float(scale):g}, no power of two")
    return scale.denominator.bit_length() - scale.numerator.bit_length()


def _refused(where: str, why: str) -> GatewrightError:
    return GatewrightError(
        "GW-304",
        where=where,
        cause=f"{why}; hls4ml's fixed-point types have no such values.",
        remedy="Give it quantizers of brevitas.quant with power-of-two scales: io_quant="
        "Int8ActPerTensorFixedPoint, weight_quant=Int8WeightPerTensorFixedPoint and so on; those "
        "inside a recurrent layer may have any scale.",
    )
