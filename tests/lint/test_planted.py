"""Each defect is found by the rule that is meant for it, and what is no defect by none."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from harmless import HARMLESS
from lint_designs import small, view
from old_patterns import OLD
from planted import PLANTED, Case

from gatewright.lint.findings import Finding
from gatewright.lint.rules.table import RULES, judge
from gatewright.lint.view import View

pytestmark = pytest.mark.slow


@cache
def base(name: str) -> View:
    return small() if name == "small" else view(name)


@cache
def found_before(name: str) -> Counter[tuple[str, ...]]:
    return Counter(map(said, judge(base(name))))


def said(finding: Finding) -> tuple[str, ...]:
    """Not its line, which a change may move."""
    return finding.rule, finding.file, finding.reason


def found(case: Case) -> list[Finding]:
    """What the change brings."""
    known = found_before(case.base)
    return [f for f in judge(case.view(base(case.base))) if said(f) not in known]


def test_the_small_design_is_clean() -> None:
    assert judge(base("small")) == ()


def test_there_are_enough_of_each() -> None:
    assert len(PLANTED) >= 60
    assert len(HARMLESS) >= 60
    assert len({case.name for case in (*PLANTED, *HARMLESS)}) == len(PLANTED) + len(HARMLESS)
    assert {case.rule for case in PLANTED} == {rule.name for rule in RULES}


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.name)
def test_a_defect_is_found(case: Case) -> None:
    rules = [finding.rule for finding in found(case)]
    assert case.rule in rules, rules


@pytest.mark.parametrize("case", OLD, ids=lambda case: case.name)
def test_what_kernels_were_like_is_found(case: Case) -> None:
    assert {finding.rule for finding in found(case)} - {"interval"} == {case.rule}


@pytest.mark.parametrize("case", HARMLESS, ids=lambda case: case.name)
def test_what_is_no_defect_is_not_found(case: Case) -> None:
    assert found(case) == []
