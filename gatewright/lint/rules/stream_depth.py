"""FIFOs are as deep as the design needs."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.parse import place
from gatewright.lint.source.regions import Process, TopStream
from gatewright.lint.view import View

_NAME = "stream-depth"
_REMEDY = "Write #pragma HLS stream variable = NAME depth = N, with the depth of 3_kernels.json."
_DEFAULT = 2
"""What a stream holds that no pragma is about."""


def _check(view: View) -> Iterator[Finding]:
    needed = _needed(view)
    for channel in view.channels:
        ends = _ends(channel)
        if channel.is_port or not needed.get(ends):
            continue
        depth, least = _depth(view, channel), needed[ends].pop(0)
        if depth < least:
            reason = f"{channel.name} holds {depth} beats, and the design stands still with less "
            yield Finding(_NAME, *place(channel.declared), f"{reason}than {least}.", _REMEDY)


def _needed(view: View) -> dict[tuple[str, str], list[int]]:
    """What the cycle model ran with, by the parameters of writer and reader."""
    kernels = view.kernels
    writers = {stream: k.name for k in kernels.kernels for stream in k.writes}
    readers = {stream: k.name for k in kernels.kernels for stream in k.reads}
    found: dict[tuple[str, str], list[int]] = {}
    for stream in kernels.streams:
        ends = writers.get(stream.name, ""), readers.get(stream.name, "")
        found.setdefault(ends, []).append(stream.depth)
    return found


def _ends(channel: TopStream) -> tuple[str, str]:
    return _kernel(channel.writers), _kernel(channel.readers)


def _kernel(processes: list[Process]) -> str:
    """The parameters of a kernel; of a port's end nothing."""
    named = [process.parameters for process in processes if not process.at_port]
    return named[0] if named else ""


def _depth(view: View, channel: TopStream) -> int:
    told = [
        bound.values["depth"]
        for bound in view.told(view.functions[0], "stream")
        for variable in bound.variables.get("variable", ())
        if variable.referenced == channel.declared and "depth" in bound.values
    ]
    return max(told, default=_DEFAULT)


RULE = Rule(
    _NAME,
    "A stream is at least as deep as the cycle model ran the design with.",
    "Where branches meet, a FIFO that is full stops the fork before it, and with it the branch "
    "that would empty it.",
    _REMEDY,
    "UG1399, pragma HLS stream, and Dataflow deadlocks; 3_kernels.json",
    _check,
)
