"""No ROM is searched: its reads in a pass do not wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.view import View

_NAME = "rom-chain"
_REMEDY = (
    "Give each level of a search a ROM of its own, read a word that holds all there is to compare "
    "with, or compute the value."
)


def _check(view: View) -> Iterator[Finding]:
    for pipeline in view.pipelines:
        names = [access.array.name for access in pipeline.measured.chain]
        again = next((i for i, name in enumerate(names) if name in names[:i]), None)
        if again is not None:
            reason = (
                f"{pipeline.kernel}: {len(names)} reads of ROMs wait for each other in a pass, "
                f"{names.count(names[again])} of them of {names[again]}."
            )
            place = pipeline.place(pipeline.measured.chain[again].made.debug)
            yield Finding(_NAME, place.file, place.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "In a pass of a pipeline no ROM is read at an address that comes of another read of it.",
    "Each read takes a cycle of the pass, and each a port of its own: a search in one ROM is a "
    "long pipeline with as many copies of it.",
    _REMEDY,
    "UG1399, pragma HLS bind_storage",
    _check,
)
