"""Threads, damaged files, a pynq that fails, and options that are none: told, and never guessed."""

from __future__ import annotations

import copy
import json
import struct
import sys
import threading
import types
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from modelled import compile_board
from modelled_board import ModelledBoard
from shared_model import Shared

from gatewright.hls_templates.pynq.driver.known import read_facts
from gatewright.pynq import Overlay, OverlayError

PATIENT = 60.0
ADDRESSES: dict[str, Any] = {
    "ip": {"base": 0x43C00000, "bytes": 4096},
    "dma": [{"base": 0x40400000, "bytes": 65536}],
    "clock_mhz": 50.0,
}


def refused(code: str, call: Callable[[], Any]) -> OverlayError:
    with pytest.raises(OverlayError) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.cause.endswith(".") and caught.value.remedy
    return caught.value


@pytest.fixture(scope="module")
def library(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    facts = json.loads((shared.build.path / "ip/gatewright.json").read_text())
    folder = tmp_path_factory.mktemp("attacked") / "board"
    return compile_board(shared.build.path, facts, folder, "gatewright")


@pytest.fixture
def board(library: Path) -> Iterator[ModelledBoard]:
    board = ModelledBoard(str(library), 1)
    yield board
    assert not board.trouble
    board.close()


def bitfile(shared: Shared) -> Path:
    return shared.build.path / "ip/gatewright.bit"


@pytest.mark.compiles
@pytest.mark.slow
@pytest.mark.parametrize("other", ["simulate", "reset", "counters", "stream"])
def test_another_thread_waits(
    other: str, shared: Shared, board: ModelledBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay = Overlay(bitfile(shared), PATIENT, board=board)
    x, wanted = shared.x[:3], shared.build.simulate(shared.x[:3], "integer", raw=True)
    calls: dict[str, Callable[[], Any]] = {
        "simulate": lambda: overlay.simulate(x, raw=True),
        "reset": overlay.reset,
        "counters": overlay.counters,
        "stream": lambda: overlay.stream().close(),
    }
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(calls[other]()))
    allocate, waited = board.allocate, []

    def in_the_middle(size: int) -> Any:
        if not waited:
            waited.append(True)
            thread.start()
            thread.join(0.5)
            waited[0] = thread.is_alive()
        return allocate(size)

    monkeypatch.setattr(board, "allocate", in_the_middle)
    np.testing.assert_array_equal(overlay.simulate(x, raw=True), wanted)
    thread.join(PATIENT)
    assert waited == [True] and len(answers) == 1
    if other == "simulate":
        np.testing.assert_array_equal(answers[0], wanted)


@pytest.mark.compiles
@pytest.mark.slow
def test_pieces_of_two_threads_are_of_one_sequence(shared: Shared, board: ModelledBoard) -> None:
    overlay = Overlay(bitfile(shared), PATIENT, board=board)
    step = np.tile(shared.x[:1, :1], (1, 6, 1))
    whole = shared.build.simulate(step, "integer", raw=True)
    with overlay.stream() as stream:
        answers: list[Any] = []

        def three() -> None:
            answers.extend(stream(step[:, :1], raw=True) for _ in range(3))

        threads = [threading.Thread(target=three) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENT)
        assert len(answers) == 6
        assert any(np.array_equal(answer, whole) for answer in answers)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0, -1.0, "2", [2]])
@pytest.mark.parametrize("name", ["timeout", "clock"])
def test_a_time_that_is_none(name: str, value: Any, shared: Shared) -> None:
    options = {name: value}
    refused("GW-606", lambda: Overlay(bitfile(shared), board=object(), **options))
    if name == "timeout":
        refused("GW-606", lambda: Overlay(bitfile(shared), None, board=object()))  # type: ignore[arg-type]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = enumerate(value) if isinstance(value, list) else ()
    for key, below in value.items() if isinstance(value, dict) else items:
        yield from places(below, (*path, key))


def changed(facts: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    found = holder = copy.deepcopy(facts)
    for key in path[:-1]:
        holder = holder[key]
    if value is KeyError:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return found


def test_a_damaged_file_is_told(shared: Shared, tmp_path: Path) -> None:
    """Each of its values in turn is taken away or another."""
    facts = json.loads((shared.build.path / "ip/gatewright.json").read_text())
    path, count = tmp_path / "gatewright.json", 0
    path.write_text(json.dumps({**facts, "addresses": ADDRESSES}))
    assert read_facts(str(path))["addresses"] == ADDRESSES
    fixed = {key: value for key, value in facts.items() if key != "addresses"}
    for place in places(fixed):
        for value in (KeyError, None, "x", 0, -1, [], True):
            damaged = changed(facts, place, value)
            if damaged == facts and json.dumps(damaged) == json.dumps(facts):
                continue
            path.write_text(json.dumps(damaged))
            refused("GW-911", lambda: read_facts(str(path)))
            count += 1
    assert count > 500


@pytest.mark.parametrize("text", ["", "[]", "null", '{"schema":1}', '{"schema":true}', "[" * 99999])
def test_what_is_no_such_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "gatewright.json"
    path.write_text(text)
    refused("GW-911", lambda: read_facts(str(path)))


BAD: list[tuple[tuple[Any, ...], tuple[Any, ...]]] = [
    (("ip",), (KeyError, None, 1, [], {})),
    (("ip", "base"), (KeyError, None, "0", -4, 2, 1.0, True)),
    (("ip", "bytes"), (KeyError, None, 0, 95, 1 << 32, 4096.0)),
    (("dma",), (KeyError, None, {}, [], [1], ADDRESSES["dma"] * 2)),
    (("dma", 0, "base"), (KeyError, None, "x")),
    (("dma", 0, "bytes"), (KeyError, 8)),
    (("clock_mhz",), (KeyError, None, 0, -1, "100", float("nan"), float("inf"))),
]


@pytest.mark.parametrize(("place", "values"), BAD)
def test_damaged_addresses(
    place: tuple[Any, ...], values: tuple[Any, ...], shared: Shared, tmp_path: Path
) -> None:
    facts = json.loads((shared.build.path / "ip/gatewright.json").read_text())
    path = tmp_path / "gatewright.json"
    for value in values:
        path.write_text(json.dumps({**facts, "addresses": changed(ADDRESSES, place, value)}))
        assert "addresses" in refused("GW-911", lambda: read_facts(str(path))).cause


FAILURES = [struct.error("unpack"), IndexError("cut"), ET.ParseError("no element"), OSError("XRT")]


def with_addresses(shared: Shared, folder: Path) -> Path:
    facts = json.loads((shared.build.path / "ip/gatewright.json").read_text())
    path = folder / "gatewright.bit"
    path.with_suffix(".json").write_text(json.dumps({**facts, "addresses": ADDRESSES}))
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize("error", [*FAILURES, AttributeError("x"), ValueError("x")], ids=repr)
def test_a_pynq_that_cannot_load_it(
    error: Exception, shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str) -> None:
        raise error

    stand_in = types.ModuleType("pynq")
    stand_in.Overlay = load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pynq", stand_in)
    path = with_addresses(shared, tmp_path)
    assert type(error).__name__ in refused("GW-911", lambda: Overlay(path)).cause


def test_a_pynq_that_cannot_be_imported(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pynq.py").write_text("raise OSError('libxrt_core.so.2')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pynq", raising=False)
    path = with_addresses(shared, tmp_path)
    assert "libxrt" in refused("GW-911", lambda: Overlay(path)).cause
