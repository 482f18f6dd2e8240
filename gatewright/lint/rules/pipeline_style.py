"""Every pipeline states how it stalls."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.cursors import key
from gatewright.lint.source.functions import CppFunction
from gatewright.lint.source.probes import BoundPragma
from gatewright.lint.view import View

_NAME = "pipeline-style"
_REMEDY = "Write style = flp: what is in the pipeline goes on where the next input is not there."


def _check(view: View) -> Iterator[Finding]:
    for pragma in view.pragmas:
        if pragma.directive != "pipeline" or pragma.has("off") or pragma.has("style"):
            continue
        reason = "the pipeline states no style, and the default differs by version."
        yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)
    for function in view.functions:
        for bound in view.told(function, "pipeline"):
            if bound.options.get("style") == "stp" and _reads(view, function, bound):
                pragma = bound.placed.pragma
                reason = "the pipeline reads a stream, and stops as a whole where that is empty."
                yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


def _reads(view: View, function: CppFunction, bound: BoundPragma) -> bool:
    """Whether a stream is read inside the braces of a pipeline."""
    home = bound.placed.scope.key
    return any(
        any(key(parent) == home for parent in parents)
        for node, parents in function.nodes
        if view.ends.reads(node)
    )


RULE = Rule(
    _NAME,
    "Every pipeline states a style, and one that reads a stream not stp.",
    "The default is stp in some versions and frp in others; a stalled pipeline (stp) holds back "
    "its last outputs until the next input comes, which can stop a dataflow region for good.",
    _REMEDY,
    "UG1399, pragma HLS pipeline",
    _check,
)
