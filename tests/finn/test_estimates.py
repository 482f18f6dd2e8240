"""What a node takes is what yosys takes for it: exact in DSP blocks and block RAMs, near in LUTs.

The nodes here are none of those that the fit has seen (``benchmarks/finn_luts.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from blind_nodes import MEASURED, blind
from choices import choice
from commit_choice import commit
from finn_graphs import Shape
from finn_nodes import Node, count

from gatewright.finn.blocks import XC7, BlockRams, product_blocks, ram_blocks, rom_blocks
from gatewright.finn.estimate import estimate
from gatewright.finn.features import BLOCK_RAM, COUNTED_MODULES, DSP, CountedKind
from gatewright.finn.lut_weights import WEIGHTS
from gatewright.hls_templates import kernels
from gatewright.hls_templates.kernels.table import FOLDERS
from gatewright.qonnx.chains import BETWEEN
from gatewright.qonnx.region import BEHIND, STATES

PART = "xc7z020clg400-1"
NEAR = 0.25
UNSEEN = (
    Node(Shape("five-bits", inputs=3, hidden=(7,), bits=5, steps=6), 48),
    Node(Shape("rnn", inputs=7, hidden=(12,), kind="rnn", bits=4, channels=True, steps=6), 24),
    Node(Shape("few", inputs=9, hidden=(20,), steps=6, last=True), 8),
    Node(Shape("long", inputs=4, hidden=(5,), both=True, bits=4, steps=70), 32),
    Node(Shape("channels", inputs=2, hidden=(9,), channels=True, steps=9), 72),
    Node(Shape("stack", inputs=6, hidden=(4,), kind="rnn", layers=3, bits=8), 20),
    Node(Shape("wide-memory", inputs=30, hidden=(40,), kind="rnn", steps=4), 8),
    Node(Shape("three-bits", inputs=5, hidden=(6,), bits=3, steps=5), 24),
    Node(Shape("chained", inputs=4, hidden=(10, 5), bits=6, chained=True), 16),
    Node(Shape("chained-rnn", inputs=5, hidden=(40, 6), kind="rnn", chained=True, last=True), 8),
    *map(blind, MEASURED),
)
CHAINED = [
    Node(Shape(f"{name}-{form}", hidden=(4, 3), bits=bits, chained=True, **options), 16, form)
    for form in ("auto", "thresholds")
    for name, bits, options in (
        ("chained", 8, {}),
        ("chained-shifts", 6, {"shifts": True, "both": True}),
        ("chained-channels", 4, {"channels": True, "last": True}),
        ("chained-rnn", 2, {"kind": "rnn"}),
        ("chained-unsigned", 5, {"kind": "rnn_relu"}),
    )
]
"""Requantizers of each form between modules; of these, LUTs are not measured."""
OUTSIDE: dict[str, set[str]] = {
    "argmax": {"ArgMax"},
    "embedding": {"Gather by an input"},  # a chain takes those by a constant
    "groups": {"MaxPool", "AveragePool"},
    "flatten": {"Flatten"},
    "matvec": {"MatMul", "Gemm"},
    "multiply_add": {"BatchNormalization", "Mul", "Add"},
    "over_time": {"ReduceMean", "ReduceMax"},
    "pairs": {"Add", "Sub", "Mul"},
    "select_steps": {"Slice"},
    "windows": {"Conv", "MaxPool", "AveragePool"},
}
"""Kernels that stand in no node, and what of a graph becomes one."""
INSIDE = {
    "gw_axis_frame": "is counted with gw_axis_read, which has one",
    "gw_rescale": "is counted with the requantizers that have one or two",
    "gw_axis_match": "holds one input's steps against another's; a node has one input",
}
"""Modules in the folders of the others that are no part of a design by themselves."""
SEED = int(commit()[:8] or "0", 16)
CHOSEN = UNSEEN if choice("inside") else [UNSEEN[SEED % len(UNSEEN)]]


def named(node: Node) -> str:
    return node.shape.name


@pytest.mark.compiles
@pytest.mark.slow
@pytest.mark.parametrize("node", CHOSEN, ids=named)
def test_a_node_takes_what_is_estimated(node: Node, tmp_path: Path) -> None:
    said, there = estimate(node.design.design, PART), count(node.design, tmp_path, XC7.name)
    assert (said.dsps, said.brams) == (there.dsps, there.brams)
    assert abs(said.luts / there.total - 1) <= NEAR, f"{said.luts} of {there.total} LUTs"


def test_every_kind_has_a_weight() -> None:
    assert {*WEIGHTS, DSP, BLOCK_RAM} == set(get_args(CountedKind))


def test_every_kernel_of_a_node_is_counted() -> None:
    """A kernel that is new has to be counted, or to be one that no chain of cells takes in."""
    taken = BETWEEN | BEHIND | STATES
    assert not [folder for folder, made_of in OUTSIDE.items() if taken & made_of]
    assert OUTSIDE.keys() < set(FOLDERS)
    root = Path(kernels.__path__[0])
    found = {p.stem for f in set(FOLDERS) - OUTSIDE.keys() for p in (root / f).glob("gw_*.sv")}
    assert found - COUNTED_MODULES.keys() == INSIDE.keys()


@pytest.mark.parametrize("node", [*UNSEEN, *CHAINED], ids=named)
def test_every_module_is_counted(node: Node) -> None:
    """One that is not is an error."""
    assert estimate(node.design.design, PART).luts > 0


@pytest.mark.parametrize(
    ("width", "depth", "halves"),
    [
        *[(8, 1024, 0), (9, 1024, 1), (9, 930, 0), (36, 233, 0), (36, 235, 1), (18, 464, 0)],
        *[(18, 470, 1), (72, 230, 0), (72, 232, 2), (44, 256, 0), (80, 256, 0), (108, 256, 3)],
        *[(144, 256, 4), (256, 256, 0), (16, 520, 0), (8, 1100, 1), (4, 2100, 0), (4, 4096, 1)],
        *[(40, 2720, 7), (16, 2720, 3), (20, 2720, 4), (40, 1500, 4), (24, 1100, 2), (30, 3000, 5)],
        *[(11, 5000, 4), (100, 700, 6), (13, 9000, 7)],
    ],
)
def test_roms(width: int, depth: int, halves: int) -> None:
    """As yosys 0.70 took them when it was asked."""
    assert _halves(rom_blocks(width, depth)) == halves


@pytest.mark.parametrize(
    ("width", "depth", "halves"),
    [
        *[(8, 4, 0), (42, 20, 0), (42, 64, 0), (42, 128, 0), (10, 200, 0), (42, 300, 2)],
        *[(100, 132, 3), (72, 40, 0), (20, 600, 2), (36, 512, 1), (10, 128, 0), (40, 132, 2)],
        *[(66, 132, 2), (200, 132, 6), (64, 24, 0), (40, 1100, 4), (30, 1100, 3), (12, 5000, 5)],
    ],
)
def test_rams(width: int, depth: int, halves: int) -> None:
    """As yosys 0.70 took them when it was asked."""
    assert _halves(ram_blocks(XC7, width, depth)) == halves


def _halves(blocks: BlockRams | None) -> int:
    return blocks.halves if blocks else 0


@pytest.mark.parametrize(
    ("a", "b", "y", "blocks"),
    [(8, 8, 16, 1), (4, 4, 8, 0), (2, 8, 10, 1), (1, 20, 21, 0), (25, 18, 43, 1), (26, 18, 44, 2)],
)
def test_products(a: int, b: int, y: int, blocks: int) -> None:
    assert product_blocks(XC7, a, b, y) == product_blocks(XC7, b, a, y) == blocks
