"""RTL is compiled soon and runs slower: what most tests run takes a moment, to compile it seconds.

The Verilated model, the harness and all that is compared are the same. Tests of what users compile,
and those that call commands in processes of their own, have the optimization that users have.
"""

from __future__ import annotations

from dataclasses import replace

from gatewright.hls_templates.cosim.verilator import OUR_STYLE, Model, Style, verilator_model
from gatewright.tools import Tool

HASTY = replace(OUR_STYLE, optimize=("-O0",))


def hasty_model(tool: Tool, *, trace: bool, style: Style = HASTY) -> Model:
    """``verilator_model``, in haste where nobody asks for another style."""
    return verilator_model(tool, trace=trace, style=style)
