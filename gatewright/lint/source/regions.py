"""The dataflow region of the top level: its streams, and the processes at their ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.source.ends import Ends
from gatewright.lint.source.functions import CppFunction, arguments
from gatewright.lint.source.types import is_stream, parameters_name


@dataclass(frozen=True)
class Process:
    """A call in the region.

    Attributes:
        order: Its place.
        name: What is called.
        parameters: The struct that its template is given.
        at_port: Whether it is given a port.
    """

    order: int
    name: str
    parameters: str
    at_port: bool


@dataclass(eq=False)
class TopStream:
    """A stream of the region, or a port of the top level.

    Attributes:
        declared: Its declaration.
        is_port: Whether it is a port.
        writers: Processes that write it, in order.
        readers: Processes that read it.
    """

    declared: Any
    is_port: bool
    writers: list[Process] = field(default_factory=list)
    readers: list[Process] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of its variable."""
        return str(self.declared.spelling)


def channels(top: CppFunction, ends: Ends) -> list[TopStream]:
    """The ports that are streams, and the streams that the top level declares, in order."""
    ports = [TopStream(p, True) for p in top.parameters if is_stream(p.type)]
    inner = [
        TopStream(variable, False)
        for variable, _ in top.of_kind(CursorKind.VAR_DECL)
        if is_stream(variable.type)
    ]
    by_name = {channel.declared.hash: channel for channel in [*ports, *inner]}
    for order, (call, callee) in enumerate(top.calls):
        given = [by_name.get(v.hash) for a in arguments(call) for v in ends.meant(a)[:1] or [a]]
        at_port = any(channel is not None and channel.is_port for channel in given)
        name = parameters_name(callee.cursor)
        process = Process(order, f"{callee.name}<{name}>", name, at_port)
        for index, used in ends.used(callee).items():
            channel = given[index]
            if channel is not None:
                _join(channel, process, used)
    return [*ports, *inner]


def _join(channel: TopStream, process: Process, used: set[str]) -> None:
    if "write" in used:
        channel.writers.append(process)
    if "read" in used:
        channel.readers.append(process)
