"""The kernels that compute on one beat at a time: products with matrices, functions of a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from bench import Beats
from cases import Case, Sequences
from placed import by_graph, placed

from gatewright.hls_templates import map_design
from gatewright.hls_templates.kernels.base import Kernel, Port
from gatewright.hls_templates.kernels.elementwise.kernel import Elementwise
from gatewright.hls_templates.kernels.lookup.kernel import Table
from gatewright.hls_templates.kernels.matvec.kernel import MatVec
from gatewright.hls_templates.kernels.pairs.kernel import PairsKernel
from gatewright.hls_templates.kernels.requantize.kernel import Requantizer
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Op
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.types import IntArray, IntType

RNG = np.random.default_rng(17)
UP, EVEN, ODD = 0, 1, 2


def _graph(name: str, type_: IntType, width: int) -> Graph:
    graph = Graph(name)
    graph.add_input("x", type_, ("B", "T", width))
    return graph


def _kernel(graph: Graph, output: str, requantizer: str = "auto") -> Kernel:
    """The one kernel of a graph, which is named after the graph."""
    graph.outputs = [output]
    (kernel,) = map_design(graph, MappingOptions(requantizer=requantizer)).kernels
    assert kernel.ident == f"k0_{graph.name}"
    return kernel


def _matvec(
    name: str,
    type_: IntType,
    fold: tuple[int, int, int, int],
    *,
    bias: bool = True,
    depths: tuple[int, int] = (2, 2),
    bits: int = 8,
) -> Case:
    """A product of I inputs with O outputs, U x K at a time: ``fold`` is I, O, U, K."""
    inputs, outputs, units, columns = fold
    graph = _graph(name, type_, inputs)
    reach = 1 << bits - 1
    rng = RNG if bits == 8 else np.random.default_rng(bits)
    w = graph.add_constant("w", rng.integers(-reach, reach, (inputs, outputs)))
    y = graph.add(ops.MATMUL, ["x", w], ["product"], name=name)
    if bias:
        b = graph.add_constant("b", RNG.integers(-(2**14), 2**14, outputs))
        y = graph.add(ops.ADD, [y, b], ["sum"], name=name)
    kernel = _kernel(graph, y)
    assert isinstance(kernel, MatVec)
    return placed(replace(kernel, units=units, columns=columns), by_graph(graph), depths=depths)


def _requantize(
    name: str, type_: IntType, rows: IntArray, width: int, wanted: tuple[str, int], low: int = -8
) -> Case:
    """Thresholds [C or 1, K]; ``wanted`` is the variant that comes of them, and its ties."""
    graph = _graph(name, type_, width)
    t = graph.add_constant("t", rows)
    y = graph.add(ops.MULTITHRESHOLD, ["x", t], ["y"], name=name, out_bias=low)
    kernel = _kernel(graph, y, "thresholds" if wanted[0] == "thresholds" else "auto")
    assert isinstance(kernel, Elementwise) and isinstance(kernel.applied, Requantizer)
    affine = kernel.applied.affine
    assert kernel.applied.variant == wanted[0], kernel.applied.choice()
    assert wanted[0] != "affine" or (affine is not None and affine.ties == wanted[1])
    return placed(kernel, by_graph(graph))


def _steps_of(type_: IntType, slopes: list[int], offsets: list[int], ties: int) -> IntArray:
    """Thresholds of (n * slope + offset) / 256 for the codes -8 .. 7 of each channel."""
    n = np.arange(type_.lo, type_.hi + 1)
    rows = []
    for slope, offset in zip(slopes, offsets, strict=True):
        v = n * slope + offset
        # A half goes up, to the even neighbour, or to the odd one.
        odd = (v >> 8 & 1) ^ (ties == ODD)
        codes = (v + 128 if ties == UP else v + 127 + odd) >> 8
        rows.append(type_.lo + np.searchsorted(codes, np.arange(-7, 8), side="left"))
    return np.stack(rows)


def _affine(name: str, ties: int, width: int, channels: bool) -> Case:
    type_ = IntType(-(2**18), 2**18 - 1) if channels else IntType(-3000, 2999)
    count = width if channels else 1
    # Halves come up only where a slope divides them.
    slopes = [1 << (c % 3) for c in range(count)] if channels else [3]
    offsets = [64 * (c % 5) for c in range(count)]
    rows = _steps_of(type_, slopes, offsets, ties)
    return _known(_requantize(name, type_, rows, width, ("affine", ties)), True)


def _shift(name: str, ties: int, width: int, offset: int) -> Case:
    """A slope of one: nothing to multiply."""
    type_ = IntType(-3000, 2999) if offset < 1000 else IntType(0, 5000)
    rows = _steps_of(type_, [1], [offset], ties)
    return _known(_requantize(name, type_, rows, width, ("affine", ties)), False)


def _known(case: Case, multiplies: bool) -> Case:
    """The same, known to need the multiplier or not."""
    kernel = case.kernel
    assert isinstance(kernel, Elementwise) and isinstance(kernel.applied, Requantizer)
    assert kernel.applied.affine is not None and kernel.applied.affine.shifts != multiplies
    return case


def _corrected(name: str, type_: IntType, channels: int, width: int) -> Case:
    """A line with some integers of noise, as float32 leaves of it; the ends are beyond it."""
    codes = np.arange(-7, 8)
    line = (2 * codes - 1) * (type_.hi - type_.lo) // 40 + (type_.hi + type_.lo) // 2
    noise = RNG.integers(-90, 91, (channels, codes.size))
    return _requantize(name, type_, line + noise, width, ("corrected", 0))


def _wide(name: str, channels: int, width: int) -> Case:
    """Lines of 16-bit codes on sums of 28 bits: of slopes that no 63 bits hold."""
    type_ = IntType(-(2**27), 2**27 - 1)
    codes = np.arange(-(2**15) + 1, 2**15)
    steps = 4096 + RNG.random((channels, 1)) * 7
    rows = np.ceil((codes - 0.5) * steps + RNG.random((channels, 1)) * 1000).astype(np.int64)
    rows = np.clip(rows, type_.lo, type_.hi + 1)
    return _requantize(name, type_, rows, width, ("wide", 0), -(2**15))


def _irregular(name: str, type_: IntType, channels: int, count: int, width: int) -> Case:
    rows = np.sort(RNG.integers(type_.lo + 1, type_.hi + 1, (channels, count)), axis=1)
    return _requantize(name, type_, rows, width, ("thresholds", 0), 0)


def _multiply_add(name: str, type_: IntType, width: int, size: int) -> Case:
    graph = _graph(name, type_, width)
    f = graph.add_constant("f", RNG.integers(-size, size + 1, width))
    t = graph.add_constant("t", RNG.integers(-(2**20), 2**20, width))
    product = graph.add(ops.MUL, ["x", f], ["product"], name=name)
    y = graph.add(ops.ADD, [product, t], ["sum"], name=name)
    return placed(_kernel(graph, y), by_graph(graph), depths=(1, 1))


def _lookup(name: str, type_: IntType, entries: IntArray, width: int, table: bool) -> Case:
    graph = _graph(name, type_, width)
    t = graph.add_constant("t", wrapped_table(entries, type_))
    kernel = _kernel(graph, graph.add(ops.LOOKUP, ["x", t], ["y"], name=name))
    assert isinstance(kernel, Elementwise) and isinstance(kernel.applied, Table) == table
    return placed(kernel, by_graph(graph))


def _pairs(name: str, op: Op, types: tuple[IntType, IntType], width: int) -> Case:
    graph = _graph(name, types[0], width)
    graph.add_input("z", types[1], ("B", "T", width))
    kernel = _kernel(graph, graph.add(op, ["x", "z"], ["y"], name=name))
    assert isinstance(kernel, PairsKernel)
    return placed(kernel, by_graph(graph))


def _embedding(name: str, rows: int, width: int, numbers: int = 0) -> Case:
    """Numbers beyond the rows, where there are more of them, take the last one."""
    graph = _graph(name, IntType(0, rows - 1), 1)
    entries = RNG.integers(-100, 101, (rows, width))
    t = graph.add_constant("t", entries)
    kernel = _kernel(graph, graph.add(ops.EMBEDDING, ["x", t], ["y"], name=name))
    kernel = replace(kernel, inputs=(Port(1, IntType(0, max(rows, numbers) - 1)),))

    def expected(s: Sequences) -> list[Beats]:
        y = entries[np.minimum(s.values[0][:, 0], rows - 1)]
        return [s.beats(y, kernel.output.type.bits)]

    return placed(kernel, expected)


BYTE, POSITIVE, BIT = IntType(-128, 127), IntType(0, 255), IntType(0, 1)
WIDE = IntType(-(2**19), 2**19 - 1)

MATVECS: tuple[Callable[[], Case], ...] = (
    lambda: _matvec("one", BYTE, (1, 1, 1, 1)),
    lambda: _matvec("no_bias", BYTE, (5, 7, 1, 5), bias=False),
    lambda: _matvec("padded", BYTE, (7, 5, 3, 2)),
    lambda: _matvec("positive", POSITIVE, (6, 5, 5, 6)),
    lambda: _matvec("wider_than_its_input", BIT, (3, 2, 4, 8)),
    lambda: _matvec("rows_only", IntType(-3, 900), (4, 9, 2, 4), depths=(1, 1)),
    lambda: _matvec("columns_only", BYTE, (9, 2, 2, 2), depths=(4, 1)),
    lambda: _matvec("minus_one_or_nothing", BYTE, (6, 5, 2, 3), bits=1),
    lambda: _matvec("two_bits", POSITIVE, (6, 5, 2, 3), bits=2),
    lambda: _matvec("three_bits", BYTE, (4, 5, 3, 4), bits=3),
    lambda: _matvec("four_bits", BYTE, (5, 7, 2, 3), bits=4),
    lambda: _matvec("five_bits", BYTE, (3, 4, 2, 3), bits=5),
)
PAIRS: tuple[Callable[[], Case], ...] = (
    lambda: _pairs("sums", ops.ADD, (BYTE, IntType(-8, 900)), 5),
    lambda: _pairs("differences", ops.SUB, (POSITIVE, POSITIVE), 17),
    lambda: _pairs("gated", ops.MUL, (BYTE, POSITIVE), 33),
    lambda: _pairs("wide_pairs", ops.MUL, (IntType(-(2**15), 2**15 - 1), IntType(-9, 3)), 1),
)
ELEMENTWISE: tuple[Callable[[], Case], ...] = (
    lambda: _requantize("clip", BYTE, np.arange(-7, 8)[None], 5, ("clip", 0)),
    lambda: _requantize("clip_positive", POSITIVE, np.arange(1, 9)[None], 17, ("clip", 0), 0),
    lambda: _requantize("table", IntType(-20, 9), np.array([[-5, -1, 6]]), 3, ("table", 0), 0),
    lambda: _affine("up", UP, 17, False),
    lambda: _affine("even", EVEN, 5, False),
    lambda: _affine("odd", ODD, 1, False),
    lambda: _shift("shift_up", UP, 17, 0),
    lambda: _shift("shift_even", EVEN, 5, 0),
    lambda: _shift("shift_odd", ODD, 2, 0),
    lambda: _shift("shift_even_from_odd", EVEN, 3, 768),
    lambda: _shift("shift_odd_of_positive", ODD, 1, -1280),
    lambda: _shift("shift_off_the_grid", UP, 3, 100),
    lambda: _affine("up_by_channel", UP, 5, True),
    lambda: _affine("even_by_channel", EVEN, 33, True),
    lambda: _affine("odd_by_channel", ODD, 18, True),
    lambda: _wide("wide", 1, 17),
    lambda: _wide("wide_by_channel", 5, 5),
    lambda: _wide("wide_in_rows", 37, 37),
    lambda: _corrected("corrected", IntType(-9000, 8999), 1, 17),
    lambda: _corrected("corrected_of_positive", IntType(0, 20_000), 1, 3),
    lambda: _corrected("corrected_by_channel", IntType(-(2**18), 2**18 - 1), 5, 5),
    lambda: _corrected("corrected_in_rows", IntType(-(2**18), 2**18 - 1), 37, 37),
    lambda: _irregular("one_threshold", IntType(-900, 900), 2, 1, 2),
    lambda: _irregular("thresholds", WIDE, 1, 40, 5),
    lambda: _irregular("thresholds_of_positive", IntType(0, 70000), 1, 31, 17),
    lambda: _irregular("thresholds_by_channel", WIDE, 19, 16, 19),
    lambda: _multiply_add("multiply_add", BYTE, 5, 127),
    lambda: _multiply_add("signs", POSITIVE, 17, 1),
    lambda: _multiply_add("wide_products", WIDE, 3, 900),
    lambda: _lookup("lookup", BYTE, RNG.integers(-90, 91, 256), 5, True),
    lambda: _lookup("lookup_of_positive", IntType(0, 99), RNG.integers(0, 91, 100), 17, True),
    lambda: _lookup("search", WIDE, np.arange(-(2**19), 2**19) // 50_000, 3, False),
)
TABLES: tuple[Callable[[], Case], ...] = (
    lambda: _embedding("rows", 32, 5),
    lambda: _embedding("rows_of_one_value", 9, 1),
    lambda: _embedding("one_row", 1, 3),
    lambda: _embedding("numbers_beyond_the_rows", 5, 4, 8),
)
