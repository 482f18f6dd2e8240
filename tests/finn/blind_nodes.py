"""Nodes that no fit has seen, drawn by number."""

from __future__ import annotations

import random

from finn_graphs import Shape
from finn_nodes import Node

SET = 8
"""Numbers that are drawn together, so that among them is something of each kind."""
MEASURED = (1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15)
"""Those that were compared with yosys."""
HIDDEN = (4, 6, 9, 13, 20, 30, 44, 64)
BITS = (2, 3, 4, 5, 6, 7, 8, 8)
INSIDE = (
    *[("auto", False, False), ("auto", False, True), ("auto", False, False)],
    *[("auto", False, True), ("auto", True, False), ("auto", True, False)],
    *[("thresholds", False, False), ("thresholds", False, True)],
)
"""Requantizers, whether scales are powers of two, and whether each channel has its own."""
MULTIPLIERS = (4, 8, 8, 16, 16, 24, 32, 48)
KINDS, DIRECTIONS, LAST = ("lstm", "rnn") * 4, (False,) * 5 + (True,) * 3, (False, True) * 4


def blind(number: int) -> Node:
    """The node of a number."""
    rng = random.Random(1000 + number // SET)
    shuffled = [rng.sample(values, SET) for values in (HIDDEN, BITS, MULTIPLIERS, INSIDE)]
    shuffled += [rng.sample(values, SET) for values in (KINDS, DIRECTIONS, LAST)]
    inputs = [rng.randint(2, 24) for _ in range(SET)]
    steps = [rng.choice((2, 5, 12, 40, 90)) for _ in range(SET)]
    hidden, bits, multipliers, inside, kind, both, last = (v[number % SET] for v in shuffled)
    requantizer, shifts, channels = inside
    shape = Shape(
        f"blind_{number}",
        hidden=(hidden,),
        kind=kind,
        inputs=inputs[number % SET],
        layers=2 if hidden < 10 and rng.random() < 1 / 2 else 1,
        both=both,
        steps=steps[number % SET],
        bits=bits,
        channels=channels,
        shifts=shifts,
        last=last,
    )
    return Node(shape, multipliers, requantizer)
