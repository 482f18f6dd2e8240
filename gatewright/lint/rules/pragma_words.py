"""Directives, options and values of pragmas are those that Vitis HLS knows."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.pragmas.grammar import wrong_words
from gatewright.lint.pragmas.parse import strange_pragmas
from gatewright.lint.view import View

_NAME = "pragma-words"
_REMEDY = "Write a directive, options and values that UG1399 has, each option once."


def _check(view: View) -> Iterator[Finding]:
    for pragma in view.pragmas:
        for wrong in wrong_words(pragma):
            yield Finding(_NAME, pragma.file, pragma.line, wrong, _REMEDY)
    for name, text in sorted(view.texts.items()):
        for line, begins in strange_pragmas(text):
            if not view.is_skipped(name, line):
                reason = f"{begins} is looked at by nobody: those of Vitis begin with #pragma HLS."
                yield Finding(_NAME, name, line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "Every pragma has a directive, options and values that are known.",
    "Vitis HLS warns, ignores the pragma, and makes other hardware.",
    _REMEDY,
    "hls-llvm-project, XlxPragmaOption.td and ParseXlxPragma.cpp; UG1399, HLS Pragmas",
    _check,
)
