"""``gatewright.pynq.Overlay`` over the whole IP in Verilator: integers, streams, and each error."""

from __future__ import annotations

import json
import struct
import sys
import time
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from modelled import compile_board
from modelled_board import ModelledBoard, Registers
from shared_model import Shared

from gatewright.boards.vivado.flow import project_files
from gatewright.builds.targets import find_board
from gatewright.hls_templates.pynq import driver_text
from gatewright.hls_templates.pynq.driver import overlay as driver
from gatewright.hls_templates.pynq.driver.known import seal
from gatewright.pynq import Overlay, OverlayError
from gatewright.synth import vendor_candidate

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

PATIENT = 60.0
LENGTH, RECEIVED = 0x28, 0x58
STATUS = 0x14


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """The shared model with streams of 16 bits: three beats a word."""
    pytest.importorskip("brevitas", reason="needs brevitas")
    return Shared(tmp_path_factory.mktemp("narrow"), bus_bits=16)


@pytest.fixture(scope="module")
def library(narrow: Shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    facts = facts_of(narrow)
    assert facts["inputs"][0]["beats_per_word"] == 3
    folder = tmp_path_factory.mktemp("board") / "board"
    return compile_board(narrow.build.path, facts, folder, "gatewright")


@pytest.fixture
def board(library: Path) -> Iterator[ModelledBoard]:
    board = ModelledBoard(str(library), 1)
    yield board
    assert not board.trouble
    board.close()


@pytest.fixture
def overlay(narrow: Shared, board: ModelledBoard) -> Overlay:
    return Overlay(narrow.build.path / "ip/gatewright.bit", PATIENT, board=board)


def facts_of(shared: Shared) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((shared.build.path / "ip/gatewright.json").read_text())
    return facts


def refused(code: str, call: Callable[[], Any]) -> OverlayError:
    with pytest.raises(OverlayError) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.where and caught.value.cause.endswith(".") and caught.value.remedy
    return caught.value


def test_not_one_integer_differs(overlay: Overlay, narrow: Shared, board: ModelledBoard) -> None:
    board.stall(100, seed=5)
    for raw in (True, False):
        got, wanted = overlay(narrow.x, raw), narrow.build.simulate(narrow.x, "integer", raw=raw)
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)


def test_threads_take_turns(
    overlay: Overlay, narrow: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = overlay._transfers.exchange
    inside, most = [0], [0]

    def watched(*args: Any) -> Any:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.05)  # in which the others come, if they can
        try:
            assert most[0] == 1, "two threads are at the DMAs"
            return exchange(*args)
        finally:
            inside[0] -= 1

    monkeypatch.setattr(overlay._transfers, "exchange", watched)
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(overlay.simulate, narrow.x[i : i + 1], True) for i in range(3)]
        got = np.concatenate([call.result() for call in calls])
    wanted = narrow.build.simulate(narrow.x[:3], "integer", raw=True)
    np.testing.assert_array_equal(got, wanted)


def test_buffers_that_hold_a_few_sequences(
    overlay: Overlay, narrow: Shared, monkeypatch: pytest.MonkeyPatch, board: ModelledBoard
) -> None:
    taken = []
    allocate = board.allocate
    monkeypatch.setattr(board, "allocate", lambda size: taken.append(size) or allocate(size))
    monkeypatch.setattr(driver, "BUFFER_BYTES", 400)
    wanted = narrow.build.simulate(narrow.x, "integer", raw=True)
    np.testing.assert_array_equal(overlay.simulate(narrow.x, raw=True), wanted)
    assert len(taken) > 8 and max(taken) <= 400
    assert len(board.live) == 1


@pytest.mark.parametrize("ends", [(0, 2, 3, 6), (0, 1, 2, 3, 4, 5, 6), (0, 6)])
def test_a_sequence_in_pieces(ends: tuple[int, ...], overlay: Overlay, narrow: Shared) -> None:
    with overlay.stream() as stream:
        for x in narrow.x[:3, None]:
            for begin, end in pairwise(ends):
                got = stream(x[:, begin:end], raw=True)
                whole = narrow.build.simulate(x[:, :end], "integer", raw=True)
                np.testing.assert_array_equal(got, whole)
            stream.reset()
    wanted = narrow.build.simulate(narrow.x[:4], "integer")
    np.testing.assert_array_equal(overlay.simulate(narrow.x[:4]), wanted)


def test_one_state_on_a_board(overlay: Overlay, narrow: Shared) -> None:
    x = narrow.x[:1]
    wanted = narrow.build.simulate(x, "integer")
    with overlay.stream() as stream:
        stream(x[:, :3])
        for other in (lambda: overlay.simulate(x), overlay.stream, overlay.reset, overlay.clear):
            refused("GW-606", other)
        refused("GW-606", lambda: stream.states)
        refused("GW-601", lambda: stream(narrow.x[:2]))
        refused("GW-601", lambda: stream(x[:, :0]))
        np.testing.assert_array_equal(stream(x[:, 3:]), wanted)
    refused("GW-606", lambda: stream(x))
    overlay.reset()
    overlay.stream()  # which nobody holds
    np.testing.assert_array_equal(overlay.simulate(x), wanted)


@pytest.mark.parametrize("disturb", ["reset", "clear"])
def test_a_state_that_is_lost(
    disturb: str, overlay: Overlay, narrow: Shared, board: ModelledBoard
) -> None:
    x = narrow.x[:1]
    with overlay.stream() as stream:
        stream(x[:, :3])
        getattr(board, disturb)()
        refused("GW-909", lambda: stream(x[:, 3:]))
        refused("GW-606", lambda: stream(x[:, 3:]))
        stream.reset()
        got = stream(x)
    np.testing.assert_array_equal(got, narrow.build.simulate(x, "integer"))


def test_a_state_that_another_program_took(
    overlay: Overlay, narrow: Shared, board: ModelledBoard
) -> None:
    """It leaves as many answers behind as there were."""
    x = narrow.x[:1]
    with overlay.stream() as stream:
        stream(x[:, :3])
        other = Overlay(narrow.build.path / "ip/gatewright.bit", PATIENT, board=board)
        other.simulate(x[:, :3])
        assert other.counters()["sequences_out"] == 1
        refused("GW-909", lambda: stream(x[:, 3:]))


class Holding(Registers):
    """An IP in which a part of a sequence is left."""

    def read(self, offset: int) -> int:
        return super().read(offset) | (offset == STATUS)


def test_a_design_that_holds_more(narrow: Shared, board: ModelledBoard) -> None:
    board.ip = Holding(board, None)
    overlay = Overlay(narrow.build.path / "ip/gatewright.bit", PATIENT, board=board)
    assert "holds more" in refused("GW-905", lambda: overlay.simulate(narrow.x[:3])).cause


@pytest.mark.parametrize(
    "odd",
    [
        np.zeros((2, 6, 4), np.float32),
        np.zeros((6, 5), np.float32),
        np.zeros((0, 6, 5), np.float32),
        np.zeros((2, 0, 5), np.float32),
        np.full((2, 6, 5), "a"),
        np.zeros((2, 6, 5), np.complex64),
        np.full((2, 6, 5), np.nan, np.float32),
        [[[1.0], [2.0, 3.0]]],
        (np.zeros((2, 6, 5), np.float32), np.zeros((2, 6, 5), np.float32)),
    ],
)
def test_an_input_that_does_not_fit(odd: Any, overlay: Overlay) -> None:
    assert "[B, T, 5]" in refused("GW-601", lambda: overlay.simulate(odd)).remedy


def test_a_sequence_that_no_dma_moves(overlay: Overlay, narrow: Shared) -> None:
    overlay.facts["dma_bytes"] = 6 * 6 - 1
    assert "DMA" in refused("GW-601", lambda: overlay.simulate(narrow.x)).cause
    overlay.facts["dma_bytes"] += 1
    overlay.simulate(narrow.x)


class Cutting(Registers):
    """A DMA whose transfers to the design end some bytes early."""

    cut = 0

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value - self.cut if offset == LENGTH else value)


class Short(Registers):
    """A DMA that says that it received a byte less."""

    def read(self, offset: int) -> int:
        return super().read(offset) - (offset == RECEIVED)


def test_an_answer_of_another_length(narrow: Shared, board: ModelledBoard) -> None:
    board.dmas = [Short(board, 0)]
    overlay = Overlay(narrow.build.path / "ip/gatewright.bit", PATIENT, board=board)
    assert "bytes" in refused("GW-905", lambda: overlay.simulate(narrow.x[:3])).cause


@pytest.mark.parametrize(("cut", "says"), [(2, "FRAMING"), (1, "KEEP_LANES")])
def test_a_sequence_that_comes_cut(
    cut: int, says: str, narrow: Shared, board: ModelledBoard
) -> None:
    board.dmas = [Cutting(board, 0)]
    overlay = Overlay(narrow.build.path / "ip/gatewright.bit", PATIENT, board=board)
    board.dmas[0].cut = cut  # type: ignore[attr-defined]
    assert says in refused("GW-910", lambda: overlay.simulate(narrow.x[:3])).cause
    board.dmas[0].cut = 0  # type: ignore[attr-defined]
    wanted = narrow.build.simulate(narrow.x, "integer")
    np.testing.assert_array_equal(overlay.simulate(narrow.x), wanted)


def another(narrow: Shared, folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A bitfile beside a NAME.json that is not the build's."""
    facts = facts_of(narrow)
    change(facts)
    facts["seal"] = seal(facts)
    (folder / "gatewright.json").write_text(json.dumps(facts))
    return folder / "gatewright.bit"


CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "digest": ("GW-906", lambda facts: facts.update(digest="0" * 64)),
    "word": ("GW-906", lambda facts: facts["inputs"][0].update(beats_per_word=2)),
    "answer": ("GW-906", lambda facts: facts["outputs"][0].update(lanes=2)),
    "magic": ("GW-907", lambda facts: facts["registers"]["MAGIC"].update(value=1)),
    "map": ("GW-907", lambda facts: facts["registers"]["MAP_VERSION"].update(value=2)),
    "schema": ("GW-911", lambda facts: facts.update(schema=2)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_build(name: str, narrow: Shared, board: ModelledBoard, tmp_path: Path) -> None:
    code, change = CHANGES[name]
    bitfile = another(narrow, tmp_path, change)
    refused(code, lambda: Overlay(bitfile, PATIENT, board=board))


def test_a_value_that_the_port_cannot_have(
    narrow: Shared, board: ModelledBoard, tmp_path: Path
) -> None:
    low = facts_of(narrow)["outputs"][0]["low"]
    bitfile = another(narrow, tmp_path, lambda facts: facts["outputs"][0].update(high=low))
    overlay = Overlay(bitfile, PATIENT, board=board)
    refused("GW-905", lambda: overlay.simulate(narrow.x))


def test_memory_that_there_is_not(
    overlay: Overlay, narrow: Shared, board: ModelledBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    allocate = board.allocate

    def far(size: int) -> Any:
        buffer = allocate(size)
        place = buffer.device_address
        buffer.device_address = 1 << 32
        buffer.flush = lambda: None
        buffer.freebuffer = lambda: board.free(place)
        return buffer

    monkeypatch.setattr(board, "allocate", far)
    assert "32 bits" in refused("GW-912", lambda: overlay.simulate(narrow.x)).cause


def test_a_design_that_stands_still(overlay: Overlay, narrow: Shared, board: ModelledBoard) -> None:
    """Whatever is asked of it, there is an end; and when it goes on, so does the driver."""
    overlay.timeout = 0.2
    board.ahead(0)
    board.hold(0, True, True)
    refused("GW-904", lambda: overlay.simulate(narrow.x))
    refused("GW-904", overlay.reset)
    board.hold(0, True, False)
    overlay.timeout = PATIENT
    wanted = narrow.build.simulate(narrow.x, "integer")
    np.testing.assert_array_equal(overlay.simulate(narrow.x), wanted)


class Pynq(types.ModuleType):
    """What the driver takes of pynq."""

    def __init__(self, board: ModelledBoard) -> None:
        super().__init__("pynq")
        self.board, self.loaded = board, ""

    def Overlay(self, bitfile: str) -> str:  # noqa: N802
        self.loaded = bitfile
        return bitfile

    def MMIO(self, address: int, length: int) -> Registers:  # noqa: N802
        assert length <= 0x10000
        return {0x43C00000: self.board.ip, 0x40400000: self.board.dmas[0]}[address]

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> Any:
        assert np.dtype(dtype) == np.uint8
        return self.board.allocate(*shape)


def test_on_a_board(
    narrow: Shared, board: ModelledBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pynq is, with what ``synth`` writes for the board."""
    target = find_board("pynq-z2")
    files = project_files(target, vendor_candidate(narrow.build, target, 64), 50.0)
    bitfile = tmp_path / "gatewright.bit"
    bitfile.with_suffix(".json").write_text(files["vivado/gatewright.json"])
    assert files["vivado/gatewright_pynq.py"] == driver_text()
    monkeypatch.setitem(sys.modules, "pynq", None)
    assert "no such file" in refused("GW-911", lambda: Overlay(bitfile)).cause
    bitfile.write_bytes(b"")
    assert "pynq" in refused("GW-911", lambda: Overlay(bitfile)).cause
    stand_in = Pynq(board)
    monkeypatch.setitem(sys.modules, "pynq", stand_in)
    monkeypatch.setattr(stand_in, "MMIO", lambda address, length: no_root())
    assert "Root" in refused("GW-911", lambda: Overlay(bitfile)).cause
    monkeypatch.delattr(stand_in, "MMIO")
    monkeypatch.setattr(stand_in, "Overlay", lambda bitfile: struct.unpack(">I", b"cut"))
    assert "4 bytes" in refused("GW-911", lambda: Overlay(bitfile)).cause
    monkeypatch.delattr(stand_in, "Overlay")
    with Overlay(str(bitfile), timeout=PATIENT) as overlay:
        assert stand_in.loaded == str(bitfile)
        assert overlay.clock == 50.0
        wanted = narrow.build.simulate(narrow.x, "integer")
        np.testing.assert_array_equal(overlay.simulate(narrow.x), wanted)
        monkeypatch.setattr(board, "allocate", lambda size: exhausted())
        refused("GW-912", lambda: overlay.simulate(narrow.x))
    another(narrow, tmp_path, lambda facts: None)
    assert "addresses" in refused("GW-911", lambda: Overlay(bitfile)).cause


def no_root() -> None:
    raise OSError("Root permissions required.")


def exhausted() -> None:
    raise MemoryError("no contiguous memory")


def test_how_long_it_may_take(overlay: Overlay, narrow: Shared) -> None:
    assert overlay.limit(6) > overlay.timeout
    assert overlay.limit(7) > overlay.limit(6)
    slow = overlay.limit(6) - overlay.timeout
    overlay.clock = 100.0
    assert overlay.limit(6) - overlay.timeout == pytest.approx(slow / 100)
    assert narrow.build.kernels.predicted_cycles <= overlay.facts["cycles"]
