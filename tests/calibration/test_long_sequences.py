"""A bidirectional classifier of long sequences keeps its accuracy with the default widths."""

from __future__ import annotations

import pytest

pytest.importorskip("brevitas")

from motion import accuracy, recordings, trained

import gatewright

pytestmark = pytest.mark.slow


def test_defaults_keep_the_accuracy_of_long_sequences() -> None:
    classifier = trained()
    data, _ = recordings(96, 3)
    x, y = recordings(600, 9)
    before = accuracy(classifier, x, y)
    assert before > 0.75
    by_default = accuracy(gatewright.calibrate(classifier, data).model, x, y)
    assert abs(by_default - before) <= 0.01
    # Eight bits of cell state are what costs, and cost more than that.
    narrow = gatewright.calibrate(classifier, data, bits={"cell_state": 8})
    assert {p.bits for p in narrow.placed} == {8}
    assert accuracy(narrow.model, x, y) < before - 0.02
