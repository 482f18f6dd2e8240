"""Uniform integer quantizers, and the two places where floats meet integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.ir.types import IntArray, IntType

ROUNDING_MODES = ("ROUND", "FLOOR", "CEIL", "ROUND_TO_ZERO")

Scales = tuple[Fraction, ...]

_NUMPY_ROUNDING: dict[str, Callable[..., npt.NDArray[np.floating[Any]]]] = {
    "ROUND": np.rint,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND_TO_ZERO": np.trunc,
}


@dataclass(frozen=True)
class Quantizer:
    """``code = clamp(round(x / scale + zero_point))``, as Brevitas and QONNX define it.

    Everywhere else in the IR an activation is its *centered* integer ``n = code - zero_point``, so
    that ``x = n * scale`` and zero points need no further care.

    Attributes:
        scales: One positive float32 value, or one a channel, as exact rationals.
        zero_point: The code that stands for 0.0.
        bit_width: Bits of a code, 2 to 32.
        signed: Whether codes are two's complement.
        narrow: Whether the outermost code is left out (signed: the lowest, unsigned: the highest).
        rounding: One of ``ROUNDING_MODES``; ROUND is half to even.
    """

    scales: Scales
    zero_point: int
    bit_width: int
    signed: bool
    narrow: bool
    rounding: str = "ROUND"

    @property
    def code_min(self) -> int:
        """The lowest code."""
        if not self.signed:
            return 0
        return -(1 << (self.bit_width - 1)) + int(self.narrow)

    @property
    def code_max(self) -> int:
        """The highest code."""
        if self.signed:
            return (1 << (self.bit_width - 1)) - 1
        return (1 << self.bit_width) - 1 - int(self.narrow)

    @property
    def type(self) -> IntType:
        """The range of the centered integer."""
        return IntType(self.code_min - self.zero_point, self.code_max - self.zero_point)

    def boundary(self, code: int) -> tuple[Fraction, bool]:
        """Where ``code`` begins on the axis ``v = x / scale + zero_point``.

        Returns:
            ``(b, inclusive)``: the code is reached from ``v >= b`` on, or from ``v > b`` on.
        """
        match self.rounding:
            case "ROUND":
                return Fraction(2 * code - 1, 2), code % 2 == 0
            case "FLOOR":
                return Fraction(code), True
            case "CEIL":
                return Fraction(code - 1), False
            case "ROUND_TO_ZERO":
                return (Fraction(code), True) if code > 0 else (Fraction(code - 1), False)
        raise ValueError(f"unknown rounding mode {self.rounding}")

    def boundaries(self) -> tuple[IntArray, npt.NDArray[np.bool_]]:
        """``boundary`` of every code but the lowest, ascending.

        Returns:
            Twice the boundaries, which makes them integers, and whether each is inclusive.
        """
        codes = np.arange(self.code_min + 1, self.code_max + 1, dtype=np.int64)
        match self.rounding:
            case "ROUND":
                return 2 * codes - 1, codes % 2 == 0
            case "FLOOR":
                return 2 * codes, np.ones_like(codes, dtype=np.bool_)
            case "CEIL":
                return 2 * codes - 2, np.zeros_like(codes, dtype=np.bool_)
            case "ROUND_TO_ZERO":
                return np.where(codes > 0, 2 * codes, 2 * codes - 2), codes > 0
        raise ValueError(f"unknown rounding mode {self.rounding}")

    def scale(self, channel: int) -> Fraction:
        """The scale of one channel."""
        return self.scales[channel if len(self.scales) > 1 else 0]

    def round_exact(self, v: Fraction) -> int:
        """The centered integer of one exact ``v = x / scale + zero_point``."""
        floor = v.numerator // v.denominator
        code = floor
        for candidate in (floor, floor + 1):
            b, inclusive = self.boundary(candidate)
            if v > b or (inclusive and v == b):
                code = candidate
        return min(max(code, self.code_min), self.code_max) - self.zero_point

    def quantize_float32(self, x: npt.NDArray[np.float32]) -> IntArray:
        """Quantize floats in IEEE binary32, the arithmetic of torch, QONNX and onnxruntime.

        Division and addition are correctly rounded there, so the result is the same everywhere.

        Args:
            x: Floats of any shape; per-channel scales run along the last axis.

        Returns:
            Centered integers of the same shape.
        """
        scale = np.array([float(s) for s in self.scales], dtype=np.float32)
        with np.errstate(over="ignore"):  # infinities saturate
            v = np.asarray(x, dtype=np.float32) / (scale if scale.size > 1 else scale[0])
        v = v + np.float32(self.zero_point)
        return self.round_float(v)

    def round_float(self, v: npt.NDArray[np.floating[Any]]) -> IntArray:
        """Centered integers of ``v = x / scale + zero_point``, in the precision of ``v``."""
        rounded = _NUMPY_ROUNDING[self.rounding](v).astype(np.float64)
        codes = np.clip(rounded, self.code_min, self.code_max).astype(np.int64)
        centered: IntArray = codes - self.zero_point
        return centered

    def to_json(self) -> dict[str, Any]:
        """A JSON form; floats are exact hexadecimal."""
        return {
            "scales": [float(s).hex() for s in self.scales],
            "zero_point": self.zero_point,
            "bit_width": self.bit_width,
            "signed": self.signed,
            "narrow": self.narrow,
            "rounding": self.rounding,
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Quantizer:
        """The inverse of ``to_json``."""
        scales = tuple(Fraction(float.fromhex(s)) for s in data["scales"])
        return Quantizer(**{**data, "scales": scales})


def turned(n: npt.NDArray[Any], time_major: bool, channels_first: bool = False) -> npt.NDArray[Any]:
    """From the user's layout to [B, T, F], and back."""
    if channels_first:
        return np.swapaxes(n, 1, 2)
    return np.swapaxes(n, 0, 1) if time_major else n


@dataclass(frozen=True)
class Argument:
    """A tensor that the user passes: the sequence, or initial states.

    Attributes:
        name: Of the traced graph's input.
        shape: As the graph takes it; ``"B"`` and ``"T"`` are free.
        rows: Of integers, how many there are, from 0 on: the rows of the table they are looked up
            in. 0 of floats.
        features: The axes behind B and T that the model itself takes in place of the last one, none
            or several; None where it takes that shape.
    """

    name: str
    shape: tuple[int | str, ...]
    rows: int = 0
    features: tuple[int, ...] | None = None

    @property
    def given_shape(self) -> tuple[int | str, ...]:
        """As the model takes it."""
        return self.shape if self.features is None else (*self.shape[:2], *self.features)

    def given(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An array of either shape as the model takes it."""
        if self.features is None:
            return array
        return array.reshape(*array.shape[:2], *self.features)

    def taken(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An array of either shape as the graph takes it."""
        return array if self.features is None else array.reshape(*array.shape[:2], -1)

    @property
    def batch_axis(self) -> int:
        """The axis of the sequences of a batch."""
        return self.shape.index("B")

    @property
    def time_axis(self) -> int | None:
        """The axis of time steps, if there is one."""
        return self.shape.index("T") if "T" in self.shape else None


@dataclass(frozen=True)
class InputBoundary:
    """How an argument becomes an input of the integer graph.

    Attributes:
        tensor: The integer input, [B, T, I] or [B, H]; of integers [B, T, 1].
        argument: Position of the user's argument.
        index: Which item of its first axis, for one of several states; else None.
        quantizer: The first quantizer it meets.
        time_major: Whether the user's layout is [T, B, I] rather than [B, T, I].
        channels_first: Whether it is [B, I, T].
        rows: As of its argument; integers pass the quantizer unchanged.
    """

    tensor: str
    argument: int
    index: int | None
    quantizer: Quantizer
    time_major: bool
    channels_first: bool = False
    rows: int = 0

    @property
    def type(self) -> IntType:
        """The range of the integer input."""
        return IntType(0, self.rows - 1) if self.rows else self.quantizer.type

    def encode(self, x: npt.NDArray[Any]) -> IntArray:
        """What a user passes, in that layout, to centered integers [B, T, I] or [B, H]."""
        if self.rows:
            return np.ascontiguousarray(turned(x.astype(np.int64)[..., None], self.time_major))
        n = self.quantizer.quantize_float32(x if self.index is None else x[self.index])
        return np.ascontiguousarray(turned(n, self.time_major, self.channels_first))


@dataclass(frozen=True)
class OutputBoundary:
    """How outputs of the integer graph become one float output of the model.

    Attributes:
        name: Of the traced graph's output.
        tensors: One integer output [B, F] or [B, T, F]; or several [B, H] that the user gets
            stacked as [N, B, H].
        stacked: Whether they are stacked.
        scales: Value of one unit, one or one per feature.
        offsets: Value added, one or one per feature (a float bias that no quantizer absorbed).
        zero_point: Added to the centered integer to give the quantizer's code.
        time_major: Whether the user's layout is [T, B, F].
        channels_first: Whether it is [B, F, T].
        index: Whether it is an int64 class index, whose last axis of one the user does not see.
        on_host: The function that the host applies to the floats; or empty.
    """

    name: str
    tensors: tuple[str, ...]
    stacked: bool
    scales: Scales
    offsets: Scales
    zero_point: int
    time_major: bool
    index: bool = False
    channels_first: bool = False
    on_host: str = ""

    @property
    def batch_axis(self) -> int:
        """The axis of the sequences of a batch."""
        return int(self.stacked or self.time_major)

    def _layout(self, n: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return turned(n, self.time_major, self.channels_first)

    def _join(self, values: Mapping[str, IntArray]) -> IntArray:
        parts = [values[name] for name in self.tensors]
        return np.stack(parts) if self.stacked else parts[0]

    def _user(self, n: npt.NDArray[Any]) -> npt.NDArray[Any]:
        n = self._layout(n)
        return n[..., 0] if self.index else n

    def _graph(self, n: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return self._layout(n[..., None] if self.index else n)

    def decode(self, values: Mapping[str, IntArray]) -> npt.NDArray[Any]:
        """Centered integers to floats: ``float32(n * scale + offset)``, computed in binary64.

        An index stays an int64.
        """
        if self.index:
            return self.codes(values)
        scale, offset = (np.array([float(v) for v in s]) for s in (self.scales, self.offsets))
        return self._user((self._join(values) * scale + offset).astype(np.float32))

    def codes(self, values: Mapping[str, IntArray]) -> IntArray:
        """Centered integers to the quantizer's codes, in the user's layout."""
        return self._user(self._join(values) + self.zero_point)

    def from_codes(self, codes: IntArray) -> dict[str, IntArray]:
        """The inverse of ``codes``."""
        return self._split(self._graph(codes) - self.zero_point)

    def nearest(self, y: npt.NDArray[np.floating[Any]]) -> dict[str, IntArray]:
        """The centered integers nearest to an output of another engine."""
        scale, offset = (np.array([float(v) for v in s]) for s in (self.scales, self.offsets))
        n = np.rint((self._graph(np.asarray(y, dtype=np.float64)) - offset) / scale)
        return self._split(n.astype(np.int64))

    def _split(self, n: IntArray) -> dict[str, IntArray]:
        parts = list(n) if self.stacked else [n]
        return dict(zip(self.tensors, parts, strict=True))
