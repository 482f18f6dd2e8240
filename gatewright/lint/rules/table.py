"""Every rule there is, in the order that findings are listed in."""

from __future__ import annotations

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.rules.pipeline_style import RULE as PIPELINE_STYLE
from gatewright.lint.view import View

RULES: tuple[Rule, ...] = (PIPELINE_STYLE,)


def judge(view: View) -> tuple[Finding, ...]:
    """What every rule finds, by rule; what templates repeat is found once."""
    return tuple(dict.fromkeys(finding for rule in RULES for finding in rule.check(view)))
