"""Fit the LUTs of FINN's nodes: a grid of them through yosys, counted by module.

    .venv-finn/bin/python benchmarks/finn_luts.py FOLDER [NAME ...]

Each node of the grid takes yosys from half a minute to some minutes; what FOLDER has of an earlier
run is not done again. What it prints is ``gatewright/finn/lut_weights.py``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / name) for name in ("finn", "helpers")]

from finn_graphs import Shape  # noqa: E402
from finn_nodes import Node, count  # noqa: E402

from gatewright.finn.blocks import XC7  # noqa: E402
from gatewright.finn.estimate import parts  # noqa: E402
from gatewright.finn.features import BLOCK_RAM, DSP, CountedKind, Counts  # noqa: E402

GRID: tuple[tuple[Shape, int], ...] = (
    (Shape("eight", inputs=5, hidden=(6,)), 32),
    (Shape("four", inputs=4, hidden=(8,), layers=2, bits=4), 16),
    (Shape("rnn", inputs=8, hidden=(16,), kind="rnn", steps=6), 16),
    (Shape("two", inputs=6, hidden=(5,), bits=2, steps=4), 256),
    (Shape("channels", inputs=6, hidden=(10,), bits=3, channels=True, steps=4), 40),
    (Shape("least", inputs=4, hidden=(24,), bits=6), 4),
    (Shape("thresholds", inputs=3, hidden=(4,), kind="rnn", bits=4), 16),
    (Shape("both", inputs=3, hidden=(3,), both=True, bits=6, steps=100), 16),
)
"""Nodes, and their multipliers."""
THRESHOLDS = "thresholds"
"""The one that keeps its thresholds, as layers do whose requantizers have no cheaper form."""
NAMED = {shape.name: (shape, budget) for shape, budget in GRID}


def measured(shape: Shape, budget: int, folder: Path) -> list[tuple[Counts, int]]:
    """Of each module of a node: what is counted of it, and its LUTs."""
    node = Node(shape, budget, "thresholds" if shape.name == THRESHOLDS else "auto").design
    kept = folder / f"{shape.name}.json"
    if not kept.exists():
        counted = count(node, folder / shape.name, XC7.name)
        kept.write_text(json.dumps(dict(counted.luts)))
    luts = json.loads(kept.read_text())
    return [(part.counts, luts.get(part.path, 0)) for part in parts(node.design, XC7)]


KNOWN: dict[CountedKind, float] = {
    **dict.fromkeys(("cell", "clamp", "column", "compare", "gathered", "given"), 1.0),
    **dict.fromkeys(("half", "lut_ram", "mux", "shift", "skid"), 1.0),
    "accumulator": 1.5,
    "level": 0.0,
    "operand": 2.0,
    "queue": 4.0,
    "turn": 2.5,
}
"""What follows from how a LUT is built: a bit of a choice of two, of a shift register, of a memory,
of an address that counts.
In a grid of a few nodes these grow together, and a fit would tell none from another."""


def fit(rows: list[tuple[Counts, int]]) -> dict[CountedKind, float]:
    """LUTs for each of a kind, none below 0."""
    kinds = sorted({kind for counts, _ in rows for kind in counts} - {DSP, BLOCK_RAM, *KNOWN})
    matrix = np.array([[counts.get(kind, 0) for kind in kinds] for counts, _ in rows], float)
    known = [sum(KNOWN.get(kind, 0) * n for kind, n in counts.items()) for counts, _ in rows]
    weights, _ = nnls(matrix, np.array([n for _, n in rows], float) - np.array(known))
    fitted = {kind: round(float(w), 3) for kind, w in zip(kinds, weights, strict=True)}
    return dict(sorted({**KNOWN, **fitted}.items()))


def main(folder: Path, names: list[str]) -> None:
    """Fit, and show how well."""
    folder.mkdir(parents=True, exist_ok=True)
    by_node = {name: measured(*NAMED[name], folder) for name in names or NAMED}
    weights = fit([row for rows in by_node.values() for row in rows])
    for name, rows in by_node.items():
        total: Any = sum((Counter(counts) for counts, _ in rows), Counter())
        said = sum(weights.get(kind, 0) * n for kind, n in total.items())
        there = sum(n for _, n in rows)
        print(f"# {name}: {there} LUTs, fitted {said:.0f} ({said / there - 1:+.1%})")
    print('"""LUTs for each of a kind; benchmarks/finn_luts.py prints this."""\n')
    print(
        "from __future__ import annotations\n\nfrom gatewright.finn.features import CountedKind\n"
    )
    print("WEIGHTS: dict[CountedKind, float] = {")
    for kind, weight in weights.items():
        print(f'    "{kind}": {weight},')
    print("}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
