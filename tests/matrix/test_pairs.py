"""The rows hold every possible pair, and what they leave out is impossible by a rule."""

from __future__ import annotations

import itertools

import pytest
from matrix_axes import AXES, RULES, Row, broken
from matrix_model import MatrixModel
from matrix_pairs import all_pairs, every_pair, pairs_of
from matrix_run import ROWS


def fits(row: Row) -> bool:
    return not broken(row)


def test_every_row_is_complete_and_possible() -> None:
    for row in ROWS:
        assert list(row) == list(AXES)
        assert all(row[axis] in values for axis, values in AXES.items())
        assert not broken(row), [rule.reason for rule in broken(row)]


def test_every_value_of_every_axis_appears() -> None:
    for axis, values in AXES.items():
        assert {row[axis] for row in ROWS} == set(values), axis


def test_every_pair_appears_unless_a_rule_forbids_it() -> None:
    held = set().union(*(pairs_of(row) for row in ROWS))
    missing = [pair for pair in every_pair(AXES) if pair not in held]
    for pair in missing:
        # Directly, or because all values of a third axis are forbidden beside the two.
        row = dict(pair)
        assert broken(row) or any(
            all(broken({**row, axis: value}) for value in values)
            for axis, values in AXES.items()
            if axis not in row
        ), pair
    assert len(missing) < len(held) / 10


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.reason)
def test_every_rule_is_about_values_that_exist(rule) -> None:
    for axis, values in rule.forbids.items():
        assert set(values) <= set(AXES[axis])
    combinations = itertools.product(*rule.forbids.values())
    assert all(broken(dict(zip(rule.forbids, c, strict=True))) for c in combinations)


def test_rows_are_the_same_every_time() -> None:
    assert all_pairs(AXES, fits) == ROWS


def test_a_lost_pair_would_be_noticed() -> None:
    axes = {"a": (1, 2), "b": (1, 2, 3), "c": (False, True)}
    rows = all_pairs(axes, lambda row: not (row.get("a") == 2 and row.get("b") == 3))
    held = set().union(*(pairs_of(row) for row in rows))
    assert set(every_pair(axes)) - held == {(("a", 2), ("b", 3))}
    assert len(rows) == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"layer": "lstm", "cat_cell_states": True, "shared_cell_state_quant": False},
            "requires shared cell quantizers",
        ),
        ({"shared_input_hidden": True, "bidirectional": False}, "requires bidirectional"),
    ],
)
def test_brevitas_refuses_what_the_rules_call_impossible(change: Row, message: str) -> None:
    row = {**next(row for row in ROWS if row["layer"] == "lstm"), **change}
    assert broken(row)
    with pytest.raises(RuntimeError, match=message):
        MatrixModel(row, 0, 2)
