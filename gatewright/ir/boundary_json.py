"""What of an integer model is not in its graph, as JSON: see ``onnx_io``."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gatewright.ir.lowering.lower import IntegerModel
from gatewright.ir.quantizer import Argument, InputBoundary, OutputBoundary, Quantizer, Scales


def boundary_to_json(model: IntegerModel) -> dict[str, Any]:
    """Everything about a model that is not in its graph."""
    layouts = {"channels_first": model.channels_first, "swapped": model.swapped}
    turned = {key: sorted(names) for key, names in layouts.items() if names}
    bound = {} if model.graph.one_length is None else {"one_length": True}
    return {
        **turned,
        **bound,
        "arguments": [_argument_to_json(a) for a in model.arguments],
        "inputs": [{**_plain(i), "quantizer": i.quantizer.to_json()} for i in model.inputs],
        "outputs": [_output_to_json(o) for o in model.outputs],
        "steps": model.steps,
        "fixed_steps": model.fixed_steps,
    }


def _argument_to_json(argument: Argument) -> dict[str, Any]:
    rare: dict[str, Any] = {"rows": argument.rows} if argument.rows else {}
    if argument.features is not None:
        rare["features"] = list(argument.features)
    return {"name": argument.name, "shape": list(argument.shape), **rare}


def arguments_from_json(data: dict[str, Any]) -> tuple[Argument, ...]:
    """Those of a model."""

    def axes(argument: dict[str, Any]) -> dict[str, Any]:
        return {k: tuple(argument[k]) for k in ("shape", "features") if k in argument}

    return tuple(Argument(**{**a, **axes(a)}) for a in data["arguments"])


def _plain(boundary: InputBoundary | OutputBoundary) -> dict[str, Any]:
    """Its fields; of what few have only that it is so."""
    rare = ("channels_first", "on_host", "rows")
    return {k: v for k, v in boundary.__dict__.items() if v or k not in rare}


def _output_to_json(boundary: OutputBoundary) -> dict[str, Any]:
    def rationals(values: Scales) -> list[str]:
        return [str(v) for v in values]

    return {
        **_plain(boundary),
        "tensors": list(boundary.tensors),
        "scales": rationals(boundary.scales),
        "offsets": rationals(boundary.offsets),
    }


def inputs_from_json(data: dict[str, Any]) -> tuple[InputBoundary, ...]:
    """Those of a model."""
    return tuple(
        InputBoundary(**{**i, "quantizer": Quantizer.from_json(i["quantizer"])})
        for i in data["inputs"]
    )


def outputs_from_json(data: dict[str, Any]) -> tuple[OutputBoundary, ...]:
    """Those of a model."""
    return tuple(_output_from_json(o) for o in data["outputs"])


def _output_from_json(data: dict[str, Any]) -> OutputBoundary:
    rationals = {name: tuple(Fraction(v) for v in data[name]) for name in ("scales", "offsets")}
    return OutputBoundary(**{**data, **rationals, "tensors": tuple(data["tensors"])})
