"""What was opened of a build: held as long as the files that it was made of are the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from gatewright.builds.folder import MANIFEST, OLD
from gatewright.builds.manifest import is_whole, read_manifest
from gatewright.files.reading import digest_of
from gatewright.files.warn import warn

T = TypeVar("T")

Stamp = tuple[int, int, int, int]
"""Size, mtime, ctime and inode: where none of them differs, a file is not read again."""
MOST_NAMED = 8
"""Of files that nobody listed; there may be millions."""
_stamp = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")


@dataclass(frozen=True, eq=False)
class Seen:
    """Files of a build as they were seen last: the same object until one of them changes.

    Attributes:
        stamps: The manifest's and theirs.
        changed: Names of those that are not what ``compile`` wrote.
    """

    stamps: tuple[Stamp, ...]
    changed: tuple[str, ...]


class ChangedBuildWarning(UserWarning):
    """A file of a build is no longer what ``compile`` wrote, and is run as it is."""


class Files:
    """The files of a build, watched: each is read again only where its stamp differs.

    Args:
        folder: The build folder.

    Raises:
        GatewrightError: GW-402 if it is not a complete build.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listed: dict[str, str] = {}
        self._paths: dict[tuple[str, ...], list[str]] = {}
        self._digests: dict[str, tuple[Stamp, str]] = {}
        self._seen: dict[tuple[str, ...], Seen] = {}
        self._list()

    def look(self, *parts: str) -> Seen:
        """Files, or those of folders, as they are now.

        Raises:
            GatewrightError: GW-402 where one is missing.
        """
        seen, stamps = self._seen.get(parts), self._stamps(parts)
        if seen is not None and seen.stamps == stamps:
            return seen
        if stamps[0] != self._manifest:
            self._list()
            stamps = self._stamps(parts)
        changed = (
            name
            for name, stamp in zip(self._names(parts), stamps[1:], strict=True)
            if self._digest(name, stamp) != self._listed[name]
        )
        seen = self._seen[parts] = Seen(stamps, tuple(changed))
        return seen

    def lists(self, name: str) -> bool:
        """Whether the manifest lists a file."""
        return name in self._listed

    def listed(self, part: str) -> list[str]:
        """Files of a folder that the manifest lists, relative to it."""
        return [name.partition("/")[2] for name in self._names((part,))]

    def _list(self) -> None:
        """Read the manifest, whose stamp is taken before, so that a later one is never missed."""
        self._manifest = self._stamps(())[0]
        manifest = read_manifest(self._folder)
        self._listed = manifest["files"]
        self._paths = {}
        if not is_whole(manifest):
            _warn(self._folder / MANIFEST)

    def _names(self, parts: tuple[str, ...]) -> list[str]:
        return [name for name in self._listed if _belongs(name, parts)]

    def _stamps(self, parts: tuple[str, ...]) -> tuple[Stamp, ...]:
        paths = self._paths.get(parts)
        if paths is None:
            paths = [str(self._folder / name) for name in (MANIFEST, *self._names(parts))]
            self._paths[parts] = paths
        try:
            return tuple(map(_stamp, map(os.stat, paths)))
        except (OSError, ValueError):
            read_manifest(self._folder)  # names what is missing, or no path
            raise

    def _digest(self, name: str, stamp: Stamp) -> str:
        known = self._digests.get(name)
        if known is None or known[0] != stamp:
            known = self._digests[name] = stamp, digest_of(self._folder, name)
        return known[1]


def _belongs(name: str, parts: tuple[str, ...]) -> bool:
    """Whether a file is one of the parts of a build, or in a folder that is."""
    return name in parts or name.partition("/")[0] in parts


def strangers(folder: Path, names: Collection[str]) -> Iterator[Path]:
    """What stands in a folder and is none of its files; of very much, the first of it."""
    known = {str(folder / name) for name in names}
    yield from islice((path for path in _below(folder) if str(path) not in known), MOST_NAMED)


def _below(folder: Path) -> Iterator[Path]:
    """All that is no folder; links are not followed."""
    for inside, folders, files in os.walk(folder):
        folders.sort()
        links = (name for name in folders if os.path.islink(os.path.join(inside, name)))
        yield from (Path(inside, name) for name in sorted([*files, *links]))


class Opened:
    """Engines, graphs and tables made of the files of a build.

    Args:
        folder: The build folder.

    Raises:
        GatewrightError: GW-402 if it is not a complete build.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._files = folder, Files(folder)
        self._made: dict[Hashable, tuple[Seen, Any]] = {}
        self._named: set[str] = set()

    def get(
        self, name: Hashable, parts: tuple[str, ...], make: Callable[[], T], *, warns: bool = False
    ) -> T:
        """What ``make`` gave before, unless a file that it was made of has changed since.

        Kernels may be edited, to see what ``verify`` finds; a damaged file must not go unnoticed:
        one of the first part that is not what ``compile`` wrote is warned of.

        Args:
            name: Of what is made.
            parts: Files and folders of the build that it is made of.
            make: Makes it.
            warns: Whether to warn each time, not only when it is made.

        Raises:
            GatewrightError: GW-402 where a file is missing.
        """
        seen, held = self._files.look(*parts), self._made.get(name)
        new = held is None or held[0] is not seen
        if new or warns:
            self._warn(seen, parts[0])
        if held is None or new:
            held = self._made[name] = seen, make()
        made: T = held[1]
        return made

    def lists(self, name: str) -> bool:
        """Whether the build has a file."""
        return self._files.lists(name)

    def notice(self, part: str) -> None:
        """Warn of a file that may be needed later, if at all, and is not what it was.

        Raises:
            GatewrightError: GW-402 where it is missing.
        """
        self._warn(self._files.look(part), part)

    def listed(self, part: str) -> list[str]:
        """As ``Files.listed``; what else is there is warned of, once."""
        names = self._files.listed(part)
        for path in strangers(self._folder / part, names):
            self._warn_once(f"{path} is not what compile wrote, and is not read")
        if os.path.lexists(self._folder / OLD[part]):
            self._warn_once(
                f"{self._folder / OLD[part]} is not what compile wrote: an earlier version kept "
                "compiled code there; it is not read, and may be deleted"
            )
        return names

    def _warn_once(self, message: str) -> None:
        if message not in self._named:
            self._named.add(message)
            warn(message, ChangedBuildWarning)

    def _warn(self, seen: Seen, part: str) -> None:
        for name in seen.changed:
            if _belongs(name, (part,)):
                _warn(self._folder / name)


def _warn(path: Path) -> None:
    message = f"{path} is not what compile wrote; it is run as it is"
    warn(message, ChangedBuildWarning)
