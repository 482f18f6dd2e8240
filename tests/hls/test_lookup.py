"""Look-ups: the form is chosen by the bits it stores, and both give the same integers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from gatewright.hls_templates.kernels.lookup.kernel import Table, make_lookup
from gatewright.hls_templates.kernels.requantize.kernel import Requantizer
from gatewright.ir import ops
from gatewright.ir.exact import activation_table
from gatewright.ir.functions import SIGMOID
from gatewright.ir.graph import Graph
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.quantizer import Quantizer
from gatewright.ir.types import IntArray, IntType


def lookup_of(entries: IntArray, domain: IntType) -> Table | Requantizer:
    graph = Graph("test")
    graph.add_input("x", domain, ("B", 3))
    graph.add_constant("table", wrapped_table(entries, domain))
    graph.add(ops.LOOKUP, ["x", "table"], ["y"])
    return make_lookup(graph, graph.nodes[0], "k0_y")


def sigmoid(bits_in: int, bits_out: int, zero_point: int = 0) -> tuple[IntArray, IntType]:
    domain = IntType(-(2 ** (bits_in - 1)), 2 ** (bits_in - 1) - 1)
    quantizer = Quantizer((Fraction(1, 2**bits_out),), zero_point, bits_out, False, False)
    scale = Fraction(1, 2 ** (bits_in - 4))
    return activation_table(SIGMOID, quantizer, scale, domain), domain


@pytest.mark.parametrize(
    ("bits_in", "bits_out", "kind"),
    [
        (8, 8, Table),  # 2 kbit, against 2.3 kbit
        (12, 8, Table),  # 32 kbit fit one block RAM
        (16, 16, Table),  # the thresholds are as many as the words
        (16, 8, Requantizer),  # 524 kbit, against 4 kbit
        (14, 4, Requantizer),
    ],
)
def test_the_smaller_form_is_chosen(bits_in: int, bits_out: int, kind: type) -> None:
    assert type(lookup_of(*sigmoid(bits_in, bits_out))) is kind


@pytest.mark.parametrize("zero_point", [0, 7])
def test_thresholds_give_the_table(zero_point: int) -> None:
    entries, domain = sigmoid(16, 6, zero_point)
    search = lookup_of(entries, domain)
    assert isinstance(search, Requantizer)
    n = np.arange(domain.lo, domain.hi + 1)
    counted = np.searchsorted(search.thresholds[0], n, side="right") + search.out_bias
    assert (counted == entries).all()
    assert search.out == IntType.of(entries)


def test_what_falls_or_never_moves_stays_a_table() -> None:
    entries, domain = sigmoid(16, 6)
    assert isinstance(lookup_of(entries[::-1], domain), Table)
    assert isinstance(lookup_of(np.full(entries.size, 2**20), domain), Table)


def test_outputs_that_lie_far_apart_take_no_memory_for_what_is_between() -> None:
    entries = np.zeros(2**16, dtype=np.int64)
    entries[-1] = 2**31 - 1
    assert isinstance(lookup_of(entries, IntType(0, 2**16 - 1)), Table)
    assert isinstance(lookup_of(entries[-2:], IntType(0, 1)), Table)
