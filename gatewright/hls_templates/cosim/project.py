"""An ``rtl/`` folder as the simulators take it."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from gatewright.errors import GatewrightError

SOURCES = "sources.f"
CORE = "gatewright_core"
ROM = re.compile(r'"(rom/[A-Za-z0-9_]+)(\.hex)?"')


@dataclass(frozen=True)
class RtlProject:
    """The SystemVerilog of a build, checked to be complete.

    Attributes:
        folder: The ``rtl/`` folder, which is the working folder of every tool.
        sources: Files in compile order, relative.
        roms: ROM files, relative. Simulators only warn where one is missing, and compute nonsense.
    """

    folder: Path
    sources: tuple[str, ...]
    roms: tuple[str, ...]

    @staticmethod
    def open(folder: Path) -> RtlProject:
        """Read ``sources.f`` and see that every file is there.

        Raises:
            GatewrightError: GW-705.
        """
        folder = folder.resolve()
        if not (folder / SOURCES).is_file():
            raise _incomplete(folder, SOURCES)
        sources = tuple((folder / SOURCES).read_text().split())
        if not sources:
            raise _incomplete(folder, f"the list in {SOURCES}")
        roms: set[str] = set()
        for name in sources:
            if not (folder / name).is_file():
                raise _incomplete(folder, name)
            for stem, suffix in ROM.findall((folder / name).read_text()):
                roms.update(_images(folder, stem, suffix))
        return RtlProject(folder, sources, tuple(sorted(roms)))

    def digest(self) -> str:
        """Of all contents: what is compiled from them carries it in its name."""
        digest = hashlib.sha256()
        for name in (*self.sources, *self.roms):
            digest.update(f"{name}\0".encode())
            digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()

    def copy(self, folder: Path) -> None:
        """Put the files into another folder, for tools that write where they read."""
        for name in (*self.sources, *self.roms):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.folder / name, target)


def _images(folder: Path, stem: str, suffix: str) -> list[str]:
    """The ROM file of that name, or all whose names begin so, where a module makes up the rest."""
    found = sorted(folder.glob(f"{stem}{suffix or '_*.hex'}"))
    if not found:
        raise _incomplete(folder, f"{stem}{suffix or '_*.hex'}")
    return [path.relative_to(folder).as_posix() for path in found]


def _incomplete(folder: Path, name: str) -> GatewrightError:
    return GatewrightError(
        "GW-705",
        where=str(folder),
        cause=f"{name} is missing.",
        remedy="Compile the model again.",
    )
