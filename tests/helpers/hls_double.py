"""A double of the Verilog that Vitis HLS makes of a design, which no CI can have.

Its ports are those that UG1399 documents for what ``top.cpp`` says of them; behind them works our
own core, in the manners of ``hls_double.v.j2``. That a real kernel has them too is not shown by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import jinja2

from gatewright.hls_templates import Design
from gatewright.hls_templates.ip import IpDesign, hls_ip_files
from gatewright.hls_templates.project.names import Names, library_module

TEMPLATE = jinja2.Template(
    Path(__file__).with_suffix(".v.j2").read_text(),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
KERNEL = "kernel"
"""Its folder, beside ``rtl/`` and ``ip/``."""


def ports(design: Design) -> Iterator[tuple[str, int, str]]:
    """Direction, bits (0 of a plain wire) and name of each port that is no ``ap_`` one."""
    for ends, there, back in (
        (design.inputs, "input", "output"),
        (design.outputs, "output", "input"),
    ):
        for port in ends:
            yield there, port.word_bits, f"{port.name}_TDATA"
            yield there, 0, f"{port.name}_TVALID"
            yield back, 0, f"{port.name}_TREADY"
            yield there, port.word_bits // 8, f"{port.name}_TKEEP"
            yield there, port.word_bits // 8, f"{port.name}_TSTRB"
            if there == "input":
                yield there, 1, f"{port.name}_TUSER"
            yield there, 1, f"{port.name}_TLAST"
    for flag in (*design.flags, *design.framing):
        yield "output", 1, flag
        yield "output", 0, f"{flag}_ap_vld"


def kernel(design: Design, names: Names) -> str:
    """Its one file; it needs ``rtl/`` besides."""
    return TEMPLATE.render(
        names=names,
        ports=list(ports(design)),
        inputs=design.inputs,
        outputs=design.outputs,
        flags=design.flags,
        framing=design.framing,
        skid=library_module("gw_skid"),
    )


def behind_hls(ip: IpDesign, rtl: Mapping[str, str]) -> dict[str, str]:
    """The IP around it: files of ``ip/`` and of ``kernel/``, by path beside ``rtl/``."""
    file = f"{KERNEL}/{ip.names.kernel}.v"
    own = [f"../rtl/{line}" for line in rtl[ip.names.sources].split()]
    files = hls_ip_files(ip, rtl, [*own, f"../{file}"])
    return {
        file: kernel(ip.design, ip.names),
        **{f"ip/{path}": text for path, text in files.items()},
    }
