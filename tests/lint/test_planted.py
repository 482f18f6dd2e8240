"""Each defect is found by the rule that is meant for it, and what is no defect by none."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest
from commit_choice import drawn
from harmless import HARMLESS
from lint_cases import Case
from lint_designs import small, view
from old_patterns import OLD
from planted import PLANTED

from gatewright.lint.findings import Finding
from gatewright.lint.rules.table import RULES, judge
from gatewright.lint.view import View

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

BY_NAME = {rule.name: rule for rule in RULES}
# Rule by rule, so that half of them has some of each.
DEFECTS = drawn(sorted((*PLANTED, *OLD), key=lambda case: case.rule), 2, "rotating")


@cache
def base(name: str) -> View:
    return small() if name == "small" else view(name)


@cache
def found_before(design: str, rule: str) -> frozenset[tuple[str, ...]]:
    return frozenset(map(said, BY_NAME[rule].check(base(design))))


def said(finding: Finding) -> tuple[str, ...]:
    """Not its line, which a change may move."""
    return finding.rule, finding.file, finding.reason


def found(case: Case, rules: Iterable[str]) -> list[Finding]:
    """What the change brings, by some rules."""
    changed = case.view(base(case.base))
    return [
        finding
        for rule in rules
        for finding in BY_NAME[rule].check(changed)
        if said(finding) not in found_before(case.base, rule)
    ]


def test_the_small_design_is_clean() -> None:
    assert judge(base("small")) == ()


def test_there_are_enough_of_each() -> None:
    assert len(PLANTED) >= 60
    assert len(HARMLESS) >= 60
    assert len({case.name for case in (*PLANTED, *HARMLESS)}) == len(PLANTED) + len(HARMLESS)
    assert {case.rule for case in PLANTED} == {case.rule for case in DEFECTS} == set(BY_NAME)


@pytest.mark.parametrize("case", DEFECTS, ids=lambda case: case.name)
def test_a_defect_is_found(case: Case) -> None:
    assert found(case, [case.rule]) != []


@pytest.mark.parametrize("case", drawn(HARMLESS, 3, "rotating"), ids=lambda case: case.name)
def test_what_is_no_defect_is_not_found(case: Case) -> None:
    assert found(case, BY_NAME) == []
