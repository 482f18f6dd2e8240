"""A product, a sum and a shift in place of thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatewright.ir.types import IntArray, IntType

UP, EVEN, ODD = 0, 1, 2
MAX_PRODUCT_BITS = 63
LIMB = 17
"""Bits of an unsigned factor of a DSP block, of any vendor's."""


@dataclass(frozen=True)
class Rescaling:
    """``clamp((n * multiplier + offset) >> shift)``, with ``ties`` for what halves become.

    Attributes:
        multipliers: int64, one or one a channel.
        offsets: int64, one or one a channel.
        shift: Bits dropped.
        ties: UP, or the parity halves go to: EVEN, or ODD where an odd zero point turns it round.
    """

    multipliers: IntArray
    offsets: IntArray
    shift: int
    ties: int

    @property
    def by_channel(self) -> bool:
        """Whether channels differ."""
        return max(len(self.multipliers), len(self.offsets)) > 1

    @property
    def shifts(self) -> bool:
        """Whether a sum and a shift are all: no factor, and ties that n itself decides."""
        if self.by_channel or self.multipliers[0] != 1:
            return False
        return self.ties == UP or int(self.offsets[0]) % (1 << self.shift) == 0


def product_bits(affine: Rescaling, domain: IntType) -> int:
    """Width of ``n * multiplier + offset`` with its rounding term."""
    m, r = int(affine.multipliers.max()), affine.offsets
    half = (1 << affine.shift) if affine.ties != UP else 0
    low = min(domain.lo, 0) * m + int(r.min())
    high = max(domain.hi, 0) * m + int(r.max()) + half
    return IntType(min(low, -1), max(high, 0)).bits


def evaluate(affine: Rescaling, n: IntArray, out: IntType) -> IntArray:
    """What the kernel ``requantize_affine`` gives for integers n [C, ...]."""
    m, r = (a.reshape(-1, *[1] * (n.ndim - 1)) for a in (affine.multipliers, affine.offsets))
    v = n * m + r
    if affine.ties != UP:
        odd = (v >> affine.shift & 1) ^ int(affine.ties == ODD)
        v = v + (1 << affine.shift >> 1) - 1 + odd
    codes: IntArray = np.clip(v >> affine.shift, out.lo, out.hi)
    return codes


@dataclass(frozen=True)
class Wide:
    """A multiplier m of more bits than a product has: ``m = high.m * 2**LIMB + low.m``.

    ``(n * m + r) >> shift`` is ``(n * high.m + high.r + ((n * low.m + low.r) >> LIMB)) >>
    high.shift``, since a floor of a floor is one floor.

    Attributes:
        high: Of the bits above; its shift drops what is left below the code. Ties are ``UP``.
        low: Of the last ``LIMB`` bits, which it shifts off.
    """

    high: Rescaling
    low: Rescaling

    @property
    def by_channel(self) -> bool:
        """Whether channels differ."""
        return self.high.by_channel or self.low.by_channel

    def sum_bits(self, domain: IntType) -> int:
        """Width of the high product with what the low one carries."""
        product = product_bits(self.high, domain)
        carried = product_bits(self.low, domain) - LIMB
        return max(product, carried, 1) + 1


def evaluate_wide(wide: Wide, n: IntArray, out: IntType) -> IntArray:
    """What the kernel ``requantize_wide`` gives for integers n [C, N]."""
    low, high = (
        n * part.multipliers[:, None] + part.offsets[:, None] for part in (wide.low, wide.high)
    )
    codes: IntArray = np.clip((high + (low >> LIMB)) >> wide.high.shift, out.lo, out.hi)
    return codes
