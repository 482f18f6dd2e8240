"""Every stream has one writer and, behind it, one reader."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.parse import place
from gatewright.lint.source.regions import Process, TopStream
from gatewright.lint.view import View

_NAME = "stream-ends"
_REMEDY = "Let one process write each stream, and one below it read it; a fork copies a stream."


def _check(view: View) -> Iterator[Finding]:
    for channel in view.channels:
        for reason in _wrong(channel):
            yield Finding(_NAME, *place(channel.declared), reason, _REMEDY)


def _wrong(channel: TopStream) -> Iterator[str]:
    name, writers, readers = channel.name, channel.writers, channel.readers
    if len(writers) > 1:
        yield f"{name} is written by {_list(writers)}."
    if len(readers) > 1:
        yield f"{name} is read by {_list(readers)}."
    if channel.is_port:
        if writers and readers:
            yield f"{name} is a port, and is written and read."
        if not writers and not readers:
            yield f"{name} is a port that nothing reads or writes."
        return
    if not writers:
        yield f"{name} is written by none."
    if not readers:
        yield f"{name} is read by none."
    if writers and readers and readers[0].order <= writers[0].order:
        yield f"{name} is read by {readers[0].name}, which stands no later than its writer."


def _list(processes: list[Process]) -> str:
    return " and ".join(process.name for process in processes)


RULE = Rule(
    _NAME,
    "A stream has one process that writes it and one, further below, that reads it.",
    "The region is not canonical: it is refused, or values are lost to the other reader.",
    _REMEDY,
    "UG1399, Canonical Body and Dataflow Optimization Limitations",
    _check,
)
