"""The histogram and the scales chosen from it, against plain numpy on all values."""

from __future__ import annotations

import numpy as np
import pytest

from gatewright.frontend.calibration.options import RangeOptions
from gatewright.frontend.calibration.ranges import Histogram, choose_scale

RNG = np.random.default_rng(5)
VALUES = {
    "normal": RNG.normal(0, 2, 50_000).astype(np.float32),
    "heavy": (RNG.standard_t(2, 50_000) * 0.01).astype(np.float32),
    "sigmoid": (1 / (1 + np.exp(-RNG.normal(0, 2, 50_000)))).astype(np.float32),
    "few": np.float32([0.5, -1.25]),
}
WIDTH = 2.0**-11  # of a bin, relative


def histogram(values: np.ndarray, parts: int = 1) -> Histogram:
    seen = Histogram()
    for part in np.array_split(values, parts):
        seen.add(part)
    return seen


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("percent", [60, 99, 99.9, 100])
def test_percentile(name: str, percent: float) -> None:
    values = np.abs(VALUES[name]).astype(np.float64)
    found = histogram(VALUES[name]).percentile(percent)
    assert (values <= found).mean() >= percent / 100
    exact = np.quantile(values, percent / 100, method="inverted_cdf")
    assert exact <= found <= exact * (1 + WIDTH)


@pytest.mark.parametrize("name", VALUES)
def test_batches_do_not_matter(name: str) -> None:
    whole, parts = histogram(VALUES[name]), histogram(VALUES[name], parts=7)
    assert whole.total == parts.total == VALUES[name].size
    assert all(np.array_equal(a, b) for a, b in zip(whole.bins(), parts.bins(), strict=True))


def test_share_above() -> None:
    seen = histogram(np.float32([0, 1, 2, 3, -4]))
    assert seen.share_above(2.5) == 0.4
    assert seen.share_above(4) == 0
    assert np.isnan(histogram(np.float32([1, np.nan])).largest)


def square_error(values: np.ndarray, scale: float, bits: int, signed: bool) -> float:
    top = 2 ** (bits - 1 if signed else bits) - 1
    codes = np.clip(np.rint(values / scale), -top if signed else 0, top)
    return float(((codes * scale - values) ** 2).mean())


@pytest.mark.parametrize("name", ["normal", "heavy", "sigmoid"])
@pytest.mark.parametrize("bits", [3, 4, 8])
@pytest.mark.parametrize("scale", ["float", "power_of_two"])
def test_mse_finds_the_best_range(name: str, bits: int, scale: str) -> None:
    values = VALUES[name].astype(np.float64)
    signed = name != "sigmoid"
    options = RangeOptions(method="mse", scale=scale)
    found = choose_scale(histogram(VALUES[name]), options, bits=bits, signed=signed)
    reach = np.abs(values).max() / (2 ** (bits - 1 if signed else bits) - 1)
    if scale == "float":
        tried = reach * np.linspace(0.004, 1, 400)
    else:
        tried = 2.0 ** (np.ceil(np.log2(reach)) - np.arange(9))
    best = min(square_error(values, s, bits, signed) for s in tried)
    assert square_error(values, found, bits, signed) <= best * 1.01


@pytest.mark.parametrize("signed", [False, True])
def test_a_float_scale_puts_the_range_on_the_largest_code(signed: bool) -> None:
    options = RangeOptions()
    values = np.float32([0.1, 0.9])
    scale = choose_scale(histogram(values), options, bits=8, signed=signed)
    assert scale == np.float32(np.float64(values.max()) / (127 if signed else 255))


def test_a_power_of_two_is_the_next_one() -> None:
    options = RangeOptions(scale="power_of_two")
    seen = histogram(np.float32([0.6]))
    assert choose_scale(seen, options, bits=8, signed=True) == 2.0**-7
    assert choose_scale(seen, options, bits=8, signed=False) == 2.0**-8


def test_weights_are_not_clipped_by_a_percentile() -> None:
    values = np.float32([*([0.01] * 9999), 1.0])
    options = RangeOptions()
    seen = histogram(values)
    assert choose_scale(seen, options, bits=8, signed=True, percentile=99) < 0.001
    weight = choose_scale(seen, options, bits=8, signed=True)
    assert weight == np.float32(1 / 127)


@pytest.mark.parametrize("method", ["percentile", "mse"])
def test_only_zeros(method: str) -> None:
    scale = choose_scale(
        histogram(np.zeros(4, np.float32)), RangeOptions(method=method), bits=8, signed=True
    )
    assert scale == np.float32(1 / 127)
