"""What 3_kernels.json says of ports, taps and states is that of 2_integer.onnx, or nothing runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from changes import seal

import gatewright
from gatewright.errors import GatewrightError

KERNELS = "3_kernels.json"
Kernels = dict[str, Any]


def put(*path: str | int, value: Any) -> Callable[[Kernels], None]:
    """A value in it is another."""

    def change(kernels: Any) -> None:
        for key in path[:-1]:
            kernels = kernels[key]
        assert json.dumps(kernels[path[-1]]) != json.dumps(value)
        kernels[path[-1]] = value

    return change


def again(key: str, times: int) -> Callable[[Kernels], None]:
    return lambda kernels: kernels.update({key: kernels[key] * times})


def narrow_taps(kernels: Kernels) -> None:
    for tap in kernels["taps"]:
        tap["width"] = 1


def turn_taps(kernels: Kernels) -> None:
    """Their numbers lead to others, which may be wider."""
    kernels["taps"].reverse()


def swap_states(kernels: Kernels) -> None:
    kernels["states"] = dict(list(kernels["states"].items())[1:])


CHANGES: dict[str, tuple[str, Callable[[Kernels], None]]] = {
    "narrow output": ("outputs", put("outputs", 0, "values_per_step", value=1)),
    "wide output": ("outputs", put("outputs", 0, "values_per_step", value=1 << 20)),
    "negative output": ("outputs", put("outputs", 0, "values_per_step", value=-5)),
    "output once": ("outputs", put("outputs", 0, "sequence", value=False)),
    "no output": ("outputs", put("outputs", value=[])),
    "outputs twice": ("outputs", again("outputs", 2)),
    "outputs for ever": ("outputs", again("outputs", 100_000)),
    "signal": ("outputs", put("outputs", 0, "name", value="y; } int x = {")),
    "range": ("outputs", put("outputs", 0, "low", value=0)),
    "narrow input": ("inputs", put("inputs", 0, "values_per_step", value=1)),
    "input once": ("inputs", put("inputs", 0, "sequence", value=False)),
    "no input": ("inputs", put("inputs", value=[])),
    "input of nothing": ("inputs", put("inputs", 0, "tensor", value="nope")),
    "no lanes": ("inputs", put("inputs", 0, "lanes", value=0)),
    "very many lanes": ("inputs", put("inputs", 0, "lanes", value=1 << 20)),
    "negative lanes": ("inputs", put("inputs", 0, "lane_bits", value=-1)),
    "no words": ("inputs", put("inputs", 0, "words_per_step", value=0)),
    "narrow taps": ("taps", narrow_taps),
    "turned taps": ("taps", turn_taps),
    "wide tap": ("taps", put("taps", 0, "width", value=1 << 20)),
    "tap of a fraction": ("taps", put("taps", 0, "width", value=2.0)),
    "tap backwards": ("taps", put("taps", 0, "reverse", value=True)),
    "no taps": ("taps", put("taps", value=[])),
    "taps for ever": ("taps", again("taps", 50)),
    "state of nothing": ("states", swap_states),
    "state without a scale": ("states", put("states", "lstm.layers.0.0/h", "scales", value=[])),
    "another zero": ("states", put("states", "lstm.layers.0.0/h", "zero_point", value=5)),
    "no rtl taps": ("rtl taps", put("rtl", "taps", value=[])),
    "narrow layer": ("rtl taps", put("rtl", "taps", 0, "hidden", value=1)),
    "wide state": ("rtl taps", put("rtl", "taps", 0, "h_bits", value=64)),
    "no units": ("rtl taps", put("rtl", "taps", 0, "units", value=0)),
    "many rows": ("rtl taps", put("rtl", "taps", 0, "rows", value=1 << 30)),
    "tap signal": ("rtl taps", put("rtl", "taps", 0, "port", value="k0_x); (")),
    "never": ("max_steps", put("max_steps", value=-1)),
    "no steps": ("steps", put("steps", value=0)),
}


@pytest.mark.parametrize("which", CHANGES)
def test_another_is_refused_before_anything_runs(which: str, copy: Path) -> None:
    part, change = CHANGES[which]
    # What no design could have is refused as the file is read, in the words of its place in it.
    words = rf"{KERNELS}: its {part} are not .*2_integer|{KERNELS}: it cannot be read .*\$\.{part}"
    kernels = json.loads((copy / KERNELS).read_text())
    change(kernels)
    (copy / KERNELS).write_text(json.dumps(kernels))
    seal(copy, KERNELS)
    build, x = gatewright.Build(copy), np.zeros((2, 3, 2), np.float32)
    for run in (
        lambda: build.simulate(x, raw=True),
        lambda: build.simulate(x, "rtl"),
        lambda: build.stream(),
        lambda: build.kernels,
    ):
        with pytest.raises(GatewrightError, match=words):
            run()


@pytest.mark.compiles
def test_of_an_open_build_too(copy: Path) -> None:
    """Also where it is the graph that changes."""
    build, x = gatewright.Build(copy), np.zeros((2, 3, 2), np.float32)
    build.simulate(x)
    kernels = json.loads((copy / KERNELS).read_text())
    narrow_taps(kernels)
    (copy / KERNELS).write_text(json.dumps(kernels))
    with (
        pytest.warns(gatewright.ChangedBuildWarning, match=KERNELS),
        pytest.raises(GatewrightError, match=r"GW-402.*its taps"),
    ):
        build.simulate(x)


@pytest.mark.compiles
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("WIDTH = 2;", "WIDTH = 64;", "s_axis_params has another WIDTH than 2"),
        ("HIDDEN = 2;", "HIDDEN = 64;", "has another HIDDEN than 2"),
    ],
)
def test_kernels_of_other_widths_do_not_compile(old: str, new: str, words: str, copy: Path) -> None:
    """As where hls/ is another model's: they would write beyond the arrays of the host."""
    path = copy / "hls/params.hpp"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    seal(copy, "hls/params.hpp")
    with pytest.raises(GatewrightError, match=rf"GW-502.*hls/ is not what .*{words}"):
        gatewright.Build(copy).simulate(np.zeros((2, 3, 2), np.float32))
