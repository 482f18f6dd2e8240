"""Whatever stands where a file of a build is read back: a coded error, soon, and no traceback."""

from __future__ import annotations

import copy as copies
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from changes import MANIFEST, manifest_of, seal, write
from click.testing import CliRunner
from commit_choice import crossed, drawn

import gatewright
from gatewright.cli.commands import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::gatewright.ChangedBuildWarning"),
]

SEEDS = 7


COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "check": lambda b: ["check", str(b)],
    "report": lambda b: ["report", str(b)],
    "traced": lambda b: ["simulate", str(b), str(b.parent / "x.npy"), "--level", "traced"],
    "integer": lambda b: ["simulate", str(b), str(b.parent / "x.npy"), "--level", "integer"],
    "states": lambda b: [*COMMANDS["integer"](b), "--states"],
    "stream": lambda b: [*COMMANDS["integer"](b), "--stream", "1"],
    "standard": lambda b: ["simulate", str(b), str(b.parent / "x.npy"), "--level", "standard"],
    "verify": lambda b: ["verify", str(b), "--levels", "traced,integer"],
    "synth": lambda b: ["synth", str(b), "--board", "icebreaker", "--multipliers", "1"],
    "run": lambda b: ["run", str(b), str(b.parent / "x.npy"), "--port", "/dev/none"],
}
SYNTH = "synth/icebreaker/synth.json"
READ_BY = {
    MANIFEST: ("check", "report", "integer", "run", "synth", "verify"),
    "1_traced.onnx": ("check", "traced", "verify"),
    "2_integer.onnx": ("check", "integer", "stream", "run", "synth", "verify"),
    "2_standard.onnx": ("check", "standard"),
    "3_kernels.json": ("check", "report", "states", "run", "verify"),
    "certificate.json": ("check", "report"),
    "verify.json": ("report",),
    SYNTH: ("report",),
    "calibration.json": ("check",),
}
"""Each file that is read back, and commands that read it."""


def _folder(path: Path) -> None:
    path.mkdir()


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _outside(path: Path) -> None:
    path.symlink_to("/etc/passwd")


THINGS: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "junk": lambda path: path.write_bytes(b"[1,2\xff"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "deep object": lambda path: path.write_text('{"levels":' * 100_000),
    "folder": _folder,
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link that leads away": _outside,
    "link to itself": lambda path: path.symlink_to(path.name),
    "sparse terabyte": _sparse,
    "null": lambda path: path.write_text("null"),
    "list": lambda path: path.write_text("[]"),
    "object": lambda path: path.write_text("{}"),
    "number": lambda path: path.write_text("9" * 10_000),
}


@pytest.fixture
def build(copy: Path) -> Path:
    np.save(copy.parent / "x.npy", np.zeros((1, 3, 2), np.float32))
    return copy


def coded(build: Path, command: str, *codes: str) -> None:
    """A command ends in a coded error."""
    done = CliRunner().invoke(main, [*COMMANDS[command](build), "--json"])
    assert "Traceback" not in done.output, done.output
    assert done.exit_code == 2, done.output
    error = json.loads(done.stdout)["error"]
    assert error["code"] in codes, error
    assert error["where"] and error["remedy"]


@pytest.mark.parametrize(("name", "thing"), drawn(crossed(READ_BY, [*THINGS]), 3, "rotating"))
def test_what_is_there_instead(name: str, thing: str, build: Path) -> None:
    path = build / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    THINGS[thing](path)
    if thing == "nothing" and name in ("verify.json", SYNTH):
        return  # they need not be there
    for command in READ_BY[name]:
        coded(build, command, "GW-402", *(["GW-406"] if command == "check" else []))


NAMES = ["", "/etc/passwd", "../x", "hls/../../x", "hls//top.cpp", "./x", "a\0b", "\ud800", "a\\b"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_away(name: str, build: Path) -> None:
    manifest = manifest_of(build)
    manifest["files"][name] = "0"
    write(build, manifest)
    coded(build, "report", "GW-402")
    coded(build, "check", "GW-402", "GW-406")


@pytest.mark.parametrize("name", ["certificate.json", "verify.json"])
def test_the_right_file_behind_a_link_that_leads_away(name: str, build: Path) -> None:
    (build / "verify.json").write_text(json.dumps(VERIFIED))
    (build / name).rename(build.with_name("elsewhere"))
    (build / name).symlink_to(build.with_name("elsewhere"))
    coded(build, "report", "GW-402")


def test_a_link_that_is_put_there_later(build: Path) -> None:
    opened = gatewright.Build(build)
    opened.verify(levels=("traced", "integer"))
    (build / "certificate.json").unlink()
    (build / "certificate.json").symlink_to("/etc/passwd")
    with pytest.raises(gatewright.GatewrightError, match=r"GW-402.*leads out"):
        _ = opened.certificate


def test_a_manifest_that_lists_too_little(build: Path) -> None:
    manifest = manifest_of(build)
    del manifest["files"]["2_integer.onnx"]
    write(build, manifest)
    coded(build, "integer", "GW-402")


VALUES = (
    None,
    "x",
    -1,
    0,
    1 << 70,
    1.5,
    1e308,
    [],
    {},
    [None],
    {"a": 1},
    True,
    "\ud800",
    "0x1p9999",
)
VERIFIED = {
    "sequences": 3,
    "mismatches": 1,
    "accuracy": {"torch": 0.5, "traced": 0.5},
    "levels": [
        {
            "reference": "torch",
            "level": "traced",
            "compared": {"h": 1, "c": 1, "gates": 1, "output": 1},
            "differing": {"h": 1, "c": 0, "gates": 0, "output": 0},
            "boundary_cases": 0,
            "mismatches": 1,
            "divergence": {
                **{"layer": "l", "direction": "", "sequence": 0, "step": 0, "gate": ""},
                **{"tap": "l/h", "unit": 0, "expected": 1, "got": 2},
            },
            "waveform": None,
        }
    ],
}
SYNTHESIZED = {
    **{"board": "b", "title": "B", "device": "d", "bitstream": "x.bit", "load": "l", "note": ""},
    **{"multipliers": 4, "steps": 3, "cycles": 5, "seed": 1, "plan": "0"},
    **{"clock_mhz": 12.0, "microseconds": 1.0, "inferences_per_second": 9.0},
    "usage": {"lut": {"used": 1, "available": 2}},
    "attempts": [{"multipliers": 4, "fits": True, "usage": {"lut": {"used": 1, "available": 2}}}],
    "timing": {
        **{"fmax_mhz": 13.0, "routing_ns": 1.0, "hold_violations": 0},
        "path": [{"name": "a", "ns": 2.0}],
    },
}


def spoilt(draw: random.Random, data: Any) -> Any:
    """One value in it is another, at any depth."""
    if isinstance(data, dict | list) and data and draw.random() < 0.85:
        data = copies.copy(data)
        key = draw.choice(list(data)) if isinstance(data, dict) else draw.randrange(len(data))
        data[key] = spoilt(draw, data[key])
        return data
    return draw.choice(VALUES)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("name", ["3_kernels.json", "certificate.json", "verify.json", SYNTH])
def test_other_values_inside(name: str, seed: int, build: Path) -> None:
    """Sealed, so that no digest tells; it is a coded error, or it is shown as it is."""
    draw = random.Random(f"{name}-{seed}")
    told = {"verify.json": VERIFIED, SYNTH: SYNTHESIZED}
    path = build / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = told.get(name) or json.loads(path.read_text())
    spoils = spoilt(draw, data)
    path.write_text(json.dumps(spoils))
    if name not in told:
        seal(build, name)
    for command in READ_BY[name]:
        done = CliRunner().invoke(main, COMMANDS[command](build))
        assert "Traceback" not in done.output, (spoils, done.output)
        assert done.exit_code in (0, 1, 2)
        assert done.exit_code == 2 or command != "check"


def test_what_is_shown_is_right_before_it_is_spoilt(build: Path) -> None:
    (build / "verify.json").write_text(json.dumps(VERIFIED))
    (build / SYNTH).parent.mkdir(parents=True)
    (build / SYNTH).write_text(json.dumps(SYNTHESIZED))
    done = CliRunner().invoke(main, COMMANDS["report"](build))
    assert done.exit_code == 0, done.output


NONSENSE = {
    "count": ("verify.json", VERIFIED, "sequences", True),
    "fraction": ("verify.json", VERIFIED, "mismatches", 0.5),
    "accuracy": ("verify.json", VERIFIED, "accuracy", {}.fromkeys(["torch", "traced"], 1e300)),
    "title": (SYNTH, SYNTHESIZED, "title", ["B"]),
    "device": (SYNTH, SYNTHESIZED, "device", None),
    "speed": (SYNTH, SYNTHESIZED, "inferences_per_second", True),
}
"""What a page would show without a word."""


@pytest.mark.parametrize("which", NONSENSE)
def test_values_that_mean_nothing(which: str, build: Path) -> None:
    name, data, key, value = NONSENSE[which]
    (build / name).parent.mkdir(parents=True, exist_ok=True)
    (build / name).write_text(json.dumps({**data, key: value}))
    coded(build, "report", "GW-402")


def test_what_digests_hide_is_blamed(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something fails late, and the digests fit."""

    def fails(*_: Any) -> None:
        raise KeyError("lstm/z")

    # Not where check runs it too, for golden vectors.
    monkeypatch.setattr("gatewright.levels.integer.interpreter", SimpleNamespace(run=fails))
    x = np.zeros((1, 3, 2), np.float32)
    with pytest.raises(KeyError):
        gatewright.Build(build).simulate(x, "integer")
    with (build / "3_kernels.json").open("a") as file:
        file.write("\n")
    seal(build, "3_kernels.json")
    with pytest.raises(gatewright.GatewrightError, match=r"GW-402.*not what compile emits"):
        gatewright.Build(build).simulate(x, "integer")
