"""What the traced graph says about quantizers and layers, in plain numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.files.limits import ACTIVATION_BITS, PARAMETER_BITS
from gatewright.ir.quantizer import ROUNDING_MODES
from gatewright.ir.traced.layouts import BATCH_FIRST, CHANNELS_FIRST, TIME_MAJOR
from gatewright.ir.traced.vocabulary import CellForm, qonnx_rounding
from gatewright.ir.types import Float32Array

MIN_BITS = 2


@dataclass(frozen=True, eq=False)
class QuantSpec:
    """One uniform integer quantizer: ``clamp(round(x / scale + zero_point))``.

    Attributes:
        scale: float32, shape ``()`` or as broadcast against the quantized tensor.
        zero_point: float32 holding integers, same shape as ``scale``.
        bit_width: 2 to 32.
        signed: Whether codes are two's complement.
        narrow: Whether the outermost code is left out.
        rounding: One of ``ROUNDING_MODES``.
    """

    scale: Float32Array
    zero_point: Float32Array
    bit_width: int
    signed: bool
    narrow: bool
    rounding: str = "ROUND"

    @property
    def code_range(self) -> tuple[int, int]:
        """Lowest and highest code."""
        if self.signed:
            half = 2 ** (self.bit_width - 1)
            return -half + int(self.narrow), half - 1
        return 0, 2**self.bit_width - 1 - int(self.narrow)

    def attributes(self) -> dict[str, Any]:
        """The attributes of a ``Quant`` node."""
        return {
            "narrow": int(self.narrow),
            "rounding_mode": qonnx_rounding(self.rounding),
            "signed": int(self.signed),
        }

    def same_as(self, other: QuantSpec) -> bool:
        """Whether both quantize alike."""
        return (
            np.array_equal(self.scale, other.scale)
            and np.array_equal(self.zero_point, other.zero_point)
            and (self.bit_width, self.signed, self.narrow, self.rounding)
            == (other.bit_width, other.signed, other.narrow, other.rounding)
        )

    def with_shape(self, shape: tuple[int, ...]) -> QuantSpec:
        """The same quantizer, its scale and zero point reshaped or broadcast to ``shape``."""
        return QuantSpec(
            _fit(self.scale, shape),
            _fit(self.zero_point, shape),
            self.bit_width,
            self.signed,
            self.narrow,
            self.rounding,
        )


def _fit(array: Float32Array, shape: tuple[int, ...]) -> Float32Array:
    size = int(np.prod(shape, dtype=np.int64))
    if array.size == size:
        return array.reshape(shape)
    return np.full(shape, array.reshape(()), dtype=np.float32)


_ROUND = {"ROUND": np.rint, "FLOOR": np.floor, "CEIL": np.ceil, "ROUND_TO_ZERO": np.trunc}


def quantize_values(values: Float32Array, spec: QuantSpec) -> Float32Array:
    """What a ``Quant`` node gives, in IEEE binary32 as torch and qonnx compute it."""
    lo, hi = spec.code_range
    codes = _ROUND[spec.rounding](values / spec.scale + spec.zero_point)
    codes = np.clip(codes, np.float32(lo), np.float32(hi))
    result: Float32Array = ((codes - spec.zero_point) * spec.scale).astype(np.float32)
    return result


def make_spec(
    where: str,
    *,
    scale: Float32Array,
    zero_point: Float32Array,
    bit_width: float,
    signed: bool,
    narrow: bool,
    rounding: str,
) -> QuantSpec:
    """Check the numbers of a quantizer and build its spec.

    Raises:
        GatewrightError: GW-105 on a bad scale, GW-107 on anything else out of range.
    """
    if not np.all(np.isfinite(scale)) or np.any(scale <= 0):
        raise GatewrightError(
            "GW-105",
            where=where,
            cause=f"its scale is {_first_bad(scale)}; a scale has to be finite and positive.",
            remedy="Calibrate or train the model again, so that this quantizer sees data.",
        )
    if not float(bit_width).is_integer() or bit_width < MIN_BITS:
        raise _unsupported(where, f"it has {bit_width:g} bits")
    PARAMETER_BITS.check(where, int(bit_width))
    if np.any(zero_point != np.rint(zero_point)):
        raise _unsupported(where, "its zero point is not an integer")
    if zero_point.size > 1 and zero_point.shape != scale.shape:
        raise _unsupported(where, "its zero point has another shape than its scale")
    if rounding not in ROUNDING_MODES:
        raise _unsupported(where, f"its rounding mode is {rounding}")
    spec = QuantSpec(scale, zero_point, int(bit_width), signed, narrow, rounding)
    lo, hi = spec.code_range
    if np.any(zero_point < lo) or np.any(zero_point > hi):
        raise _unsupported(where, "its zero point lies outside its range of codes")
    return spec.with_shape(scale.shape)


def binary_spec(where: str, scale: Float32Array) -> QuantSpec:
    """The grid of the values ``-scale`` and ``scale``: two bits, narrow, of which 0 never occurs.

    Raises:
        GatewrightError: GW-105 on a bad scale.
    """
    zero = np.zeros((), dtype=np.float32)
    return make_spec(
        where,
        scale=scale,
        zero_point=zero,
        bit_width=2,
        signed=True,
        narrow=True,
        rounding="ROUND",
    )


def act_spec(where: str, spec: QuantSpec) -> QuantSpec:
    """The quantizer of an activation: per tensor, shape ``()``, 16 bits; GW-107 otherwise."""
    ACTIVATION_BITS.check(where, spec.bit_width)
    if spec.scale.size != 1:
        raise _unsupported(where, f"it has {spec.scale.size} scales, one per channel")
    return spec.with_shape(())


def weight_spec(where: str, spec: QuantSpec, shape: tuple[int, ...]) -> QuantSpec:
    """The quantizer of a weight [rows, ...]: one scale, or ``[rows, 1, ...]``; else GW-107."""
    per_row = (shape[0], *(1 for _ in shape[1:]))
    if spec.scale.size != 1 and spec.scale.shape != per_row:
        raise _unsupported(where, f"its scale has shape {list(spec.scale.shape)}")
    return spec.with_shape(() if spec.scale.size == 1 else per_row)


def bias_spec(where: str, spec: QuantSpec, rows: int) -> QuantSpec:
    """The quantizer of a bias [rows]: shape ``[1]`` or ``[rows]``; GW-107 otherwise."""
    if spec.scale.size not in (1, rows):
        raise _unsupported(where, f"its scale has shape {list(spec.scale.shape)}")
    return spec.with_shape((spec.scale.size,))


def _first_bad(scale: Float32Array) -> float:
    bad = scale[~(np.isfinite(scale) & (scale > 0))]
    return float(bad.reshape(-1)[0])


def _unsupported(where: str, what: str) -> GatewrightError:
    return GatewrightError(
        "GW-107",
        where=where,
        cause=f"{what}, which is not supported.",
        remedy=(
            f"Use a uniform integer quantizer of {MIN_BITS} to {ACTIVATION_BITS.most} bits "
            f"(weights and biases: {PARAMETER_BITS.most}) with an integer zero point, rounding "
            f"{', '.join(ROUNDING_MODES)}, one scale per tensor (weights and biases: or one per "
            "output channel)."
        ),
    )


@dataclass(frozen=True, eq=False)
class Parameter:
    """Constant values, and the quantizer that is applied to them (None: used as they are)."""

    values: Float32Array
    quant: QuantSpec | None


@dataclass(frozen=True, eq=False)
class GateSpec:
    """Weights of one gate: ``weight`` [H, I], ``recurrent`` [H, H], ``bias`` [H]."""

    weight: Parameter
    recurrent: Parameter
    bias: Parameter


@dataclass(frozen=True, eq=False)
class LayerSpec:
    """One recurrent layer in one direction.

    Attributes:
        form: Which cell.
        gates: By the names of the form's gates; a coupled forget gate repeats the input gate.
        quantizers: By the names of the form's quantizers.
        batch_first: Whether x is [B, T, I] rather than [T, B, I].
        options: The cell's own attributes: ``cifg`` or ``nonlinearity``.
        reverse_input: Whether time runs backwards.
    """

    form: CellForm
    gates: dict[str, GateSpec]
    quantizers: dict[str, QuantSpec]
    batch_first: bool
    options: dict[str, int | str]
    reverse_input: bool = False

    @property
    def input_size(self) -> int:
        """I."""
        return int(next(iter(self.gates.values())).weight.values.shape[1])

    @property
    def hidden_size(self) -> int:
        """H."""
        return int(next(iter(self.gates.values())).weight.values.shape[0])


@dataclass(frozen=True, eq=False)
class LinearSpec:
    """``x @ weight.T + bias``, weight [N, K], bias [N] or None."""

    weight: Parameter
    bias: Parameter | None


@dataclass(frozen=True)
class WindowSpec:
    """Windows over time.

    Attributes:
        kernel: Steps of a window.
        stride: Steps from a window to the next.
        dilation: Steps from one of a window to the next.
        before: Steps of padding before a sequence.
        after: Steps of padding behind it.
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0

    @property
    def span(self) -> int:
        """Steps from the first to the last of a window, both included."""
        return self.dilation * (self.kernel - 1) + 1

    def count(self, steps: int) -> int:
        """Windows over so many steps."""
        return (steps + self.before + self.after - self.span) // self.stride + 1


@dataclass(frozen=True, eq=False)
class ConvSpec:
    """A convolution over time: weight [N, F / groups, K], bias [N] or None."""

    weight: Parameter
    bias: Parameter | None
    window: WindowSpec
    groups: int


@dataclass(frozen=True, eq=False)
class BatchNormSpec:
    """``(x - mean) / sqrt(variance + epsilon) * weight + bias``, each [F] but for epsilon."""

    weight: Float32Array
    bias: Float32Array
    mean: Float32Array
    variance: Float32Array
    epsilon: float


@dataclass(frozen=True)
class Layout:
    """The axes of a sequence tensor of rank 3.

    Attributes:
        batch_first: Whether it begins with that of sequences.
        channels_first: Whether it is [B, F, T] then, as convolutions take it.
    """

    batch_first: bool
    channels_first: bool = False

    @staticmethod
    def of(axes: str) -> Layout | None:
        """Of these axes in their order; None where no layer has them so."""
        known = {BATCH_FIRST: Layout(True), TIME_MAJOR: Layout(False)}
        known[CHANNELS_FIRST] = Layout(True, True)
        return known.get(axes)

    @property
    def axes(self) -> str:
        """B, T and F in their order."""
        if self.channels_first:
            return CHANNELS_FIRST
        return BATCH_FIRST if self.batch_first else TIME_MAJOR

    @property
    def batch_axis(self) -> int:
        """The axis of the sequences of a batch."""
        return self.axes.index("B")

    @property
    def time_axis(self) -> int:
        """The axis of time steps."""
        return self.axes.index("T")

    @property
    def feature_axis(self) -> int:
        """The axis of features."""
        return self.axes.index("F")


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of the graph under construction.

    Attributes:
        name: Its ONNX name.
        shape: Its static shape.
        grid: The quantizer whose codes it holds, or None.
        layout: Where its time axis is; None for a matrix, or before the first recurrent layer.
        quant_tensor: Whether torch holds it as a Brevitas ``QuantTensor``.
        stack: Whether its first axis lists states, [N, B, H].
        index: Whether it holds int64 class indices.
        integers: Whether it is an int64 input, whose values are looked up in a table.
        on_host: A function that the host applies to it, which is an output; or empty.
    """

    name: str
    shape: tuple[int, ...]
    grid: QuantSpec | None = None
    layout: Layout | None = None
    quant_tensor: bool = False
    stack: bool = False
    index: bool = False
    on_host: str = ""
    integers: bool = False


@dataclass(frozen=True)
class States:
    """Final states of a recurrent layer, [layers * directions, B, H].

    Attributes:
        name: Of the layer.
        items: Each [B, H].
        which: ``h`` or ``c``.
        quant_tensor: Whether torch holds them as a Brevitas ``QuantTensor``.
    """

    name: str
    items: tuple[Value, ...]
    which: str
    quant_tensor: bool = False

    def split(self) -> list[States]:
        """Each on its own."""
        return [States(self.name, (item,), self.which, self.quant_tensor) for item in self.items]
