"""What is made beside a folder takes its place when it is whole, and never otherwise."""

import os
from pathlib import Path

import pytest

from gatewright.builds.folder import trying
from gatewright.errors import GatewrightError
from gatewright.files.beside import LOCK, Beside


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "board"
    with trying(made) as tried:
        (tried / "bitstream").write_text("good")
    return made


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def make(folder, text):
    with trying(folder) as tried:
        (tried / "bitstream").write_text(text)


def test_it_takes_the_place(folder):
    make(folder, "better")
    assert content(folder) == {"bitstream": "better"}
    assert not folder.with_name("board.tried").exists()
    assert not Beside(folder).folder.exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_stays_beside_it(folder, error):
    with pytest.raises(error), trying(folder) as tried:
        (tried / "log").write_text("why")
        raise error
    assert content(folder) == {"bitstream": "good"}
    assert content(folder.with_name("board.tried")) == {"log": "why"}


def test_two_at_once(folder):
    with trying(folder) as tried:
        (tried / "bitstream").write_text("first")
        with pytest.raises(GatewrightError, match="another process") as caught, trying(folder):
            pytest.fail("both are at it")
        assert caught.value.code == "GW-404"
    assert content(folder) == {"bitstream": "first"}


def test_an_interrupt_between_the_renames(folder, monkeypatch):
    rename = Path.rename

    def interrupted(self, target):
        if self.name == "board.tried":
            raise KeyboardInterrupt
        return rename(self, target)

    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patched:
        patched.setattr(Path, "rename", interrupted)
        make(folder, "better")
    assert content(folder) == {"bitstream": "good"}


def test_killed_between_the_renames(folder):
    hidden = Beside(folder)
    hidden.folder.mkdir()
    (hidden.folder / LOCK).touch()
    folder.rename(hidden.previous)
    with pytest.raises(ValueError), trying(folder):
        raise ValueError
    assert content(folder) == {"bitstream": "good"}
    assert not hidden.folder.exists()


def test_a_link_stays_a_link(folder, tmp_path):
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(folder)
    make(link, "better")
    assert link.is_symlink() and content(folder) == {"bitstream": "better"}
    assert os.listdir(link.parent) == ["link"]


def test_a_file_is_in_the_way(tmp_path):
    (tmp_path / "board").write_text("a file")
    with pytest.raises(GatewrightError, match="GW-404"), trying(tmp_path / "board"):
        pytest.fail("it is a file")
    assert (tmp_path / "board").read_text() == "a file"
