"""What every design of an integer graph shows to a host, however it is folded.

Hosts make their arrays of what ``3_kernels.json`` says, and compiled code writes its own widths
into them: whatever that file says is held against the graph first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.recurrent.layer import state_tap
from gatewright.hls_templates.kernels.table import find_mapping
from gatewright.hls_templates.mapping.mapper import Mapper, MappingOptions
from gatewright.ir.graph import Node
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import IntType

FOLDING = ("port", "units", "rows")
"""Of a tap port, what depends on how its layer is folded."""


def strange_part(kernels: Mapping[str, Any], integer: IntegerModel) -> str | None:
    """What of ``3_kernels.json`` is not that of any design of an integer model, if anything.

    Args:
        kernels: Of the shape that ``ports.SHAPE`` says.
        integer: The model.
    """
    mapper = Mapper(integer.graph, MappingOptions())
    scans = [node for node in mapper.nodes if node.body is not None]
    taps = [tap for node in mapper.nodes for tap in find_mapping(node.op).taps(mapper, node)]
    expected = {
        "inputs": [mapper.source_port(i, t).to_json() for i, t in enumerate(integer.graph.inputs)],
        "outputs": [mapper.sink_port(i, t).to_json() for i, t in enumerate(integer.graph.outputs)],
        "taps": [list(astuple(tap)) for tap in taps],
        "rtl taps": [_state_tap(node) for node in scans],
        "states": {name: None for node in scans for name in node.states},
        "steps": integer.steps,
    }
    said = {
        "inputs": [port | {"stream": ""} for port in kernels["inputs"]],
        "outputs": [port | {"stream": ""} for port in kernels["outputs"]],
        "taps": kernels["taps"],
        "rtl taps": [_unfolded(tap) for tap in kernels["rtl"]["taps"]],
        "states": dict.fromkeys(kernels["states"]),
        "steps": kernels["steps"],
    }
    # As text: to Python, 1 is True and 1.0.
    differs = (part for part in expected if _text(expected[part]) != _text(said[part]))
    return next(differs, None) or _strange_value(kernels, scans)


def _strange_value(kernels: Mapping[str, Any], scans: list[Node]) -> str | None:
    """The same of values that the model leaves open, within bounds."""
    if not all(map(_folds, kernels["rtl"]["taps"])):
        return "rtl taps"
    for node in scans:
        assert node.body is not None
        for name, state in zip(node.states, node.body.inputs, strict=False):
            quantizer = Quantizer.from_json(kernels["states"][name])
            reach = IntType.hull([quantizer.type, IntType(0, 0)])  # it begins at 0
            if not quantizer.scales or reach != node.body[state].type:
                return "states"
    return None if (kernels["max_steps"] or 1) > 0 else "max_steps"


def _state_tap(node: Node) -> dict[str, Any]:
    assert node.body is not None
    return state_tap(node.name, node.body, bool(node.attrs.get("reverse")))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _unfolded(tap: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tap.items() if key not in FOLDING}


def _folds(tap: Mapping[str, Any]) -> bool:
    """Whether rows of a layer's units make it up, behind a port that is named as ours are."""
    units, hidden = tap["units"], tap["hidden"]
    named = re.fullmatch(rf"k\d+_{cpp.identifier(tap['name'])}_tap", tap["port"], re.ASCII)
    return named is not None and 1 <= units <= hidden and tap["rows"] == -(-hidden // units)
