"""The hidden folder beside what is written: whose it is, who may be at it, and what it leaves."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import sleep

import numpy as np
import pytest
from click.testing import CliRunner
from forked import forked, mount_small, needs, tree
from made import Made

import gatewright
from gatewright.builds import folder as folders
from gatewright.builds.folder import recover_all, replacing, trying, write_bytes
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.files.beside import LOCK, Beside, held

pytestmark = pytest.mark.slow

PACKAGE = Path(gatewright.__file__).parent


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "there"


def refused(code: str, cause: str, work: Callable[[], object]) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        work()
    assert caught.value.code == code, caught.value
    assert cause in caught.value.cause and caught.value.remedy
    return caught.value


def killed(target: Path, *, new: str = "half") -> Beside:
    """What a process leaves that is killed while it writes."""
    beside = Beside(target)
    beside.folder.mkdir()
    (beside.folder / LOCK).touch()
    beside.new.mkdir()
    (beside.new / new).write_text("half")
    return beside


def replace(target: Path) -> None:
    with replacing(target) as new:
        (new / "gatewright.json").write_text('{"files": {"a": "b"}}')


WRITERS: dict[str, Callable[[Path], object]] = {
    "replacing": replace,
    "trying": lambda target: trying(target).__enter__(),
    "write_bytes": lambda target: write_bytes(target, b"content"),
}


# Whose it is


def a_file(place: Path) -> None:
    place.write_text("mine")


def a_folder(place: Path) -> None:
    (place / "new").mkdir(parents=True)
    (place / "new" / "notes.txt").write_text("mine")


def a_folder_with_more(place: Path) -> None:
    place.mkdir()
    (place / LOCK).touch()
    (place / "notes.txt").write_text("mine")


def a_link(place: Path) -> None:
    elsewhere = place.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (elsewhere / "new").write_text("mine")
    place.symlink_to(elsewhere)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("make", [a_file, a_folder, a_folder_with_more, a_link])
def test_what_others_wrote_stays(make: Callable[[Path], None], writer: str, target: Path) -> None:
    hidden = Beside(target).folder
    make(hidden)
    before = tree(target.parent)
    error = refused("GW-404", "did not write", lambda: WRITERS[writer](target))
    assert error.where == str(hidden)
    assert tree(target.parent) == before and os.path.lexists(hidden)


def test_other_hidden_files_are_left_alone(target: Path) -> None:
    for name in (".there.lock", ".there.previous", ".there.1.partial", ".there.1.previous"):
        (target.parent / name).write_text("mine")
    before = tree(target.parent)
    replace(target)
    with trying(target.with_name("board")):
        pass
    assert tree(target.parent) == before | {"there/gatewright.json": b'{"files": {"a": "b"}}'}


def test_an_empty_one_is_taken(target: Path) -> None:
    """As one is between the two steps that begin it, or end it."""
    Beside(target).folder.mkdir()
    replace(target)
    assert os.listdir(target.parent) == ["there"]


@pytest.mark.parametrize("name", ["notes.txt", "hls/notes.txt"])
def test_what_comes_while_a_build_is_made_is_not_lost(name: str, target: Path) -> None:
    with replacing(target) as new:
        (new / "hls").mkdir()
        (new / "gatewright.json").write_text('{"files": {"hls/a": "b"}}')

    def meanwhile() -> None:
        with replacing(target):
            (target / name).write_text("mine")

    refused("GW-401", name, meanwhile)
    assert (target / name).read_text() == "mine"
    assert os.listdir(target.parent) == ["there"]


def test_a_page_that_was_killed_keeps_no_build_from_being_replaced(target: Path) -> None:
    replace(target)
    killed(target / "report.html")
    replace(target)
    (target / ".report.html.partial").mkdir()
    (target / ".report.html.partial" / "notes.txt").write_text("mine")
    refused("GW-401", ".report.html.partial", lambda: replace(target))


# Who is at it


@pytest.mark.parametrize("writer", ["replacing", "trying"])
def test_a_second_thread_is_refused(writer: str, target: Path) -> None:
    errors: list[GatewrightError] = []

    def second() -> None:
        errors.append(refused("GW-404", "another process", lambda: WRITERS[writer](target)))

    with held(target) as beside:
        beside.new.mkdir()
        thread = Thread(target=second)
        thread.start()
        thread.join()
        assert errors and beside.new.is_dir()


def test_a_second_process_is_refused(target: Path) -> None:
    with held(target):
        assert forked(lambda: replace(target)).outcome() == "GW-404"
    assert forked(lambda: replace(target)).outcome() == "whole"


def test_a_page_waits_for_another(target: Path) -> None:
    thread = Thread(target=lambda: write_bytes(target, b"second"))
    with held(target) as beside:
        thread.start()
        sleep(0.1)
        assert not target.exists()
        beside.new.write_bytes(b"first")
    thread.join()
    assert target.read_bytes() == b"second"


def test_a_page_that_waits_too_long(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "PATIENCE", 0.05)
    with held(target):
        refused("GW-404", "another process", lambda: write_bytes(target, b"second"))


def test_one_at_a_time(target: Path) -> None:
    """The folder of the lock comes and goes with every holder, and still there is but one."""
    target.write_text("0")

    def count() -> None:
        for _ in range(25):
            with held(target, wait=60):
                before = int(target.read_text())
                sleep(0.0005)
                target.write_text(str(before + 1))

    children = [forked(count) for _ in range(4)]
    assert [child.outcome() for child in children] == ["whole"] * 4
    assert target.read_text() == "100"
    assert os.listdir(target.parent) == ["there"]


def test_a_child_that_lives_on_keeps_nothing_locked(target: Path) -> None:
    with held(target):
        child = forked(lambda: sleep(600))
    replace(target)
    child.kill()
    assert child.outcome() == "killed"


# What it leaves


@pytest.mark.parametrize("writer", WRITERS)
def test_what_nobody_holds_is_cleared_away(writer: str, target: Path) -> None:
    beside = killed(target)
    WRITERS[writer](target)
    assert not beside.new.exists()


def test_no_process_is_told_by_its_number_and_nothing_by_its_age() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(call in path.read_text() for call in ("getpid", "getmtime"))
    }
    # Which has a folder for its own life, and leaves it where a child of it ends.
    assert found == {"tools/home.py"}


def test_what_cannot_be_put_back_is_kept(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(target)
    before, rename = tree(target), Path.rename

    def stuck(self: Path, to: Path) -> Path:
        if to == target:
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(self, to)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", stuck)
        refused("GW-404", "Permission denied", lambda: replace(target))
    assert not target.exists() and tree(Beside(target).previous) == before
    folders.recover(target)
    assert tree(target) == before and os.listdir(target.parent) == ["there"]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "room"), (errno.EDQUOT, "quota"), (errno.ENOLCK, "locks")],
)
@pytest.mark.parametrize("writer", WRITERS)
def test_the_remedy_is_that_of_the_cause(
    number: int, remedy: str, writer: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(lock: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", failing)
    error = refused("GW-404", os.strerror(number), lambda: WRITERS[writer](target))
    assert remedy in error.remedy


def test_a_disk_that_is_full(pair: tuple[Made, Made], tmp_path: Path) -> None:
    """However little there is: the old build stays, and is replaced once there is room."""
    old, new = pair
    needs(lambda: mount_small(tmp_path, 1 << 20), "mounts")
    whole, spare = sum(map(len, new.files.values())), tmp_path / "spare"

    def fill() -> None:
        mount_small(tmp_path, 32 * whole)
        gatewright.compile(old.model, output_dir=tmp_path / "build")
        for room in (0, 4096, whole // 2):
            free = os.statvfs(tmp_path)
            spare.write_bytes(bytes(max(free.f_bavail * free.f_bsize - room, 0)))
            error = refused(
                "GW-404",
                "No space left",
                lambda: gatewright.compile(new.model, output_dir=tmp_path / "build"),
            )
            assert "Make room" in error.remedy
            assert tree(tmp_path / "build") == old.files
            spare.unlink()
            assert os.listdir(tmp_path) == ["build"]
        gatewright.compile(new.model, output_dir=tmp_path / "build")
        assert tree(tmp_path / "build") == new.files

    assert forked(fill).outcome() == "whole"


# What was away when its process was killed


def orphan(build: Path) -> Beside:
    beside = killed(build)
    build.rename(beside.previous)
    return beside


def test_opening_a_build_puts_it_back(pair: tuple[Made, Made], tmp_path: Path) -> None:
    build, x = tmp_path / "build", np.zeros((1, 3, 2), np.float32)
    want = gatewright.compile(pair[0].model, output_dir=build).simulate(x, "integer")
    np.save(tmp_path / "x.npy", x)
    link = tmp_path / "link"
    link.symlink_to(build)
    orphan(build)
    assert np.array_equal(gatewright.Build(link).simulate(x, "integer"), want)
    assert tree(build) == pair[0].files
    simulate = ["simulate", str(build), str(tmp_path / "x.npy"), "--level", "integer"]
    for command in (simulate, ["report", str(build)]):
        beside = orphan(build)
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0, done.output
        assert not beside.folder.exists()


def test_opening_a_build_waits_for_the_other_rename(target: Path) -> None:
    replace(target)
    with held(target) as beside:
        target.rename(beside.previous)
        thread = Thread(target=lambda: folders.recover(target))
        thread.start()
        sleep(0.1)
        assert not target.exists() and thread.is_alive()
        beside.previous.rename(target)
    thread.join()
    assert target.exists()


def test_every_board_is_put_back(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with trying(tmp_path / name):
            pass
        orphan(tmp_path / name)
    recover_all(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["one", "two"]


# Names


@pytest.mark.parametrize(
    "name",
    ["a $HOME b", "it's", 'a "b"', "new\nline", "`id`", "-o", "ünï", "a;b", "%s {x} \\n", "*"],
)
def test_a_folder_may_have_any_name(name: str, pair: tuple[Made, Made], tmp_path: Path) -> None:
    model, build = tmp_path / name / "model.onnx", tmp_path / name / name
    model.parent.mkdir()
    model.write_bytes(pair[0].model.SerializeToString())
    done = CliRunner().invoke(main, ["compile", str(model), "-o", str(build)])
    assert done.exit_code == 0, done.output
    assert tree(build) == pair[0].files
    np.save(tmp_path / "x.npy", np.zeros((1, 3, 2), np.float32))
    call = ["simulate", str(build), str(tmp_path / "x.npy"), "--level", "integer"]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 0, done.output
