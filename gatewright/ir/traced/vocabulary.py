"""Names and positions of a traced graph, as Brevitas and QONNX write them."""

from __future__ import annotations

QONNX_DOMAIN = "qonnx.custom_op.general"

GATES = ("input", "forget", "cell", "output")
"""Gates in the order of a ``QuantLSTMCell``'s weight inputs (``i, f, c, o``)."""

CELL_QUANTIZERS = (
    "output",
    "cell_state",
    "input_acc",
    "forget_acc",
    "cell_acc",
    "output_acc",
    "input_sigmoid",
    "forget_sigmoid",
    "cell_tanh",
    "output_sigmoid",
    "hidden_state_tanh",
)
"""Quantizers of a ``QuantLSTMCell`` in the order of its scale inputs."""

FIRST_QUANTIZER_INPUT = 3 + 3 * len(GATES)
"""After x, h, c and a W, a U and a bias for each gate."""

CELL_INPUTS = FIRST_QUANTIZER_INPUT + 3 * len(CELL_QUANTIZERS)


def narrow_attribute(quantizer: str) -> str:
    """The cell attribute that holds ``narrow``; Brevitas spells one of them differently."""
    return f"{quantizer}_narrow_range" if quantizer == "output_sigmoid" else f"{quantizer}_narrow"


_QONNX_ROUNDING = {"ROUND_TO_ZERO": "DOWN"}
_BREVITAS_ROUNDING = {"DOWN": "ROUND_TO_ZERO", "HALF_EVEN": "ROUND"}


def qonnx_rounding(mode: str) -> str:
    """The name qonnx executes a rounding mode of Brevitas under, in ``Quant`` nodes."""
    return _QONNX_ROUNDING.get(mode, mode)


def brevitas_rounding(mode: str) -> str:
    """The name Brevitas has for a rounding mode of a ``Quant`` node."""
    return _BREVITAS_ROUNDING.get(mode.upper(), mode.upper())
