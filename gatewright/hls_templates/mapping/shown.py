"""What every design of an integer graph shows to a host, however it is folded.

Hosts make their arrays of what ``3_kernels.json`` says, and compiled code writes its own widths
into them: whatever that file says is held against the graph first.
"""

from __future__ import annotations

import re

from msgspec import UNSET, structs

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.recurrent.layer import state_tap
from gatewright.hls_templates.kernels.table import find_mapping
from gatewright.hls_templates.mapping.mapper import Mapper
from gatewright.hls_templates.mapping.op_mapping import mapped
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.records import KernelsDocument, StateTap
from gatewright.ir.graph import Node
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import IntType


def strange_part(kernels: KernelsDocument, integer: IntegerModel) -> str | None:
    """What of ``3_kernels.json`` is not that of any design of an integer model, if anything.

    Args:
        kernels: What the file says.
        integer: The model.
    """
    mapper = Mapper(integer.graph, MappingOptions())
    scans = [node for node in mapper.nodes if node.body is not None]
    taps = [
        tap
        for node in mapper.nodes
        for tap in find_mapping(mapped(integer.graph, node)).taps(mapper, node)
    ]
    expected = {
        "inputs": [mapper.source_port(i, t).record() for i, t in enumerate(integer.graph.inputs)],
        "outputs": [mapper.sink_port(i, t).record() for i, t in enumerate(integer.graph.outputs)],
        "taps": taps,
        "rtl taps": [_state_tap(mapper, node) for node in scans],
        "states": sorted(name for node in scans for name in node.states),
        "steps": integer.steps,
    }
    said = {
        "inputs": [structs.replace(port, stream="") for port in kernels.inputs],
        "outputs": [structs.replace(port, stream="") for port in kernels.outputs],
        "taps": list(kernels.taps),
        "rtl taps": [_unfolded(tap) for tap in kernels.rtl.taps],
        "states": sorted(kernels.states),
        "steps": kernels.steps,
    }
    differs = (part for part in expected if expected[part] != said[part])
    return next(differs, None) or _strange_value(kernels, scans)


def _strange_value(kernels: KernelsDocument, scans: list[Node]) -> str | None:
    """The same of values that the model leaves open, within bounds."""
    if not all(map(_folds, kernels.rtl.taps)):
        return "rtl taps"
    for node in scans:
        assert node.body is not None
        for name, state in zip(node.states, node.body.inputs, strict=False):
            quantizer = Quantizer.from_json(structs.asdict(kernels.states[name]))
            reach = IntType.hull([quantizer.type, IntType(0, 0)])  # it begins at 0
            if not quantizer.scales or reach != node.body[state].type:
                return "states"
    return None


def _state_tap(mapper: Mapper, node: Node) -> StateTap:
    assert node.body is not None
    windows = mapper.port(node.inputs[int(node.attrs["states"])]).windows
    return state_tap(node.name, node.body, bool(node.attrs.get("reverse")), windows)


def _unfolded(tap: StateTap) -> StateTap:
    return structs.replace(tap, port="", units=0, rows=0, tracks=UNSET)


def _folds(tap: StateTap) -> bool:
    """Whether rows of a layer's units make it up, behind a port that is named as ours are."""
    named = re.fullmatch(rf"k\d+_{cpp.identifier(tap.name)}_tap", tap.port, re.ASCII)
    folds = 1 <= tap.units <= tap.hidden and tap.rows == -(-tap.hidden // tap.units)
    return named is not None and folds
