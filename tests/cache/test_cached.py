"""The user's cache: made once, whole or not at all, by whoever is first, and by the user alone."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from gatewright.errors import GatewrightError
from gatewright.tools import Cached, Tool, cache, machine, run_tool, user_cache
from gatewright.tools.home import cache_path

FORK = multiprocessing.get_context("fork")


def cached(make: Callable[[Path], None], *facts: str, gives: tuple[str, ...] = ("a",)) -> Cached:
    return Cached("thing", facts, gives, make)


def writes(text: str, made: Path) -> Callable[[Path], None]:
    """A maker, which notes that it was at work."""

    def make(work: Path) -> None:
        assert not list(work.iterdir())
        (work / "a").write_text(text)
        with made.open("a") as notes:
            notes.write(f"{text}\n")

    return make


def notes_of(made: Path) -> list[str]:
    return made.read_text().split() if made.exists() else []


def wait_for(there: Callable[[], object]) -> None:
    for _ in range(1000):
        if there():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come")


def test_it_is_made_once_for_the_same_facts(own_cache: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    for facts, text in ((["1"], "one"), (["1"], "other"), (["2"], "two"), (["1", ""], "three")):
        cached(writes(text, made), *facts).folder()
    assert notes_of(made) == ["one", "two", "three"]
    assert (cached(writes("other", made), "1").folder() / "a").read_text() == "one"


def test_what_gives_more_of_the_same_facts_stands_beside_it(
    own_cache: Path, tmp_path: Path
) -> None:
    """As the run-time library of Verilator, with waveforms and without: in turn, each once."""
    made = tmp_path / "made"

    def both(work: Path) -> None:
        writes("both", made)(work)
        (work / "b").write_text("")

    for _ in range(2):
        cached(writes("one", made)).folder()
        cached(both, gives=("a", "b")).folder()
    assert notes_of(made) == ["one", "both"]


def test_facts_of_another_machine(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made"
    cached(writes("here", made)).folder()
    for place, name, value in ((machine, "cpu", "flags: fpu"), (cache, "machine", ["plan9"])):
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(place, name, lambda v=value: v)
            cached(writes(name, made)).folder()
    cached(writes("again", made)).folder()
    assert notes_of(made) == ["here", "cpu", "machine"]


def test_a_cache_that_is_cleared_or_partly(own_cache: Path, tmp_path: Path) -> None:
    def make(work: Path) -> None:
        (work / "rom").mkdir()
        for name in ("a", "rom/b", "left"):
            (work / name).write_text(name)

    thing = cached(make, gives=("a", "rom/b"))
    for remove in (lambda folder: None, shutil.rmtree, lambda folder: (folder / "rom/b").unlink()):
        remove(thing.folder())
        assert [path.read_text() for path in thing.paths()] == ["a", "rom/b"]
    shutil.rmtree(own_cache)
    assert {path.name for path in thing.folder().iterdir()} == {"a", "rom", "digests.json"}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "zeroed": zeroed,
    "empty": lambda path: path.write_bytes(b""),
    "gone": Path.unlink,
    "same size and time": lambda path: (zeroed(path), os.utime(path, ns=(0, 0))),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["a", "digests.json"])
def test_what_is_damaged_is_made_anew(
    damage: str, name: str, own_cache: Path, tmp_path: Path
) -> None:
    """As by a power cut; also while a process has seen it whole."""
    made = tmp_path / "made"
    thing = cached(writes("whole", made))
    for _ in range(2):
        path = thing.folder() / name
        os.utime(path, ns=(0, 0))
        thing.folder()
        DAMAGES[damage](path)
        assert (thing.folder() / "a").read_text() == "whole"
    assert notes_of(made) == ["whole"] * 3


def test_what_is_whole_is_read_once(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    thing = cached(lambda work: (work / "a").write_text("a") and None)
    thing.folder()
    read: list[object] = []
    digests = cache._digests
    monkeypatch.setattr(cache, "_digests", lambda *args: read.append(args) or digests(*args))
    for _ in range(3):
        thing.folder()
    assert len(read) == 1


def test_two_processes_make_it_once(own_cache: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"

    def slowly(work: Path) -> None:
        time.sleep(0.5)
        writes(str(os.getpid()), made)(work)

    processes = [FORK.Process(target=cached(slowly).folder) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(notes_of(made)) == 1


def test_threads_make_it_once(own_cache: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"

    def slowly(work: Path) -> None:
        time.sleep(0.2)
        writes("once", made)(work)

    with ThreadPoolExecutor(4) as pool:
        folders = {
            future.result() for future in [pool.submit(cached(slowly).folder) for _ in range(4)]
        }
    assert len(folders) == 1 and notes_of(made) == ["once"]


def dies(work: Path) -> None:
    (work / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_run_left_is_gone_after_the_next(own_cache: Path, tmp_path: Path) -> None:
    """And nothing of what is at work, whoever is first."""

    def waits(work: Path) -> None:
        (work / "a").write_text("whole")
        (tmp_path / "at work").touch()
        wait_for((tmp_path / "go on").exists)

    killed = FORK.Process(target=cached(dies, "killed").folder)
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    working = FORK.Process(target=cached(waits, "working").folder)
    working.start()
    wait_for((tmp_path / "at work").exists)
    assert len(list(own_cache.glob("*/work-*"))) == 2
    cached(writes("next", tmp_path / "made"), "next").folder()
    (left,) = own_cache.glob("*/work-*")
    assert (left / "a").exists()
    (tmp_path / "go on").touch()
    working.join()
    assert working.exitcode == 0
    assert not list(own_cache.glob("*/work-*"))
    assert (cached(dies, "working").folder() / "a").read_text() == "whole"
    cached(writes("now", tmp_path / "made"), "killed").folder()
    assert notes_of(tmp_path / "made") == ["next", "now"]


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_cache_that_others_may_write(own_cache: Path, tmp_path: Path, mode: int) -> None:
    thing = cached(writes("a", tmp_path / "made"))
    thing.folder()
    own_cache.chmod(mode)
    with pytest.raises(GatewrightError, match=r"GW-504.*others may write.*GATEWRIGHT_CACHE"):
        thing.folder()
    own_cache.chmod(0o755)
    thing.folder()
    assert len(notes_of(tmp_path / "made")) == 1


def test_a_cache_of_somebody_else(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: own_cache.stat().st_uid + 1)
    with pytest.raises(GatewrightError, match=r"GW-504.*it belongs to user \d+"):
        user_cache()


def test_a_new_cache_is_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWRIGHT_CACHE", str(tmp_path / "new" / "cache"))
    thing = cached(writes("a", tmp_path / "made"))
    old = os.umask(0)
    try:
        entry = thing.folder().parent
    finally:
        os.umask(old)
    for folder in (entry.parent, entry):
        assert folder.stat().st_mode & 0o777 == 0o700
    entry.chmod(0o777)  # as whoever could write the cache once might have left it
    with pytest.raises(GatewrightError, match=rf"GW-504.*{entry.name}"):
        thing.folder()


def test_a_file_system_without_locks(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(lock: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(FileLock, "_acquire", refuse)
    with pytest.raises(GatewrightError, match=r"GW-404.*no locks.*GATEWRIGHT_CACHE"):
        cached(lambda work: None).folder()


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.delenv("GATEWRIGHT_CACHE")
    assert cache_path() == tmp_path / ".cache" / "gatewright"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_path() == tmp_path / "x" / "gatewright"
    monkeypatch.setenv("XDG_CACHE_HOME", "no/absolute/path")  # which the standard ignores
    assert cache_path() == tmp_path / ".cache" / "gatewright"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWRIGHT_CACHE", "here")
    assert cache_path() == tmp_path / "here"


NO_HOME = """
import warnings
warnings.simplefilter("always")
from gatewright.tools import user_cache
folder = user_cache()
assert folder == user_cache() and folder.is_dir()
print(folder)
"""


def test_no_home_means_a_folder_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    env = os.environ | {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    env = {k: v for k, v in env.items() if k not in ("GATEWRIGHT_CACHE", "XDG_CACHE_HOME")}
    command = [sys.executable, "-c", NO_HOME]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path and not folder.exists()
    assert done.stderr.count("NoCacheWarning") == 1 and "GATEWRIGHT_CACHE" in done.stderr


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_for_the_cache(own_cache: Path, number: int) -> None:
    def make(work: Path) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(GatewrightError, match=r"GW-404.*No space left on device"):
        cached(make).folder()
    assert not list(own_cache.glob("*/work-*"))


@pytest.mark.compiles
@pytest.mark.parametrize(
    "words",
    [
        "x.cpp: fatal error: error writing to ./cc.s: No space left on device\\nended",
        "collect2: error: ld returned 1\\n/usr/bin/ld: final link failed: No space left on device",
        "error: unable to write: NoSpaceLeft",
        "%Error: Cannot write: Disk quota exceeded",
    ],
)
def test_no_room_for_a_tool(tmp_path: Path, words: str) -> None:
    tool = Tool("sh", ("sh",), "1")
    with pytest.raises(GatewrightError) as caught:
        run_tool(tool, ["-c", f"printf '%b' '{words}' >&2; exit 1"], tmp_path)
    assert caught.value.code == "GW-404"
    assert caught.value.cause.startswith("No space left on device (")
