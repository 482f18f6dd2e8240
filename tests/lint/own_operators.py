"""What own_operators.cpp has to print, by Python's integers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A value of an ap_int or ap_uint."""

    width: int
    signed: bool
    value: int

    def __str__(self) -> str:
        limbs = -(-self.width // 32)
        return f"{self.width}{'us'[self.signed]}{self.pattern:0{8 * limbs}x}"

    @property
    def pattern(self) -> int:
        return self.value % 2**self.width

    def of(self, value: int) -> Number:
        """The same type, modulo its range."""
        return wrapped(self.width, self.signed, value)


def wrapped(width: int, signed: bool, value: int) -> Number:
    half = 2 ** (width - 1) if signed else 0
    return Number(width, signed, (value + half) % 2**width - half)


def c_int(bits: int, signed: bool, value: int) -> Number:
    """An integer of C++ as an operand."""
    return wrapped(bits, signed, value)


def common(a: Number, b: Number) -> int:
    return max(a.width + (b.signed and not a.signed), b.width + (a.signed and not b.signed))


def arithmetic(a: Number, b: Number) -> list[Number]:
    width, signed = common(a, b), a.signed or b.signed
    return [
        Number(width + 1, signed, a.value + b.value),
        Number(width + 1, True, a.value - b.value),
        Number(a.width + b.width, signed, a.value * b.value),
        *(
            wrapped(width, signed, v)
            for v in (a.value & b.value, a.value | b.value, a.value ^ b.value)
        ),
    ]


def comparisons(a: Number, b: Number) -> list[int]:
    x, y = a.value, b.value
    return [int(v) for v in (x == y, x != y, x < y, x <= y, x > y, x >= y)]


def alone(a: Number) -> list[object]:
    low64, low32 = wrapped(64, True, a.value).value, wrapped(32, True, a.value).value
    minus = arithmetic(Number(1, False, 0), a)[1]
    counted = [a, a.of(a.value + 2), a.of(a.value + 2), a]
    converted = [low32, low64, int(low64 != 0), low32, low32 % 2**32, low64, low64, a.width]
    return [a, minus, a.of(~a.value), int(a.value == 0), *counted, *converted]


def shifted(a: Number, n: int) -> Number:
    return a.of(a.value << n if n >= 0 else a.value >> -n)


def shifts(a: Number, n: int) -> list[Number]:
    amounts = [n, -n, n % 8, -(n % 128), wrapped(4, True, n).value, -wrapped(5, True, n).value]
    return [shifted(a, amount) for amount in (*amounts, n, -n)]


def assignments(a: Number, b: Number) -> list[Number]:
    x, y = a.value, b.value
    added = a.of(x + y)
    multiplied = a.of((added.value - x) * y)
    less = a.of(multiplied.value - y)
    either = a.of(less.value | x)
    other = a.of(either.value ^ y)
    return [added, multiplied, less, either, other, a.of(other.value & y), a.of(y), a.of(y)]


def put(a: Number, high: int, low: int, piece: int) -> Number:
    ones = 2 ** (high - low + 1) - 1
    return a.of(a.pattern & ~(ones << low) | (piece & ones) << low)


def part(a: Number, high: int, low: int) -> int:
    return a.pattern >> low & 2 ** (high - low + 1) - 1


def parts(a: Number, b: Number, i: int, high: int, low: int) -> list[object]:
    piece = wrapped(a.width, False, part(a, high, low))
    whole = wrapped(a.width, False, a.value)
    moved = put(put(a, high, low, i), high, low, part(a, high - low, 0))
    taken = part(moved, high, low)
    bit = [part(a, high, high), part(a, low, low)]
    first = put(a, high, high, bit[1])
    second = put(first, low, low, int(b.value != 0))
    third = put(second, high, high, int(i > 0))
    return [
        *(piece, piece, piece, whole),
        wrapped(32, True, piece.value).value,
        *(put(a, high, low, b.value), put(a, high, low, i), moved, b.of(taken)),
        *(bit[1], bit[0], first, second, third),
        int(part(third, low, low) == bit[0]),
        arithmetic(piece, b)[0],
        int(piece.value == whole.value),
    ]


COMPARISONS = 26
"""Where in a line they begin: of both operands, of the first with i, of i with the second."""


def line(a: Number, b: Number, n: int, i: int, high: int, low: int) -> list[object]:
    """All that is printed for a pair of operands."""
    number, positive = c_int(32, True, i), c_int(1, False, int(i > 0))
    return [
        *arithmetic(a, b),
        *arithmetic(a, number),
        *arithmetic(c_int(16, True, i), a),
        *arithmetic(a, positive),
        arithmetic(a, c_int(64, True, i))[0],
        arithmetic(c_int(32, False, i), a)[3],
        *comparisons(a, b),
        *comparisons(a, number),
        *comparisons(number, b),
        *alone(a),
        *shifts(a, n),
        *assignments(a, b),
        *assignments(a, number),
        *parts(a, b, i, high, low),
    ]


def word(bits: int, lanes: list[int], high: int, low: int) -> list[object]:
    """All that is printed for a word of AXI4-Stream."""
    w = Number(bits * len(lanes), False, sum(v % 2**bits << bits * i for i, v in enumerate(lanes)))
    ones = put(w, high, low, -1)
    return [
        w.of(-1),
        w,
        *(wrapped(bits, True, lane) for lane in lanes),
        w.of(part(w, high, low)),
        ones,
        int(ones == w),
        wrapped(40, False, ones.value),
        wrapped(64, True, ones.value).value,
        w.of(5),
    ]
