"""How integers become bytes of a frame, and what a host sees of a port that does not work."""

from __future__ import annotations

import json
import os
import sys
import zlib
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from designs import DIGEST, INPUTS, OUTPUTS
from msgspec.structs import replace
from shared_model import Shared

from gatewright.boards.shell import build_digest, frames, shell_files
from gatewright.boards.shell.pace import longest
from gatewright.boards.shell.ports import input_ports, output_ports
from gatewright.cli.commands import main
from gatewright.device import Device
from gatewright.errors import GatewrightError
from gatewright.hls_templates.records import StepsRecord

needs_serial = pytest.mark.skipif("not __import__('importlib.util').util.find_spec('serial')")


def test_lanes_and_folds() -> None:
    """Two words of two lanes a step: the last lane is padding."""
    x = input_ports(INPUTS)[1]
    assert x.name == "s_axis"
    assert x.pack(np.array([[1, -2, 3], [-128, 127, 0]])).hex() == "01fe030080" + "7f0000"
    total = output_ports(OUTPUTS)[1]
    assert total.unpack(bytes.fromhex("ffff0080ff7f")).tolist() == [[-1], [-32768], [32767]]


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("values", [1, 7, 16])
def test_packing_is_undone_by_unpacking(bits: int, signed: bool, values: int) -> None:
    low = -(1 << (bits - 1)) if signed else 0
    words = -(-values // 4)
    record = replace(INPUTS[0], lane_bits=bits, low=low, lanes=4)
    (port,) = output_ports([replace(record, values_per_step=values, words_per_step=words)])
    beats = np.random.default_rng(bits).integers(low, low + (1 << bits), (50, values))
    beats[0], beats[1] = low, low + (1 << bits) - 1
    data = port.pack(beats)
    assert len(data) == port.words(50) * port.word_bytes
    np.testing.assert_array_equal(port.unpack(data), beats)


def test_initial_states_come_before_the_sequence() -> None:
    assert [port.name for port in input_ports(INPUTS)] == ["s_axis_1_start", "s_axis"]


def test_a_frame_byte_for_byte() -> None:
    """As docs/device.md writes it down; the check sum by hand of the public CRC-32."""
    body = frames.message(0x11, frames.Command.RUN, frames.record(0, 2, b"\x7e\x00\x01\x02"))
    assert body[:-4].hex() == "1101" + "8001" + "7e000102" + "ff"
    assert int.from_bytes(body[-4:], "little") ^ 0xFFFFFFFF == zlib.crc32(body[:-4])
    assert frames.escaped(b"\x7e\x7d\x7c").hex() == "7d5e7d5d7c"


def answered(credits: int, words: int) -> bytes:
    """A whole answer without its flag: a port with words of two bytes."""
    body = b"\x11" + bytes([frames.CREDIT]) * credits + b"\x80ab" * words + bytes([frames.END, 0])
    return body + frames.check_sum(body)


def test_an_answer_is_as_long_as_it_can_be_and_no_longer() -> None:
    (port,) = output_ports([replace(INPUTS[0], lanes=2, words_per_step=1)])
    reader = frames.Reader([port.word_bytes])
    reader.longest = longest(asked=600, outputs=[port], steps=20)
    whole = answered(credits=5, words=20)
    assert len(whole) == reader.longest
    (answer,) = reader.feed(b"\x7e" + frames.escaped(whole))
    assert answer.intact and answer.credits == 5 and len(answer.words[0]) == 40
    (answer,) = reader.feed(b"\x7e" + frames.escaped(answered(credits=5, words=21)))
    assert answer.complete and not answer.intact
    for endless in (b"\xfe" * 10_000, b"\0ab" * 10_000, b"\xfd" * 10_000):
        assert len(reader.feed(b"\x7e\x11" + endless)) == 1
        assert reader.answer.length == reader.longest + 1
        assert len(reader.answer.words[0]) <= reader.longest


def test_a_piece_that_goes_on_has_words_of_its_own() -> None:
    """Of windows of three steps the first piece gives two less than it has."""
    (port,) = output_ports([replace(INPUTS[0], windows=StepsRecord(-2, 1))])
    assert [port.words(5), port.words(5, goes_on=True), port.most_words(5)] == [6, 10, 10]
    (padded,) = output_ports([replace(INPUTS[0], windows=StepsRecord(3, 2))])
    assert [padded.words(5), padded.words(4, goes_on=True), padded.most_words(4)] == [8, 4, 6]
    sizes = [longest(9, [port], 5) - longest(9, [port], 4)]
    assert sizes == [port.record.words_per_step * (1 + port.word_bytes)]


def test_long_sequences_are_several_records() -> None:
    data = bytes(range(250)) * 3
    records = frames.record(5, 1, data)
    assert records[:2].hex() == "05ff"
    assert records[258:260].hex() == "05ff"
    assert records[516:518].hex() == "85ed"
    assert records[2:258] + records[260:516] + records[518:] == data


def test_the_same_kernels_give_the_same_shell(shared: Shared) -> None:
    kernels = shared.build.kernels
    first, second = (shell_files(kernels.inputs, kernels.outputs, DIGEST) for _ in range(2))
    assert first == second
    other = shell_files(kernels.inputs, kernels.outputs, bytes(8))
    assert first["gatewright_board.sv"] != other["gatewright_board.sv"]


def test_another_build_has_another_digest(shared: Shared, shared_thresholds: Shared) -> None:
    assert build_digest(shared.build.path) == build_digest(shared.build.path)
    assert build_digest(shared.build.path) != build_digest(shared_thresholds.build.path)


def opened(build: Any, port: str, code: str, **options: Any) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        Device(build, port, **options)
    assert caught.value.code == code, caught.value
    assert caught.value.where == port
    return caught.value


def test_no_pyserial(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    error = opened(shared.build, "/dev/ttyUSB7", "GW-901")
    assert "pip install pyserial" in error.remedy


@needs_serial
def test_no_such_port(shared: Shared, tmp_path: Path) -> None:
    opened(shared.build, str(tmp_path / "ttyUSB7"), "GW-902")


@needs_serial
def test_what_is_no_serial_port(shared: Shared, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    opened(shared.build, str(tmp_path / "file"), "GW-903")


@needs_serial
@pytest.mark.parametrize(
    "options",
    [{"timeout": float("inf")}, {"timeout": float("nan")}, {"timeout": 0}, {"baud": 0}],
    ids=str,
)
def test_a_line_that_there_is_not(shared: Shared, options: dict[str, Any]) -> None:
    with pytest.raises(GatewrightError, match="GW-405") as caught:
        Device(shared.build, "/dev/ttyUSB0", **options)
    assert caught.value.where == next(iter(options))


@needs_serial
def test_no_permission(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    error = opened(shared.build, "/dev/ttyUSB0", "GW-903")
    assert "Permission denied" in error.cause
    assert "dialout" in error.remedy


@needs_serial
def test_a_port_that_is_in_use(shared: Shared) -> None:
    import serial

    master, slave = os.openpty()
    try:
        with serial.Serial(os.ttyname(slave), exclusive=True):
            opened(shared.build, os.ttyname(slave), "GW-903")
    finally:
        os.close(master)
        os.close(slave)


@needs_serial
def test_nobody_behind_the_port(shared: Shared, tmp_path: Path) -> None:
    master, slave = os.openpty()
    try:
        opened(shared.build, os.ttyname(slave), "GW-904", timeout=0.1)
        np.save(tmp_path / "x.npy", shared.x)
        arguments = [str(shared.build.path), str(tmp_path / "x.npy"), "--json", "--timeout", "0.1"]
        done = CliRunner().invoke(main, ["run", *arguments, "--port", os.ttyname(slave)])
        assert done.exit_code == 2
        assert json.loads(done.stdout)["error"]["code"] == "GW-904"
    finally:
        os.close(master)
        os.close(slave)


@needs_serial
def test_a_port_that_goes_away(shared: Shared) -> None:
    """As when the cable is pulled: the other end of the terminal is closed."""
    master, slave = os.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    Timer(0.3, os.close, [master]).start()
    opened(shared.build, name, "GW-903", timeout=5.0)
