"""Every argument of the top level says what port it is."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.parse import place
from gatewright.lint.source.types import is_stream
from gatewright.lint.view import View

_NAME = "port-interface"
_REMEDY = "Write #pragma HLS interface mode=... port=NAME; of a stream with mode=axis."
_STREAMS = ("axis", "ap_fifo")


def _check(view: View) -> Iterator[Finding]:
    for top in view.functions[:1]:
        told = view.told(top, "interface")
        modes = {
            variable.referenced.hash: bound.options.get("mode", "")
            for bound in told
            for variable in bound.variables.get("port", ())
        }
        for port in top.parameters:
            mode = modes.get(port.hash)
            if mode is None:
                reason = f"{port.spelling} has no interface, and the default depends on the flow."
                yield Finding(_NAME, *place(port), reason, _REMEDY)
            elif is_stream(port.type) != (mode in _STREAMS):
                yield Finding(_NAME, *place(port), f"{port.spelling} cannot be {mode}.", _REMEDY)
        if not any(bound.options.get("port") == "return" for bound in told):
            reason = f"{top.name} says nothing of its control: port = return has no interface."
            yield Finding(_NAME, *top.place, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "Every argument of the top level has an interface, and so has its control.",
    "The default is another one in Vivado's flow (ap_fifo) and in Vitis' (axis).",
    _REMEDY,
    "UG1399, pragma HLS interface; hls-llvm-project, ParseXlxPragma.cpp",
    _check,
)
