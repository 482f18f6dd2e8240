"""``NAME.json``: all that the driver has to know of a build."""

from __future__ import annotations

import json
from typing import Any

from gatewright.errors import GatewrightError
from gatewright.hls_templates.ip.ports import IpPort
from gatewright.hls_templates.ip.registers import REGISTERS
from gatewright.hls_templates.ip.write import IpDesign
from gatewright.hls_templates.pynq.driver.known import FACTS_SCHEMA, seal
from gatewright.hls_templates.pynq.join import DRIVER, driver_text
from gatewright.hls_templates.records import PortRecord, StepsRecord
from gatewright.ir.graph import Graph
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.quantizer import Argument, InputBoundary, OutputBoundary, Quantizer
from gatewright.ir.streamable import check_one_sequence, check_streamable, is_streamable

DMA_BYTES = (1 << 26) - 1
"""The longest transfer of the DMAs of our block designs, whose lengths have 26 bits."""


def driver_files(ip: IpDesign, integer: IntegerModel, cycles: int) -> dict[str, str]:
    """The driver, which is the same for every build, and ``NAME.json``, of ``ip/``.

    Args:
        ip: The IP.
        integer: Where its integers meet floats.
        cycles: That a sequence as long as the example takes at the most.
    """
    facts = json.dumps(driver_facts(ip, integer, cycles), indent=1, sort_keys=True)
    return {DRIVER: driver_text(), f"{ip.names.name}.json": f"{facts}\n"}


def driver_facts(ip: IpDesign, integer: IntegerModel, cycles: int) -> dict[str, Any]:
    """What ``NAME.json`` holds, for ``gatewright_pynq.py``.

    Args:
        ip: The IP.
        integer: Where its integers meet floats.
        cycles: That a sequence as long as the example takes at the most.

    Returns:
        JSON; ``seal`` is over all but ``addresses``, which are None until a block design gives the
        registers of ``ip`` and of each ``dma`` a place.
    """
    boundaries = {boundary.tensor: boundary for boundary in integer.inputs}
    facts = {
        "schema": FACTS_SCHEMA,
        "name": ip.names.name,
        "digest": ip.digest,
        "registers": _registers(),
        "addresses": None,
        "dma_bytes": DMA_BYTES,
        "steps": integer.steps,
        "cycles": cycles,
        "fixed_steps": integer.fixed_steps,
        "max_steps": ip.design.max_steps,
        "whole": _whole(integer),
        **_pieces(integer.graph),
        **({"least_steps": integer.least_steps} if integer.least_steps > 1 else {}),
        "arguments": [_argument(argument) for argument in integer.arguments],
        "inputs": [{**_port(port), **_input(boundaries[port.core.tensor])} for port in ip.inputs],
        "outputs": [_port(port) for port in ip.outputs],
        "results": [_result(boundary) for boundary in integer.outputs],
    }
    return {**facts, "seal": seal(facts)}


def _registers() -> dict[str, Any]:
    return {
        register.name: {
            "offset": register.offset,
            "value": register.value,
            "bits": {f.name: 1 << f.low for f in register.fields if f.bits == 1},
        }
        for register in REGISTERS
    }


def _whole(integer: IntegerModel) -> dict[str, str] | None:
    """Why pieces of a sequence have no answer, or None if they have."""
    try:
        check_one_sequence(integer.arguments)
        check_streamable(integer.graph)
    except GatewrightError as error:
        return {"where": error.where, "cause": error.cause, "remedy": error.remedy}
    return None


def _pieces(graph: Graph) -> dict[str, Any]:
    """How many steps those may have, where windows over time do not take any number."""
    if not is_streamable(graph):
        return {}
    pieces = check_streamable(graph)
    alike = [[[n.offset, n.stride] for n in numbers] for numbers in pieces.alike]
    counted = pieces.every > 1 or alike
    return {"pieces": {"every": pieces.every, "alike": alike}} if counted else {}


def _port(port: IpPort) -> dict[str, Any]:
    record = port.core.record()
    return {
        "name": port.name,
        "tensor": record.tensor,
        "sequence": record.sequence,
        "values": record.values_per_step,
        "low": record.low,
        "high": record.high,
        "lanes": record.lanes,
        "lane_bits": record.lane_bits,
        "words_per_step": record.words_per_step,
        "bus_bits": port.bus_bits,
        "beats_per_word": port.beats,
        **_windows(record),
    }


def _windows(record: PortRecord) -> dict[str, Any]:
    """How many steps there are of T, where windows over time make others of them."""
    windows = record.windows
    if not isinstance(windows, StepsRecord):
        return {}
    return {"windows": [windows.offset, windows.stride]}


def _layout(boundary: InputBoundary | OutputBoundary) -> dict[str, bool]:
    turned = {"channels_first": True} if boundary.channels_first else {}
    return {"time_major": boundary.time_major, **turned}


def _argument(argument: Argument) -> dict[str, Any]:
    rows = {"rows": argument.rows} if argument.rows else {}
    return {"name": argument.name, "shape": list(argument.shape), **rows}


def _input(boundary: InputBoundary) -> dict[str, Any]:
    return {
        "argument": boundary.argument,
        "index": boundary.index,
        **_layout(boundary),
        **({"rows": boundary.rows} if boundary.rows else {}),
        "quantizer": _quantizer(boundary.quantizer),
    }


def _quantizer(quantizer: Quantizer) -> dict[str, Any]:
    return {
        "scales": [float(scale).hex() for scale in quantizer.scales],
        "zero_point": quantizer.zero_point,
        "code_min": quantizer.code_min,
        "code_max": quantizer.code_max,
        "rounding": quantizer.rounding,
    }


def _result(boundary: OutputBoundary) -> dict[str, Any]:
    return {
        "tensors": list(boundary.tensors),
        "stacked": boundary.stacked,
        "scales": [float(scale).hex() for scale in boundary.scales],
        "offsets": [float(offset).hex() for offset in boundary.offsets],
        "zero_point": boundary.zero_point,
        **_layout(boundary),
        "index": boundary.index,
    }
