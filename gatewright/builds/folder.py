"""Build folders: written beside and renamed, so that there is a whole one or none."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack, contextmanager
from itertools import chain, count
from pathlib import Path

from gatewright.boards.vitis.flow import was_scheduled
from gatewright.boards.vivado.project import has_results
from gatewright.errors import GatewrightError
from gatewright.files.beside import HIDDEN, Beside, held, is_ours
from gatewright.files.reading import MAX_FACTS, read_json, whole

MANIFEST = "gatewright.json"
TRACED, INTEGER, STANDARD = "1_traced.onnx", "2_integer.onnx", "2_standard.onnx"
KERNELS, CERTIFICATE, CALIBRATION = "3_kernels.json", "certificate.json", "calibration.json"
"""Files of a build."""
PROJECT, RTL, IP = "hls", "rtl", "ip"
"""Its folders: C++, SystemVerilog, and that as an IP for block designs."""
OLD = {PROJECT: "csim", RTL: "cosim"}
"""Where earlier versions kept what they compiled of a folder: never read, and still ours."""
SYNTH = "synth"
"""Bitstreams and the way to them, a folder a board; no part of the build either."""
VERIFY, REPORT = "verify.json", "report.html"
"""What the last ``verify`` found, and the page that shows it; no part of the build either."""
WAVES = "waves"
"""Waveforms of what differs; no part of the build either."""
NO_PART = (VERIFY, REPORT, SYNTH, WAVES, *OLD.values())
"""What stands in a build folder beside the build; the last two are of earlier versions."""
WRITABLE = "Name a place that you may write, on a disk with room."

ROOM = "Make room on that disk, or within your quota, or name a place on another one."
LOCKLESS = "Its file system has no locks, which keep two from writing it at once: name another."
REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), ROOM),
    **dict.fromkeys((errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP), LOCKLESS),
}
"""What to do where the system itself says why something cannot be written."""
PATIENCE = 10.0
"""Seconds to wait for another process that writes the same file, which takes it a moment."""


def named(path: str | os.PathLike[str]) -> Path:
    """The folder that a path names, spelt as it is unless it goes up.

    ``a/../b`` is written even where there is no ``a``, which the system could not open afterwards.

    Raises:
        GatewrightError: GW-404 for what is no path.
    """
    with _coded(path):
        folder = Path(path)
        resolved = folder.resolve()
    return resolved if ".." in folder.parts else folder


def check_target(folder: Path) -> None:
    """Refuse to write over anything that is not a build of ours.

    Raises:
        GatewrightError: GW-401.
    """
    if not folder.exists():
        return
    if folder == Path.cwd():
        raise GatewrightError(
            "GW-401",
            where=str(folder),
            cause="it is the current folder, which cannot be replaced under your feet.",
            remedy="Name a folder inside it, such as build/model.",
        )
    foreign = _foreign_entry(folder)
    if foreign is not None:
        raise GatewrightError(
            "GW-401",
            where=str(folder),
            cause=f"it holds {foreign}, which compile did not write.",
            remedy="Name a new folder, or move what is there away yourself.",
        )
    ran = _run_by_vendor(folder / SYNTH)
    if ran is not None:
        raise GatewrightError(
            "GW-401",
            where=str(folder),
            cause=f"a vendor's tool has run in {SYNTH}/{ran}, and what it made would be lost.",
            remedy="Name a new folder, or move that one away or delete it yourself.",
        )


def _run_by_vendor(folder: Path) -> str | None:
    """The first folder of a board that holds what Vivado or Vitis HLS made."""
    if folder.is_symlink() or not folder.is_dir():
        return None
    boards = sorted(path for path in folder.iterdir() if path.is_dir())
    return next((b.name for b in boards if has_results(b) or was_scheduled(b)), None)


def _foreign_entry(folder: Path) -> str | None:
    """The first of what would be lost with a folder and is no part of a build; a file itself.

    What compile wrote is told by its name: kernels may be edited, and are written anew.
    """
    if not folder.is_dir():
        return folder.name
    try:
        with whole(folder / MANIFEST):
            names = {MANIFEST, *read_json(folder, MANIFEST, MAX_FACTS)["files"].keys()}
    except GatewrightError:
        return min((path.name for path in folder.iterdir()), default=None)
    found = (name for name in strangers(folder, names) if name not in NO_PART)
    return next((name for name in found if not _is_killed(folder, name)), None)


def strangers(folder: Path, names: Set[str], within: str = "") -> Iterator[str]:
    """What stands in a folder and is none of some files: in order, of a folder only its name.

    Args:
        folder: It is walked where those files lie, and links are not followed.
        names: Paths of the files below it.
        within: Where to begin, with a slash at its end.

    Raises:
        OSError: If it cannot be read.
    """
    for entry in sorted(os.scandir(folder / within), key=lambda entry: entry.name):
        name, is_folder = f"{within}{entry.name}", entry.is_dir(follow_symlinks=False)
        if is_folder and any(other.startswith(f"{name}/") for other in names):
            yield from strangers(folder, names, f"{name}/")
        elif is_folder or name not in names:
            yield name


def _is_killed(folder: Path, name: str) -> bool:
    """Whether it is what a process left that was killed while it wrote a page or a report."""
    hidden = (Beside(folder / part).folder for part in (VERIFY, REPORT))
    return any(name == path.name and is_ours(path) for path in hidden)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` that takes its place when the block ends well.

    Raises:
        GatewrightError: GW-401 if something else is there, GW-404 if it cannot be written, or
            another process is at it.
    """
    with _coded(folder):
        target = folder.resolve()  # a link stays a link, and what it points to is replaced
        check_target(target)
        target.parent.mkdir(parents=True, exist_ok=True)
    with _held(target) as beside:
        with _coded(folder):
            beside.new.mkdir()
        yield beside.new
        with _coded(folder):
            check_target(target)  # again: what came while this was made is not lost either
            beside.exchange(beside.new)


@contextmanager
def trying(
    folder: Path,
    keep: Callable[[Path], bool] = lambda tried: False,
    spare: Callable[[Path], bool] = lambda old: False,
    aside: Callable[[Path], None] = lambda kept: None,
) -> Iterator[Path]:
    """An empty folder ``NAME.tried`` that takes the place of ``folder`` when the block ends well.

    Otherwise ``folder`` is what it was, and what the attempt left stays for whoever asks why.

    Args:
        folder: The place.
        keep: Whether what an earlier attempt left is gone on from: it is not emptied then.
        spare: Whether a folder that would be lost holds what must not be. It is kept as
            ``NAME.before``, ``NAME.before.2``, ... Where it is gone on from as well, the attempt
            begins with a copy of it.
        aside: Told of each folder that is kept so.

    Raises:
        GatewrightError: GW-404 if either cannot be written, or another process is at it.
    """
    with _coded(folder):
        target = folder.resolve()  # a link stays a link, and what it points to is replaced
        if target.exists() and not target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        target.parent.mkdir(parents=True, exist_ok=True)
    tried = tried_of(target)
    copied = False
    with _held(target) as beside:
        with _coded(tried):
            if tried.is_symlink() or not tried.is_dir() or not keep(tried):
                if not _set_aside(tried, target, spare, aside) and tried.exists():
                    shutil.rmtree(tried)
                copied = target.is_dir() and spare(target) and keep(target)
                if copied:
                    shutil.copytree(target, tried, symlinks=True)
                else:
                    tried.mkdir()
        yield tried
        with _coded(folder):
            if not copied:  # or all that it holds is in the new one
                _set_aside(target, target, spare, aside)
            beside.exchange(tried)


def tried_of(folder: Path) -> Path:
    """Where ``trying`` makes what will take the place of a folder."""
    return folder.with_name(f"{folder.name}.tried")


def _set_aside(
    folder: Path, target: Path, spare: Callable[[Path], bool], aside: Callable[[Path], None]
) -> bool:
    """Keep what must not be lost under the first name that is free; whether it was."""
    if folder.is_symlink() or not folder.is_dir() or not spare(folder):
        return False
    first = target.with_name(f"{target.name}.before")
    names = chain([first], (first.with_name(f"{first.name}.{i}") for i in count(2)))
    kept = next(path for path in names if not os.path.lexists(path))
    folder.rename(kept)
    aside(kept)
    return True


def recover(folder: Path) -> None:
    """Put back a folder whose process was killed while it exchanged the old one for the new.

    Raises:
        GatewrightError: GW-404 if it cannot be put back.
    """
    try:
        target = folder.resolve()
        orphaned = bool(target.name) and Beside(target).orphaned
    except (OSError, RuntimeError, ValueError):  # no path, as whoever opens it will say
        return
    if orphaned:
        with _held(target, PATIENCE):  # or another process is just between the two renames
            pass


def located(path: str | os.PathLike[str]) -> Path:
    """The folder of a build, whatever the working folder becomes; put back where it was away.

    Raises:
        GatewrightError: GW-402 for what is no path; GW-404 if it cannot be put back.
    """
    if not isinstance(path, str | os.PathLike):
        raise GatewrightError(
            "GW-402",
            where=repr(path),
            cause="it is no path.",
            remedy="Name the folder that compile wrote.",
        )
    try:
        folder = Path(path).absolute()
    except OSError as error:  # the working folder is gone
        raise GatewrightError(
            "GW-402",
            where=str(path),
            cause=f"{error.strerror}.",
            remedy="Work in a folder that is there.",
        ) from error
    recover(folder)
    return folder


def recover_all(folder: Path) -> None:
    """``recover`` what is in a folder.

    Raises:
        GatewrightError: GW-404 if something cannot be put back.
    """
    for beside in map(Beside.of, folder.glob(HIDDEN.format("*"))):
        recover(beside.target)


@contextmanager
def _held(target: Path, wait: float = 0) -> Iterator[Beside]:
    """``held``, whose own steps are coded, and no step of the block."""
    with ExitStack() as stack:
        with _coded(target):
            beside = stack.enter_context(held(target, wait))
        yield beside


def check_file(path: Path) -> None:
    """Refuse a file that cannot be written, before the work whose result it gets.

    Raises:
        GatewrightError: GW-404.
    """
    with _coded(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        replaced = _is_replaced(path)
    if replaced:
        with _held(path, PATIENCE) as beside, _coded(path):
            beside.new.touch()


def place_in(build: Path, name: str) -> Path:
    """Where ``verify``, ``report`` and ``synth`` write in a build, which others may have made.

    Raises:
        GatewrightError: GW-404 where a link leads elsewhere, or a pipe or a device stands.
    """
    path, says = build / name, None
    with _coded(path):
        if os.path.realpath(path) != os.path.join(os.path.realpath(build), name):
            says = "it is a link, or behind one."
        elif path.exists() and not (path.is_file() or path.is_dir()):
            says = "it is neither a file nor a folder."
    if says is not None:
        remedy = "Delete it: it is no part of the build, and is made anew."
        raise GatewrightError("GW-404", where=str(path), cause=says, remedy=remedy)
    return path


def write_text(path: Path, text: str) -> None:
    """Write a text file as ``write_bytes`` does.

    Raises:
        GatewrightError: GW-404 if it cannot be written.
    """
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all; links and special files stay what they are.

    Raises:
        GatewrightError: GW-404 if it cannot be written.
    """
    check_file(path)
    if not _is_replaced(path):
        with _coded(path):
            path.write_bytes(content)
        return
    with _held(path, PATIENCE) as beside, _coded(path):
        beside.new.write_bytes(content)
        if path.exists():
            shutil.copymode(path, beside.new)
        beside.new.replace(path)


def _is_replaced(path: Path) -> bool:
    """Whether a new file may take the place of what is there: not of a link, device or pipe."""
    return not path.is_symlink() and (path.is_file() or not path.exists())


@contextmanager
def _coded(folder: object) -> Iterator[None]:
    try:
        with writing(folder):
            yield
    except (RuntimeError, TypeError, ValueError) as error:  # a loop, no path, a NUL
        raise GatewrightError(
            "GW-404",
            where=repr(folder) if isinstance(error, TypeError | ValueError) else str(folder),
            cause=f"{error}.",
            remedy=WRITABLE,
        ) from error


@contextmanager
def writing(folder: object, remedy: str = WRITABLE) -> Iterator[None]:
    """A block that writes to a folder, and whose other steps raise no ``OSError``.

    Raises:
        GatewrightError: GW-404 if it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise GatewrightError(
            "GW-404",
            where=str(folder),
            cause=f"{error.strerror or error}.",
            remedy=REMEDIES.get(error.errno or 0, remedy),
        ) from error
