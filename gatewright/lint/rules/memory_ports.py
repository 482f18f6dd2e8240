"""A bank of a memory has a port for each access of a pass."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.view import View

_NAME = "memory-ports"
_REMEDY = (
    "Partition the dimension whose index is constant in each access, reshape what is read side by "
    "side into one word, or let bind_storage type = rom_np make copies of a ROM."
)


def _check(view: View) -> Iterator[Finding]:
    for pipeline in view.pipelines:
        for use in pipeline.measured.uses:
            access = use.too_many()
            if access is None:
                continue
            reads, writes = use.most
            kind = use.array.storage or f"{use.home.value} of two ports"
            reason = (
                f"{pipeline.kernel}: a pass reads {reads} and writes {writes} words of a bank of "
                f"{use.array.name}, a {kind}."
            )
            place = pipeline.place(access.made.debug)
            yield Finding(_NAME, place.file, place.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "In a pass of a pipeline a bank of a memory is accessed no more often than it has ports.",
    "A memory has two ports (fewer if bind_storage says so), and each takes one access a cycle: "
    "what is left over makes the interval longer.",
    _REMEDY,
    "UG1399, pragmas HLS array_partition, array_reshape and bind_storage",
    _check,
)
