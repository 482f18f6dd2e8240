"""What a node takes of a device: DSP blocks and block RAMs by yosys' rules, LUTs by a fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gatewright.finn.blocks import Fabric, fabric_of
from gatewright.finn.features import BLOCK_RAM, DSP, Counts, of_delay, of_module
from gatewright.finn.lut_weights import WEIGHTS
from gatewright.hls_templates.mapping.dataflow import Design
from gatewright.hls_templates.project.names import library_module
from gatewright.hls_templates.project.rtl.write import placed_parts
from gatewright.hls_templates.rtl.sv import Instance, Module

_DELAY = re.compile(
    rf"{library_module('gw_delay')} #\(\.WIDTH\((\d+)\), \.LATENCY\((\d+)\)\) u_(\w+)"
)
"""As ``PipelineWriter`` writes one: the only module of the library that stands in plain text."""


@dataclass(frozen=True)
class Resources:
    """What ``synth_xilinx`` makes of a node, its hierarchy kept.

    Attributes:
        luts: LUTs, those that are shift registers or memories among them.
        dsps: DSP blocks.
        brams: Block RAMs of 18 Kbit; one of 36 counts twice.
    """

    luts: int
    dsps: int
    brams: int


@lru_cache(maxsize=64)
def estimate(design: Design, fpgapart: str) -> Resources:
    """What a design takes.

    Args:
        design: The kernels of a node.
        fpgapart: The device, by its name.
    """
    counts = sum((part.counts for part in parts(design, fabric_of(fpgapart))), Counts())
    return Resources(round(luts(counts)), counts[DSP], counts[BLOCK_RAM])


def luts(counts: Counts) -> float:
    """LUTs of what was counted."""
    return sum(WEIGHTS[name] * n for name, n in counts.items() if name not in (DSP, BLOCK_RAM))


@dataclass(frozen=True)
class CountedPart:
    """A module of the library in its place.

    Attributes:
        path: Of its instance below the core, as ``u_a.u_b``.
        counts: Of all that is in it.
    """

    path: str
    counts: Counts


def parts(design: Design, fabric: Fabric) -> Iterator[CountedPart]:
    """All modules of the library that stand in the core or in the modules of the design."""
    for instance in placed_parts(design):
        path = f"u_{instance.ident}"
        if isinstance(instance.module, Module):
            yield CountedPart(path, of_module(instance.module, fabric))
            continue
        for part in instance.module.body:
            if isinstance(part, Instance):
                assert isinstance(part.module, Module)
                yield CountedPart(f"{path}.u_{part.ident}", of_module(part.module, fabric))
                continue
            for width, latency, name in _DELAY.findall(part):
                yield CountedPart(f"{path}.u_{name}", of_delay(int(width), int(latency)))
