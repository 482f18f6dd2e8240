"""What takes windows over time, and turns sequences round: the rest of ``emit``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gatewright.errors import GatewrightError
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.spec import ConvSpec, Layout, Value, WindowSpec
from gatewright.ir.traced.layouts import permuted

_TAKEN = Layout(batch_first=True, channels_first=True)


def transpose(builder: GraphBuilder, name: str, x: Value, perm: Sequence[int]) -> Value:
    """``Transpose`` of a sequence.

    Raises:
        GatewrightError: GW-109 where no layer has axes in that order.
    """
    layout = None
    if x.layout is not None:
        layout = Layout.of(permuted(x.layout.axes, list(perm)))
        if layout is None:
            raise GatewrightError(
                "GW-109",
                where=name,
                cause=f"it turns [{', '.join(x.layout.axes)}] into "
                f"[{', '.join(permuted(x.layout.axes, list(perm)))}].",
                remedy="Keep to [B, T, F], [T, B, F] and, for convolutions and pools, [B, F, T].",
            )
    out = builder.node("Transpose", name, [x.name], perm=list(perm))[0]
    shape = tuple(x.shape[p] for p in perm)
    return dataclasses.replace(x, name=out, shape=shape, layout=layout)


def check_windows(where: str, x: Value, window: WindowSpec, features: int | None = None) -> None:
    """Check a sequence [B, F, T] against windows over time.

    Raises:
        GatewrightError: GW-106 where rank, features or length do not fit, GW-109 for another
            layout, or windows that may hold nothing but padding.
    """
    if len(x.shape) != 3 or (features is not None and x.shape[1] != features):
        wanted = "F" if features is None else f"F = {features}"
        raise GatewrightError(
            "GW-106",
            where=where,
            cause=f"its input has shape {list(x.shape)}, but it takes [B, F, T] with {wanted}.",
            remedy="Turn a sequence [B, T, F] round first: x.transpose(1, 2).",
        )
    if x.layout is not None and x.layout != _TAKEN:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"it is given [{', '.join(x.layout.axes)}], and takes [B, F, T].",
            remedy="Turn the sequence round first: x.transpose(1, 2), or x.permute(1, 2, 0) "
            "without batch_first.",
        )
    if max(window.before, window.after) >= window.span:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"its padding of {max(window.before, window.after)} steps is as long as its "
            f"windows, which span {window.span}.",
            remedy="Use less padding.",
        )
    if window.count(x.shape[2]) < 1:
        raise GatewrightError(
            "GW-106",
            where=where,
            cause=f"the example has {x.shape[2]} time steps there, fewer than a window spans "
            f"({window.span}, padding {window.before + window.after}).",
            remedy="Give a longer example input, or use a smaller kernel or more padding.",
        )


def _attributes(window: WindowSpec) -> dict[str, list[int]]:
    return {
        "kernel_shape": [window.kernel],
        "pads": [window.before, window.after],
        "strides": [window.stride],
    }


def conv(builder: GraphBuilder, name: str, x: Value, spec: ConvSpec) -> Value:
    """``Conv`` of [B, F, T] over time, its weight quantized.

    Raises:
        GatewrightError: As ``check_windows``; GW-301 where x is not quantized.
    """
    outputs, inputs, _ = spec.weight.values.shape
    check_windows(name, x, spec.window, inputs * spec.groups)
    if x.grid is None:
        raise GatewrightError(
            "GW-301",
            where=name,
            cause="its input is not quantized.",
            remedy="Give the layer an input_quant, or put a QuantIdentity or QuantReLU before it.",
        )
    names = [x.name, builder.parameter(f"{name}.weight", f"{name}.weight_quant", spec.weight)]
    if spec.bias is not None:
        names.append(builder.parameter(f"{name}.bias", f"{name}.bias_quant", spec.bias))
    out = builder.node(
        "Conv",
        name,
        names,
        1,
        dilations=[spec.window.dilation],
        group=spec.groups,
        **_attributes(spec.window),
    )[0]
    shape = (x.shape[0], outputs, spec.window.count(x.shape[2]))
    return Value(out, shape, None, _TAKEN)


def pool(builder: GraphBuilder, name: str, op: str, x: Value, window: WindowSpec) -> Value:
    """``MaxPool`` or ``AveragePool`` of [B, F, T] over time; padding counts in an average.

    Raises:
        GatewrightError: As ``check_windows``.
    """
    check_windows(name, x, window)
    attributes: dict[str, int | list[int]] = dict(_attributes(window))
    if op == "AveragePool":
        attributes["count_include_pad"] = 1
    else:
        attributes["dilations"] = [window.dilation]
    out = builder.node(op, name, [x.name], 1, **attributes)[0]
    shape = (*x.shape[:2], window.count(x.shape[2]))
    grid = x.grid if op == "MaxPool" else None
    return Value(out, shape, grid, _TAKEN)
