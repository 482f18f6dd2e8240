"""Real designs on the simulated board, through ``Device`` and ``gatewright run``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from simulated import CLOCKS_PER_BIT, SimulatedBoard, build_board

import gatewright
from gatewright.boards.shell import build_digest, shell_files
from gatewright.cli.commands import main
from gatewright.cli.models import load_model
from gatewright.device import Device
from gatewright.errors import GatewrightError
from gatewright.hls_templates.project.names import SOURCES

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

for package in ("serial", "brevitas", "sklearn"):
    pytest.importorskip(package, reason=f"needs {package}")

EXAMPLE = Path(__file__).parents[2] / "examples/digits"
IMAGES = 60


def board_of(build: gatewright.Build, folder: Path) -> SimulatedBoard:
    """The simulated board with a build on it."""
    shutil.copytree(build.path / "rtl", folder, dirs_exist_ok=True)
    shell = shell_files(build.kernels.inputs, build.kernels.outputs, build_digest(build.path))
    for name, text in shell.items():
        (folder / name).write_text(text)
    sources = [*(folder / SOURCES).read_text().split(), *shell]
    return SimulatedBoard(build_board(folder, sources, CLOCKS_PER_BIT), folder)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> gatewright.Build:
    source = load_model(str(EXAMPLE))
    folder = tmp_path_factory.mktemp("digits") / "build"
    return gatewright.compile(source.model, source.example_input, folder, multipliers=32)


@pytest.fixture(scope="module")
def images() -> Any:
    return np.asarray(load_model(str(EXAMPLE)).dataset("test")[0][:IMAGES])


@pytest.fixture(scope="module")
def board(
    digits: gatewright.Build, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimulatedBoard]:
    with board_of(digits, tmp_path_factory.mktemp("board")) as board:
        yield board


@pytest.fixture
def device(digits: gatewright.Build, board: SimulatedBoard) -> Iterator[Device]:
    with Device(digits, board.port) as device:
        yield device


def test_not_one_integer_differs(device: Device, digits: gatewright.Build, images: Any) -> None:
    got = device.simulate(images, raw=True)
    np.testing.assert_array_equal(got, digits.simulate(images, "integer", raw=True))


def test_the_floats_of_torch(device: Device, images: Any) -> None:
    import torch

    with torch.no_grad():
        expected = load_model(str(EXAMPLE)).model(torch.from_numpy(images)).numpy()
    np.testing.assert_array_equal(device(images), expected)


@pytest.mark.parametrize("ends", [(0, 3, 4, 8), (0, 1, 2, 3, 4, 5, 6, 7, 8), (0, 8)])
def test_a_sequence_in_pieces(
    ends: tuple[int, ...], device: Device, digits: gatewright.Build, images: Any
) -> None:
    """Each call answers as if the sequence ended there; the next sequence begins anew."""
    with device.stream() as stream:
        for image in images[:3, None]:
            for begin, end in pairwise(ends):
                got = stream(image[:, begin:end], raw=True)
                whole = digits.simulate(image[:, :end], "integer", raw=True)
                np.testing.assert_array_equal(got, whole)
            stream.reset()
    whole = digits.simulate(images[:5], "integer", raw=True)
    np.testing.assert_array_equal(device.simulate(images[:5], raw=True), whole)


def test_one_state_on_a_board(device: Device, images: Any) -> None:
    """What would take it from an open stream is refused; the state itself cannot be seen."""
    image = images[:1]
    expected = device.simulate(image)
    with device.stream() as stream:
        stream(image[:, :3])
        for other in (lambda: device.simulate(image), device.stream, device.reset):
            with pytest.raises(GatewrightError, match="Close that stream") as caught:
                other()
            assert caught.value.code == "GW-606"
        with pytest.raises(GatewrightError) as caught:
            _ = stream.states
        assert caught.value.code == "GW-606"
        np.testing.assert_array_equal(stream(image[:, 3:]), expected)
        with pytest.raises(GatewrightError) as caught:
            stream(images[:2])
        assert caught.value.code == "GW-601"
    device.reset()
    device.stream()  # which nobody holds
    np.testing.assert_array_equal(device.simulate(image), expected)


def test_keep_state_is_gone(device: Device, images: Any) -> None:
    for call in (device.simulate, device):
        with pytest.raises(GatewrightError, match=r"device\.stream\(\)") as caught:
            call(images[:1], keep_state=False)
        assert caught.value.code == "GW-606"


def test_a_board_that_is_reset_in_a_stream(
    device: Device, board: SimulatedBoard, images: Any
) -> None:
    """Never a state that is not the stream's."""
    image = images[:1]
    with device.stream() as stream:
        stream(image[:, :3])
        board.reset()
        with pytest.raises(GatewrightError) as caught:
            stream(image[:, 3:])
        assert caught.value.code == "GW-909"
        with pytest.raises(GatewrightError) as caught:
            stream(image[:, 3:])
        assert caught.value.code == "GW-606"
        stream.reset()
        got = stream(image)
    np.testing.assert_array_equal(got, device.simulate(image))


def test_an_input_that_does_not_fit(device: Device, images: Any) -> None:
    with pytest.raises(GatewrightError) as caught:
        device.simulate(images[:, :, :5])
    assert caught.value.code == "GW-601"


def test_a_board_of_another_build(board: SimulatedBoard, images: Any, tmp_path: Path) -> None:
    source = load_model(str(EXAMPLE))
    other = gatewright.compile(source.model, source.example_input, tmp_path / "b", multipliers=8)
    with pytest.raises(GatewrightError) as caught:
        Device(other, board.port)
    assert caught.value.code == "GW-906"


def test_the_command_line(
    board: SimulatedBoard, digits: gatewright.Build, images: Any, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", images[:4])
    run = ["run", str(digits.path), str(tmp_path / "x.npy"), "--port", board.port]
    done = CliRunner().invoke(main, [*run, "--raw", "-o", str(tmp_path / "y.npy"), "--json"])
    assert done.exit_code == 0, done.output
    expected = digits.simulate(images[:4], "integer", raw=True)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    assert json.loads(done.stdout)["y"] == expected.tolist()
    shown = CliRunner().invoke(main, run)
    assert shown.exit_code == 0
    assert "[[" in shown.stdout
    np.save(tmp_path / "x.npy", images[:1])
    done = CliRunner().invoke(main, [*run, "--raw", "--stream", "3", "--json"])
    assert done.exit_code == 0, done.output
    ends = [digits.simulate(images[:1, :end], "integer", raw=True)[0] for end in (3, 6, 8)]
    assert json.loads(done.stdout)["y"] == np.stack(ends).tolist()


def test_states_in_and_out(tmp_path: Path) -> None:
    """Both directions, initial and final states: several ports on either side."""
    import brevitas.nn as qnn
    import torch

    torch.manual_seed(3)
    model = qnn.QuantLSTM(3, 4, bidirectional=True, batch_first=True).train()
    rng = np.random.default_rng(3)
    x, h, c = (
        torch.from_numpy(rng.normal(0, 1, shape).astype(np.float32))
        for shape in ((6, 5, 3), (2, 6, 4), (2, 6, 4))
    )
    for _ in range(3):
        model(x, h, c)
    build = gatewright.compile(
        model.eval(), (x[:1], h[:, :1], c[:, :1]), tmp_path / "b", max_steps=7
    )
    assert len(build.kernels.inputs) > 1 and len(build.kernels.outputs) > 1
    arguments = (x.numpy(), h.numpy(), c.numpy())
    with board_of(build, tmp_path / "board") as board, Device(build, board.port) as device:
        got = device.simulate(arguments, raw=True)
        expected = build.simulate(arguments, "integer", raw=True)
        for mine, theirs in zip(got, expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        with pytest.raises(GatewrightError) as caught:
            device.stream()
        assert caught.value.code == "GW-607"
        with pytest.raises(GatewrightError) as caught:
            device.simulate((np.zeros((1, 8, 3), np.float32), *(a[:, :1] for a in arguments[1:])))
        assert caught.value.code == "GW-601"
