"""Graphs of many kernels side by side, each with drawn parameters and an input of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from corners import HIGH, LOW, draw_rows, draw_type, draw_values
from small_cells import cell

from gatewright.ir import ops
from gatewright.ir.exact import thresholds
from gatewright.ir.graph import Graph
from gatewright.ir.lowering.cells import build_body
from gatewright.ir.lowering.rounding import RoundingLog
from gatewright.ir.ops.lookup import wrapped_table
from gatewright.ir.quantizer import ROUNDING_MODES, Quantizer
from gatewright.ir.traced.vocabulary import LSTM_CELL, RNN_CELL
from gatewright.ir.types import IntArray, IntType

BATCH, STEPS = 16, 8
CHANNELS = 64
NOTHING = np.zeros((0, 0), dtype=np.int64)


@dataclass(eq=False)
class Drawn:
    """A graph, what is fed to it, and what is known without it.

    Attributes:
        rng: Where all comes from.
        graph: The kernels.
        feeds: [B, T, W] of each input.
        counted: Of requantizers: the input, the thresholds, the lowest output, by output.
        sets: How many sets of parameters were drawn: one a channel where channels differ.
    """

    rng: np.random.Generator
    graph: Graph = field(default_factory=lambda: Graph("drawn"))
    feeds: dict[str, IntArray] = field(default_factory=dict)
    counted: dict[str, tuple[str, IntArray, int]] = field(default_factory=dict)
    sets: int = 0

    def input(self, type_: IntType, width: int, points: IntArray = NOTHING) -> str:
        """A new input, with values beside ``points`` [W or 1, N]."""
        name = f"x{len(self.graph.inputs)}"
        self.graph.add_input(name, type_, ("B", "T", width))
        self.feeds[name] = draw_values(self.rng, type_, (BATCH, STEPS, width), points)
        return name

    def constant(self, values: IntArray) -> str:
        """A new constant."""
        return self.graph.add_constant(f"p{len(self.graph.tensors)}", values)

    def add(self, op: str, inputs: list[str], *, out: bool = True, **attrs: int) -> str:
        """A new node; what it gives is an output unless another one reads it."""
        number = len(self.graph.tensors)
        name = self.graph.add(op, inputs, [f"y{number}"], name=f"n{number}", **attrs)
        if out:
            self.graph.outputs.append(name)
        return name

    def shift(self, source: str, width: int) -> None:
        """Add what takes a product to an end of a word, or anything between, to each channel."""
        type_ = self.graph[source].type
        first, last = LOW - type_.lo, HIGH - type_.hi
        terms = self.rng.integers(first, last + 1, width)
        terms[self.rng.integers(width)] = first if self.rng.random() < 0.5 else last
        if self.rng.random() < 0.5:
            terms[:] = terms[0]
        self.add(ops.ADD, [source, self.constant(terms)])
        self.sets += width

    def count(self, source: str, rows: IntArray, low: int) -> None:
        """A requantizer."""
        y = self.add(ops.MULTITHRESHOLD, [source, self.constant(rows)], out_bias=low)
        self.counted[y] = source, rows, low
        self.sets += len(rows)


def _low(d: Drawn, count: int) -> int:
    return int(d.rng.choice([0, 0, -count, -(count // 2), -128, 1, -(2**15), 2**16]))


def irregular(d: Drawn) -> None:
    """Thresholds of each channel."""
    domain = draw_type(d.rng)
    rows = draw_rows(d.rng, domain, CHANNELS)
    d.count(d.input(domain, CHANNELS, rows), rows, _low(d, rows.shape[1]))


def shared(d: Drawn) -> None:
    """The same for all channels: a table where the domain is narrow."""
    domain = draw_type(d.rng, int(d.rng.choice([4, 6, 32])))
    rows = draw_rows(d.rng, domain, 1)
    d.count(d.input(domain, 4, rows), rows, _low(d, rows.shape[1]))


def consecutive(d: Drawn) -> None:
    """A clip."""
    domain = draw_type(d.rng)
    first = int(d.rng.integers(domain.lo, max(domain.hi - 15, domain.lo) + 1))
    first = max(first, LOW + 1)
    rows = first + np.arange(int(d.rng.integers(1, 16)))[None]
    # The codes are the integers themselves.
    d.count(d.input(domain, 4, rows), rows, first - 1)


def rounded(d: Drawn) -> None:
    """What a quantizer makes of a scale and an offset of each channel."""
    rng, domain = d.rng, draw_type(d.rng, int(d.rng.choice([12, 20, 32])))
    bits = int(rng.choice([2, 3, 4, 5]))
    quantizer = Quantizer(
        (Fraction(1),),
        int(rng.choice([0, 0, 3])),
        bits,
        bool(rng.random() < 0.6),
        bool(rng.random() < 0.3),
        str(rng.choice(ROUNDING_MODES)),
    )
    steps = rng.uniform(0.2, 3, CHANNELS) * 2**bits / (domain.hi - domain.lo + 1)
    if rng.random() < 0.5:  # halves come up
        steps = 2.0 ** np.floor(np.log2(steps))
    scales = tuple(Fraction(float(np.float32(s))) for s in steps)
    middle = [-s * (domain.hi + domain.lo) // 2 for s in scales]
    offsets = tuple(Fraction(int(m) + int(rng.integers(-2, 3))) for m in middle)
    rows = thresholds(quantizer, scales, offsets, domain)
    d.count(d.input(domain, CHANNELS, rows), rows, quantizer.type.lo)


def fine(d: Drawn) -> None:
    """16-bit codes of a scale that no product of 63 bits holds, of all channels or of each."""
    rng, channels = d.rng, int(d.rng.choice([1, 4]))
    domain = IntType(-(2**27) - int(rng.integers(9)), 2**27 + int(rng.integers(9)))
    codes = np.arange(-(2**15) + 1, 2**15)
    steps = 2.0**12 + rng.uniform(0, 4, (channels, 1))
    rows = np.ceil((codes - 0.5) * steps + rng.uniform(-(2**20), 2**20, (channels, 1)))
    rows = np.clip(rows.astype(np.int64), domain.lo, domain.hi + 1)
    d.count(d.input(domain, 4, rows), rows, -(2**15))


def near_a_line(d: Drawn) -> None:
    """Thresholds some integers off evenly spaced ones, of all channels or of each."""
    rng, channels = d.rng, int(d.rng.choice([1, CHANNELS]))
    bits = int(rng.integers(4, 9))
    domain = IntType(-(2 ** (bits + 12)), 2 ** (bits + 12) - 1)
    codes = np.arange(1 - 2 ** (bits - 1), 2 ** (bits - 1))
    rows = codes * 2**12 + rng.integers(-(2**12), 2**12, (channels, 1))
    rows = rows + rng.integers(-1000, 1001, rows.shape)
    d.count(d.input(domain, CHANNELS, rows), rows, -(2 ** (bits - 1)))


def sums(d: Drawn) -> None:
    """Thresholds of one sign for the sums of a matrix, of both."""
    rng, x = d.rng, draw_type(d.rng, 9)
    weight = rng.integers(-(2**18), 2**18, (4, CHANNELS)) >> rng.integers(0, 18)
    product = d.add(ops.MATMUL, [d.input(x, 4), d.constant(weight)], out=False)
    domain = d.graph[product].type
    rows = draw_rows(d.rng, domain, CHANNELS)
    d.count(product, rows, _low(d, rows.shape[1]))


def _less(values: IntArray, products: IntArray) -> IntArray:
    """The same values, smaller until their products lie within a word."""
    span = int(products.max()) - int(products.min())
    return np.asarray(np.sign(values) * (np.abs(values) // -(-max(span, 1) // (HIGH - LOW))))


def matrix(d: Drawn) -> None:
    """Sums that reach an end of a word."""
    rng, x = d.rng, draw_type(d.rng, int(d.rng.choice([2, 9, 17, 32])))
    inputs, outputs = int(rng.integers(1, 6)), 8
    most = max(1, HIGH // max(x.magnitude * inputs, 1))
    weight = rng.integers(-most, most + 1, (inputs, outputs))
    if rng.random() < 0.5:  # of one sign
        weight = np.abs(weight)
    ends = np.sort(np.stack([weight * x.lo, weight * x.hi]), axis=0).sum(axis=1)
    weight = _less(weight, ends)
    product = d.add(ops.MATMUL, [d.input(x, inputs), d.constant(weight)], out=False)
    d.shift(product, outputs)


def affine_map(d: Drawn) -> None:
    """Products and sums of each channel, up to an end of a word, also where products are wider."""
    rng, x = d.rng, draw_type(d.rng)
    if rng.random() < 0.5:
        factors = np.full(CHANNELS, rng.integers(1, (HIGH - LOW) // max(x.hi - x.lo, 1) + 1))
        factors *= rng.choice([-1, 1])
    else:
        most = HIGH // max(x.magnitude, 1)
        factors = rng.integers(-most, most + 1, CHANNELS) >> rng.integers(0, 32)
    factors = _less(factors, np.multiply.outer([x.lo, x.hi], factors))
    product = d.add(ops.MUL, [d.input(x, CHANNELS), d.constant(factors)], out=False)
    d.shift(product, CHANNELS)


def table(d: Drawn) -> None:
    """Any function of a narrow code."""
    domain, out = draw_type(d.rng, int(d.rng.choice([2, 5, 9]))), draw_type(d.rng)
    entries = d.rng.integers(out.lo, out.hi + 1, domain.hi - domain.lo + 1)
    entries[0] = out.lo
    d.add(ops.LOOKUP, [d.input(domain, 4), d.constant(wrapped_table(entries, domain))])
    d.sets += 1


def search(d: Drawn) -> None:
    """A function that rises, of a wide code: searched."""
    bits, above = int(d.rng.integers(15, 18)), bool(d.rng.random() < 0.5)
    domain = IntType(0 if above else -(2 ** (bits - 1)), 2 ** (bits - 1 + above) - 1)
    row = np.unique(d.rng.integers(domain.lo + 1, domain.hi + 1, int(d.rng.integers(1, 9))))
    n = np.arange(domain.lo, domain.hi + 1)
    entries = np.searchsorted(row, n, side="right") + int(d.rng.choice([0, -4, 2**16]))
    x = d.input(domain, 4, row[None])
    d.add(ops.LOOKUP, [x, d.constant(wrapped_table(entries, domain))])
    d.sets += 1


def largest_class(d: Drawn) -> None:
    """The index of the largest of a few, with ties."""
    domain, width = draw_type(d.rng), int(d.rng.integers(1, 9))
    x = d.input(domain, width)
    d.feeds[x][::3] = np.clip(d.feeds[x][::3, :, :1] + d.rng.integers(-1, 2), domain.lo, domain.hi)
    d.add(ops.ARGMAX, [x])
    d.sets += 1


def over_time(d: Drawn) -> None:
    """The sum, and the largest."""
    short = draw_type(d.rng, 32 - (STEPS - 1).bit_length())
    d.add(ops.REDUCE_SUM, [d.input(short, 5)], steps=STEPS)
    d.add(ops.REDUCE_MAX, [d.input(draw_type(d.rng), 5)])
    d.sets += 2


def windows(d: Drawn) -> None:
    """Steps side by side, with something in place of those outside; the largest, and the sum."""
    kernel, stride, dilation = int(d.rng.integers(2, 4)), *map(int, d.rng.integers(1, 4, 2))
    before, after = map(int, d.rng.integers(0, min(dilation * (kernel - 1), 2) + 1, 2))
    for op in (ops.GROUP_MAX, ops.GROUP_SUM):
        domain = draw_type(d.rng, 30)
        pad = int(d.rng.choice([domain.lo, 0, domain.hi]))
        window = d.add(
            ops.WINDOW,
            [d.input(domain, 3)],
            out=False,
            kernel=kernel,
            stride=stride,
            dilation=dilation,
            before=before,
            after=after,
            pad=pad,
        )
        d.add(op, [window], kernel=kernel)
        d.sets += 1


def rows(d: Drawn) -> None:
    """Rows of a table, as many as fit a number's bits, one more, or fewer."""
    count, out = int(d.rng.choice([1, 2, 3, 16, 17, 129])), draw_type(d.rng)
    entries = d.rng.integers(out.lo, out.hi + 1, (count, int(d.rng.integers(1, 7))))
    entries[0, 0] = out.lo
    d.add(ops.EMBEDDING, [d.input(IntType(0, count - 1), 1), d.constant(entries)])
    d.sets += 1


def streams(d: Drawn) -> None:
    """Values of several types side by side, of all steps and of the last one."""
    parts = [d.input(draw_type(d.rng), int(d.rng.integers(1, 6))) for _ in range(3)]
    joined = d.add(ops.CONCAT, parts)
    d.add(ops.SELECT_LAST, [joined])
    d.add(ops.FLATTEN, [d.input(draw_type(d.rng), 3)], steps=STEPS)
    d.input(draw_type(d.rng), 2)  # nobody reads it
    d.sets += 4


def pairs(d: Drawn) -> None:
    """Sums, differences and products of two streams, up to an end of a word."""
    for op, bits in ((ops.ADD, 30), (ops.SUB, 30), (ops.MUL, 15)):
        width = int(d.rng.integers(1, 40))
        d.add(op, [d.input(draw_type(d.rng, bits), width) for _ in range(2)])
        d.sets += 1


def some_steps(d: Drawn) -> None:
    """Steps by their numbers: several, and one."""
    first, stride = int(d.rng.integers(STEPS)), int(d.rng.integers(1, STEPS))
    count = int(d.rng.integers(1, (STEPS - 1 - first) // stride + 2))
    x = d.input(draw_type(d.rng), 3)
    d.add(ops.SELECT_STEPS, [x], first=first, stride=stride, count=count, single=0, steps=STEPS)
    d.add(ops.SELECT_STEPS, [x], first=first, stride=1, count=1, single=1, steps=STEPS)
    d.sets += 2


def layer(d: Drawn) -> None:
    """A layer whose sums have one sign, or both; forwards or backwards."""
    rng = d.rng
    form = LSTM_CELL if rng.random() < 0.6 else RNN_CELL
    relu = bool(form is RNN_CELL and rng.random() < 0.5)
    spec = cell(
        Fraction(1, 2 ** int(rng.integers(0, 3))),
        int(rng.integers(2**31)),
        form,
        cifg=bool(form is LSTM_CELL and rng.random() < 0.4),
        nonlinearity="relu" if relu else "tanh",
        signed=not relu,
    )
    x, low, high = draw_type(rng, 9), *sorted(rng.choice([-(2**20), -300, 0, 300, 2**20], 2, False))
    gates = {
        name: replace(gate, bias=rng.integers(low, high + 1, gate.bias.shape))
        for name, gate in spec.gates.items()
    }
    spec = replace(spec, gates=gates)
    width, hidden = next(iter(gates.values())).w.shape
    source = d.input(x, width)
    body = build_body(spec, x, RoundingLog("layer/"))
    name = f"layer_{source}"
    initial = []
    for state in spec.form.states:
        type_ = body[f"{state}_prev"].type
        row = d.constant(rng.choice([type_.lo, 0, type_.hi], hidden))
        initial.append(d.graph.add(ops.INITIAL_STATE, [row, source], [f"{name}.{state}0"]))
    finals, steps = ([f"{name}.{s}{end}" for s in spec.form.states] for end in ("n", ""))
    backwards = bool(rng.random() < 0.4)
    d.graph.add(
        ops.SCAN,
        [*initial, source],
        [*finals, *steps],
        name=name,
        body=body,
        states=len(finals),
        reverse=backwards,
    )
    d.graph.outputs += [steps[0], *finals]
    d.sets += 1


# How many of each are in a graph.
KINDS: dict[Callable[[Drawn], None], int] = {
    irregular: 6,
    shared: 4,
    consecutive: 1,
    rounded: 4,
    sums: 5,
    matrix: 2,
    affine_map: 3,
    table: 2,
    search: 1,
    largest_class: 2,
    over_time: 1,
    streams: 1,
    layer: 1,
    windows: 1,
    rows: 2,
    some_steps: 1,
    pairs: 1,
    fine: 1,
    near_a_line: 1,
}


def draw(seed: int, *, one_each: bool = False) -> Drawn:
    """Some of every kernel, or one."""
    drawn = Drawn(np.random.default_rng(seed))
    for kind, count in KINDS.items():
        for _ in range(1 if one_each else count):
            kind(drawn)
    return drawn
