"""The driver as one file, what it imports and how it computes; and what NAME.json tells it."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared_model import Shared

import gatewright.pynq
from gatewright.errors import CODES
from gatewright.hls_templates.ip.ports import BUSES, IpPort
from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.kernels.base import Port
from gatewright.hls_templates.pynq import DRIVER, driver_text, facts, join
from gatewright.hls_templates.pynq.driver.numbers import quantized, result
from gatewright.hls_templates.pynq.driver.words import BusPort
from gatewright.ir.quantizer import ROUNDING_MODES, OutputBoundary, Quantizer
from gatewright.ir.types import IntArray, IntType

MAKERS = {"array", "asarray", "ascontiguousarray", "zeros", "empty", "full", "arange", "frombuffer"}
"""What gives numpy's own integers, of 32 bits on a 32-bit ARM, unless told otherwise."""
DTYPE_OF_THE_USER = {"np.asarray(x)", "np.array(self.buffer[b:b + n])"}
"""They keep what they are given."""


def test_every_build_has_the_same_driver(shared: Shared) -> None:
    assert (shared.build.path / "ip" / DRIVER).read_text() == driver_text()
    facts = json.loads((shared.build.path / "ip/gatewright.json").read_text())
    assert facts["schema"] == 1
    assert facts["addresses"] is None and facts["whole"] is None
    assert facts["max_steps"] == shared.build.kernels.max_steps


def test_it_is_python_3_8() -> None:
    ast.parse(driver_text(), feature_version=(3, 8))
    with pytest.raises(SyntaxError):
        ast.parse("match a:\n case 1: pass", feature_version=(3, 8))


def test_it_imports_nothing_but_numpy_and_on_a_board_pynq() -> None:
    found: dict[str, bool] = {}
    tree = ast.parse(driver_text())
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found |= {name.partition(".")[0]: node in tree.body for name in names}
    others = found.keys() - sys.stdlib_module_names
    assert {name: found[name] for name in others} == {"numpy": True, "pynq": False}


def test_what_python_3_8_has_not_is_not_used() -> None:
    """Names and arguments that came later, of which the parser cannot know."""
    tree = ast.parse(driver_text())
    noted = {"annotation", "returns"}  # which nobody evaluates
    notes = [getattr(node, key, None) for node in ast.walk(tree) for key in noted]
    never = {id(part) for note in notes if note is not None for part in ast.walk(note)}
    assert never and "from __future__ import annotations" in driver_text()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            assert not {k.arg for k in node.keywords} & {"strict", "slots", "kw_only"}
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"removeprefix", "removesuffix", "bit_count", "pairwise"}
        if isinstance(node, ast.Subscript) and id(node) not in never:
            assert ast.unparse(node.value) not in {"list", "dict", "tuple", "set", "type"}


def test_every_array_has_a_type() -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(driver_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) == "np"
        and node.func.attr in MAKERS
    ]
    untyped = {
        ast.unparse(call) for call in calls if not any(key.arg == "dtype" for key in call.keywords)
    }
    assert len(calls) > len(untyped)
    assert untyped == DTYPE_OF_THE_USER


def test_parts_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join, "_PARTS", (*join._PARTS, "words"))
    with pytest.raises(ValueError, match="BusPort"):
        driver_text()


def test_its_codes_are_those_of_the_page() -> None:
    text = driver_text()
    used = {code for code in CODES if code in text}
    assert used == {
        *("GW-601", "GW-606", "GW-607", "GW-904", "GW-905", "GW-906"),
        *("GW-907", "GW-908", "GW-909", "GW-910", "GW-911", "GW-912"),
    }


def test_the_package_has_it_too() -> None:
    namespace: dict[str, Any] = {"__name__": "gatewright_pynq"}
    code = compile(driver_text(), DRIVER, "exec")
    exec(code, namespace)
    assert namespace["__doc__"].startswith("Run a build")
    for name in gatewright.pynq.__all__:
        assert getattr(gatewright.pynq, name).__doc__ == namespace[name].__doc__


def floats() -> np.ndarray[Any, np.dtype[np.float32]]:
    """Every sign and size of float32, and what lies around halves."""
    rng = np.random.default_rng(8)
    drawn = rng.integers(0, 1 << 32, 20_000, dtype=np.uint32).view(np.float32)
    halves = (np.arange(-600, 600, dtype=np.float32) / 2) * np.float32(0.037)
    near = np.concatenate([np.nextafter(halves, np.float32(s)) for s in (-np.inf, np.inf)])
    odd = np.array([0.0, -0.0, np.inf, -np.inf, 1e-45, -1e-45, 1e-38, 3e38], dtype=np.float32)
    x = np.concatenate([drawn[~np.isnan(drawn)], halves, near, odd, drawn[:4] * 0 + 1])
    return x[: len(x) // 4 * 4].reshape(-1, 4)


@pytest.mark.parametrize("rounding", ROUNDING_MODES)
@pytest.mark.parametrize("bits", [2, 8, 16, 32])
def test_floats_become_the_same_integers(rounding: str, bits: int) -> None:
    rng = np.random.default_rng(bits)
    for signed in (False, True):
        for scales in ([0.037], [1e-40], [3e30], rng.uniform(0.001, 3, 4).tolist()):
            exact = tuple(map(fraction, scales))
            zero = 0 if signed else int(rng.integers(0, 1 << bits))
            ours = Quantizer(exact, zero, bits, signed, narrow=True, rounding=rounding)
            facts = {
                "scales": [float(s).hex() for s in exact],
                "zero_point": zero,
                "code_min": ours.code_min,
                "code_max": ours.code_max,
                "rounding": rounding,
            }
            x = floats()
            got = quantized(x, facts)
            assert got.dtype == np.int64
            np.testing.assert_array_equal(got, ours.quantize_float32(x))


def fraction(value: float) -> Any:
    from fractions import Fraction

    return Fraction(float(np.float32(value)))


class NoBinary32(np.ndarray):
    """An array of a numpy that cannot divide, add or round in binary32."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [np.asarray(value) for value in inputs]
        wide = {value.dtype for value in plain} & {np.dtype(np.float32), np.dtype(np.float16)}
        assert not wide, f"{ufunc.__name__} in {wide}"
        return np.asarray(getattr(ufunc, method)(*plain, **options)).view(NoBinary32)


def test_no_operation_is_left_to_binary32() -> None:
    facts = {
        "scales": [(0.037).hex()],
        "zero_point": 3,
        "code_min": 0,
        "code_max": 255,
        "rounding": "ROUND",
    }
    x = floats()
    np.testing.assert_array_equal(quantized(x.view(NoBinary32), facts), quantized(x, facts))
    with pytest.raises(AssertionError, match="divide"):
        x.view(NoBinary32) / np.float32(2)


@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize("index", [False, True])
def test_integers_become_the_same_floats(stacked: bool, index: bool) -> None:
    rng = np.random.default_rng(4)
    shape = (3, 5) if stacked else (3, 7, 1 if index else 5)
    n: dict[str, IntArray] = {
        name: rng.integers(-(1 << 31), 1 << 31, shape, dtype=np.int64) for name in ("a", "b")
    }
    boundary = OutputBoundary(
        name="y",
        tensors=("a", "b") if stacked else ("a",),
        stacked=stacked,
        scales=tuple(map(fraction, rng.uniform(0, 2, 1 if index else 5))),
        offsets=tuple(map(fraction, rng.normal(0, 9, 1 if index else 5))),
        zero_point=-7,
        time_major=not stacked,
        index=index,
    )
    facts = {
        "tensors": list(boundary.tensors),
        "stacked": stacked,
        "scales": [float(s).hex() for s in boundary.scales],
        "offsets": [float(s).hex() for s in boundary.offsets],
        "zero_point": -7,
        "time_major": not stacked,
        "index": index,
    }
    for raw, wanted in ((False, boundary.decode(n)), (True, boundary.codes(n))):
        got = result([facts], n, raw)
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("bus", BUSES)
@pytest.mark.parametrize(
    ("values", "low", "high"),
    [(1, 0, 1), (3, -8, 7), (5, 0, 255), (7, -300, 299), (80, -128, 127), (33, -(1 << 23), 5)],
)
def test_words_are_those_of_the_ip(values: int, low: int, high: int, bus: int) -> None:
    """Several words a step among them, and a last one that is not full."""
    rng = np.random.default_rng(bus)
    for sequence in (True, False):
        core = AxisPort("x", "x", Port(values, IntType(low, high)), sequence)
        ip = IpPort("s_axis", core, bus)
        port = BusPort(facts._port(ip))
        steps = 4 if sequence else 1
        n = rng.integers(low, high + 1, (3, steps, values))
        n[0, 0, 0], n[1, 0, -1] = low, high
        mine = n if sequence else n[:, 0]
        packed = port.pack(mine)
        wanted = [b"".join(beat.to_bytes(bus // 8, "little") for beat in ip.beats_of(x)) for x in n]
        assert [row.tobytes() for row in packed] == wanted
        assert packed.shape[1] == port.size(4) and port.widths == ip.info
        back = port.unpack(list(packed), 4)
        assert back.dtype == np.int64
        np.testing.assert_array_equal(back, mine)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "cut.json").write_text("{")
    (tmp_path / "later.json").write_text('{"schema": 2}')
    for name in ("none", "list", "cut", "later"):
        with pytest.raises(gatewright.pynq.OverlayError) as caught:
            gatewright.pynq.Overlay(tmp_path / f"{name}.bit")
        assert caught.value.code == "GW-911"
        assert caught.value.remedy
