"""What the lowering notes down for the certificate: how float32 reaches each rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np

from gatewright.ir.functions import Function
from gatewright.ir.quantizer import Quantizer, Scales
from gatewright.ir.types import IntArray, IntType

T = TypeVar("T")
ONE = Fraction(1)

EXACT_IN_BINARY32 = 2**24
NORMALIZE_ROUNDINGS = 14
"""eps and its sum with the variance 2, the inverse root 4 units in the last place or 8 roundings,
the weight, the mean or the product with it, the product, the last sum: 1 each."""


@dataclass(frozen=True)
class FloatPath:
    """How a float32 engine computes the value ``n * scale + offset`` of an integer tensor.

    The value is a sum of terms, and each term is rounded at most ``roundings`` times on its way;
    what is one a channel may be one for all.

    Attributes:
        lo: The lowest reachable ``n``, one a channel.
        hi: The highest.
        magnitudes: Largest sum of the absolute terms, in real units, one a channel.
        grids: A power of two of which every term is a multiple, one a channel; 0 for none.
        roundings: Most roundings that a term goes through, dequantization included.
        relative: Whether there is one term only, so that the error is relative to the value.
        smallest: The smallest factor other than 0: a scale, or what a normalization multiplies by.
        gain: The most by which an error made on the way is multiplied later.
    """

    lo: tuple[int, ...]
    hi: tuple[int, ...]
    magnitudes: Scales
    grids: Scales
    roundings: int
    relative: bool
    smallest: Fraction = ONE
    gain: Fraction = ONE


@dataclass(frozen=True)
class Rounding:
    """A place where real values become codes: a requantizer, or a table with ``function``.

    Attributes:
        name: The integer tensor that leaves it; inside a recurrent layer ``<layer>/<tensor>``.
        source: The integer tensor that enters it, named alike.
        kind: ``accumulator``, ``product``, ``sum``, ``requantize``, ``table``, ``output`` or
            ``argmax``.
        quantizer: Per tensor, but for ``output``.
        scales: Value of one unit of ``source``, one or one a channel.
        offsets: Real value added, one or one a channel.
        path: How float32 arrives at the value.
        relu: Whether ``max(0, .)`` comes first.
        function: A non-linearity before the quantizer.
        runtime: Whether the traced graph leaves that function to ONNX Runtime.
    """

    name: str
    source: str
    kind: str
    quantizer: Quantizer
    scales: Scales
    offsets: Scales
    path: FloatPath
    relu: bool = False
    function: Function | None = None
    runtime: bool = False


Reach = Callable[[Rounding], IntType | None]
KnownStep = tuple[IntType, IntArray]
"""A domain, and the thresholds or the table for it."""


@dataclass(frozen=True)
class RoundingLog:
    """The roundings of one graph, in its order.

    Attributes:
        prefix: Put before the names; ``<layer>/`` for the body of a recurrent layer.
        items: What was noted.
        reach: Given each, says which integers float32 may make of it besides the exact one.
        known: By place, steps of a narrower lowering, which need not be computed again.
    """

    prefix: str = ""
    items: list[Rounding] = field(default_factory=list)
    reach: Reach = lambda rounding: None
    known: Mapping[str, KnownStep] = field(default_factory=dict)

    def within(self, layer: str) -> RoundingLog:
        """The same log for the body of a recurrent layer."""
        return replace(self, prefix=f"{layer}/")

    def add(self, rounding: Rounding) -> IntType | None:
        """Note one, under the prefix, and say what float32 may make of it."""
        name, source = (self.prefix + n for n in (rounding.name, rounding.source))
        self.items.append(replace(rounding, name=name, source=source))
        return self.reach(self.items[-1])


def output(name: str, scales: Scales, offsets: Scales, path: FloatPath) -> Rounding:
    """An output that no quantizer made: who compares it takes the nearest integer of its grid."""
    nearest = Quantizer(scales, 0, 32, signed=True, narrow=False)
    return Rounding(name, name, "output", nearest, scales, offsets, path)


def power_of_two(value: Fraction) -> bool:
    """Whether a positive rational is one."""
    n, d = value.numerator, value.denominator
    return n > 0 and n & (n - 1) == 0 and d & (d - 1) == 0


def codes(type_: IntType, scale: Fraction) -> FloatPath:
    """A code, dequantized in one rounding."""
    grid = scale if power_of_two(scale) else Fraction(0)
    magnitude = type_.magnitude * scale
    return FloatPath((type_.lo,), (type_.hi,), (magnitude,), (grid,), 1, True, smallest=scale)


def product(types: tuple[IntType, IntType], scales: tuple[Fraction, Fraction]) -> FloatPath:
    """A product of two codes: two dequantizations and the product."""
    path = codes(types[0] * types[1], scales[0] * scales[1])
    return replace(path, roundings=3, smallest=min(scales))


def times_code(path: FloatPath, type_: IntType, scale: Fraction) -> FloatPath:
    """A value of one channel times a code: the code's dequantization and the product."""
    product_ = IntType(path.lo[0], path.hi[0]) * type_
    grid = path.grids[0] * scale if power_of_two(scale) else Fraction(0)
    return FloatPath(
        (product_.lo,),
        (product_.hi,),
        (path.magnitudes[0] * type_.magnitude * scale,),
        (grid,),
        path.roundings + 2,
        path.relative,
        smallest=min(path.smallest, scale),
        gain=max(ONE, path.gain * type_.magnitude * scale),
    )


def dot_product(x: IntType, w: IntArray, scales: Scales, unit: Fraction) -> FloatPath:
    """``x @ w`` in any order, fused or not.

    Each term: two dequantizations, its product, and one addition less than there are terms.

    Args:
        x: Range of the K elements.
        w: Integers [K, C].
        scales: Value of one unit of the result, one or one a channel.
        unit: Value of one unit of x.
    """
    lo = np.minimum(w * x.lo, w * x.hi).sum(axis=0).tolist()
    hi = np.maximum(w * x.lo, w * x.hi).sum(axis=0).tolist()
    reach = (np.abs(w).sum(axis=0) * x.magnitude).tolist()
    magnitudes = tuple(m * scales[c % len(scales)] for c, m in enumerate(reach))
    grids = tuple(s if power_of_two(s) else Fraction(0) for s in scales)
    smallest = min(unit, min(scales) / unit)
    return FloatPath(
        tuple(lo), tuple(hi), magnitudes, grids, w.shape[0] + 2, False, smallest=smallest
    )


def add(a: FloatPath, b: FloatPath) -> FloatPath:
    """The sum of two values: one more rounding for every term."""
    return FloatPath(
        _each(int.__add__, a.lo, b.lo),
        _each(int.__add__, a.hi, b.hi),
        _each(Fraction.__add__, a.magnitudes, b.magnitudes),
        _each(min, a.grids, b.grids),
        max(a.roundings, b.roundings) + 1,
        False,
        smallest=min(a.smallest, b.smallest),
        gain=max(a.gain, b.gain),
    )


def add_bias(path: FloatPath, integers: IntArray, scales: Scales, residues: Scales) -> FloatPath:
    """A value plus a constant, which is dequantized and added in one rounding each.

    Args:
        path: The value.
        integers: The bias on the value's grid, [C].
        scales: Value of one unit, one or one a channel.
        residues: What the bias has beyond, one or one a channel.
    """
    n = tuple(integers.tolist())
    bias = _each(
        Fraction.__add__, tuple(i * scales[c % len(scales)] for c, i in enumerate(n)), residues
    )
    # A dyadic rational is a multiple of the lowest bit of its numerator over its denominator.
    units = tuple(Fraction(b.numerator & -b.numerator, b.denominator) for b in bias)
    constant = FloatPath(
        n,
        n,
        tuple(abs(b) for b in bias),
        _each(lambda grid, unit: min(grid, unit) if unit else grid, path.grids, units),
        1,
        False,
    )
    return add(path, constant)


def scaled(path: FloatPath, gains: Scales, roundings: int) -> FloatPath:
    """A value times constants; the integer is multiplied by their signs.

    Args:
        path: The value.
        gains: The constants, one or one a channel.
        roundings: Of the product, where a constant is no power of two.
    """
    sizes = tuple(abs(g) for g in gains)
    signs = tuple((g > 0) - (g < 0) for g in gains)
    ends = [_each(int.__mul__, n, signs) for n in (path.lo, path.hi)]
    exact = all(power_of_two(size) for size in sizes if size)
    return replace(
        path,
        lo=_each(min, *ends),
        hi=_each(max, *ends),
        magnitudes=_each(Fraction.__mul__, path.magnitudes, sizes),
        grids=_each(lambda grid, size: grid * size * power_of_two(size), path.grids, sizes),
        roundings=path.roundings + (0 if exact else roundings),
        smallest=min([path.smallest, *(size for size in sizes if size)]),
        gain=path.gain * max(ONE, *sizes),
    )


def total(path: FloatPath, steps: int) -> FloatPath:
    """The sum of as many values, in any order."""
    averaged = mean(path, steps)
    return replace(
        averaged,
        magnitudes=tuple(steps * m for m in path.magnitudes),
        grids=path.grids,
        gain=path.gain * steps,
    )


def mean(path: FloatPath, steps: int) -> FloatPath:
    """The mean of as many values: their sum in any order, divided, or multiplied by 1 / steps."""
    grids = tuple(g / steps if power_of_two(Fraction(steps)) else Fraction(0) for g in path.grids)
    exact_sum = all(
        grid > 0 and steps * magnitude <= EXACT_IN_BINARY32 * grid
        for magnitude, grid in zip(*_aligned(path.magnitudes, path.grids), strict=True)
    )
    return replace(
        path,
        lo=tuple(steps * n for n in path.lo),
        hi=tuple(steps * n for n in path.hi),
        grids=grids,
        roundings=2 if exact_sum else path.roundings + steps + 1,
        relative=exact_sum or (steps == 1 and path.relative),
    )


def normalize(
    path: FloatPath, signs: IntArray, gains: Scales, shifts: Scales, factors: Scales
) -> FloatPath:
    """Batch normalization, ``x * gain + shift``, computed as either of

    ``(x - mean) * r * weight + bias`` or ``x * (r * weight) + (bias - mean * (r * weight))``
    with ``r = 1 / sqrt(variance + eps)``.

    Args:
        path: The value x.
        signs: Of the gains, 1, 0 or -1; the integer is multiplied by them; [C].
        gains: Absolute values, [C].
        shifts: Sum of the absolute terms of the shift, [C].
        factors: What it multiplies or divides by on the way, absolute.
    """
    channels = len(gains)
    ends = [_each(int.__mul__, n, tuple(signs.tolist())) for n in (path.lo, path.hi)]
    magnitudes = tuple(
        path.magnitudes[c % len(path.magnitudes)] * gains[c] + shifts[c] for c in range(channels)
    )
    return FloatPath(
        _each(min, *ends),
        _each(max, *ends),
        magnitudes,
        (Fraction(0),),
        path.roundings + NORMALIZE_ROUNDINGS,
        False,
        smallest=min([path.smallest, *(f for f in factors if f)]),
        gain=path.gain * max(ONE, *factors),
    )


def repeat(path: FloatPath, times: int) -> FloatPath:
    """The channels side by side, ``times`` times."""
    return replace(
        path,
        lo=path.lo * times,
        hi=path.hi * times,
        magnitudes=path.magnitudes * times,
        grids=path.grids * times,
    )


def _aligned(a: Scales, b: Scales) -> tuple[Scales, Scales]:
    """Both with one item a channel."""
    count = max(len(a), len(b))
    return a * (count // len(a)), b * (count // len(b))


def _each(f: Callable[[T, T], T], a: tuple[T, ...], b: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(f(a[c % len(a)], b[c % len(b)]) for c in range(max(len(a), len(b))))
