"""Every pipeline states how it stalls."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.view import View

_NAME = "pipeline-style"
_REMEDY = "Write style = flp: what is in the pipeline goes on where the next input is not there."


def _check(view: View) -> Iterator[Finding]:
    for pragma in view.pragmas:
        if pragma.directive != "pipeline" or pragma.has("off") or pragma.has("style"):
            continue
        reason = "the pipeline states no style, and the default differs by version."
        yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "Every pipeline states a style.",
    "The default is stp in some versions and frp in others; a stalled pipeline (stp) holds back "
    "its last outputs until the next input comes, which can stop a dataflow region for good.",
    _REMEDY,
    "UG1399, pragma HLS pipeline",
    _check,
)
