"""What to do about ops that no reader takes, each in its own words."""

from __future__ import annotations

from gatewright.frontend.torch.remedies import MODULE_REMEDIES, of_function

_LIKE = {
    **dict.fromkeys(("Gelu", "Erf", "Elu", "Selu", "Celu", "Softplus", "Mish"), "gelu"),
    **dict.fromkeys(("HardSwish", "Swish", "ThresholdedRelu", "Softsign"), "gelu"),
    **dict.fromkeys(("LayerNormalization", "InstanceNormalization", "RMSNormalization"), "norm"),
    **dict.fromkeys(("GroupNormalization", "LpNormalization"), "norm"),
    **dict.fromkeys(("Einsum", "Attention"), "einsum"),
    **dict.fromkeys(("Pow", "Sqrt", "Exp", "Log", "Abs", "Neg", "Reciprocal"), "pow"),
    **dict.fromkeys(("TopK", "CumSum", "GatherElements", "GatherND", "ScatterND"), "sort"),
}
"""Ops that torch's functions of these names stand for."""


def of_op(op: str, supported: list[str]) -> str:
    """The remedy for an op.

    Args:
        op: Its type.
        supported: What is read.
    """
    if op in MODULE_REMEDIES:  # GRU
        return MODULE_REMEDIES[op]
    if op in _LIKE:
        return of_function(_LIKE[op])
    return f"Build the model of what is read: {', '.join(sorted(supported))}."
