"""An ``rtl/`` folder as the simulators take it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gatewright.errors import GatewrightError
from gatewright.files.reading import read_bytes
from gatewright.hls_templates.project.names import SOURCES
from gatewright.tools.cache import names_below

SOURCE = re.compile(r"(?:[A-Za-z0-9_]+/)*[A-Za-z0-9_]+\.s?v")
"""What simulators are given: nothing that they take for an option, or for something else."""
ROM = re.compile(r'"(rom/[A-Za-z0-9_]+)(\.hex)?"')


@dataclass(frozen=True)
class RtlProject:
    """The SystemVerilog of a build, read, and checked to be complete.

    Attributes:
        files: Contents of sources and ROM files, by name.
        sources: Files in compile order.
        roms: ROM files. Simulators only warn where one is missing, and compute nonsense.
    """

    files: Mapping[str, bytes]
    sources: tuple[str, ...]
    roms: tuple[str, ...]

    @staticmethod
    def open(folder: Path, names: Collection[str] | None = None) -> RtlProject:
        """Read ``sources.f`` and what belongs to it.

        Args:
            folder: The ``rtl/`` folder.
            names: Its files, relative; no other is read. None for all that are there.

        Raises:
            GatewrightError: GW-705 where one is missing, or named as none of ours is.
        """
        known = names_below(folder) if names is None else names

        def read(name: str) -> bytes:
            if name not in known:
                raise _incomplete(folder, name)
            return read_bytes(folder, name)

        sources = tuple(read(SOURCES).decode().split())
        if not sources:
            raise _incomplete(folder, f"the list in {SOURCES}")
        for name in sources:
            if not SOURCE.fullmatch(name):
                raise _refused(folder, f"{SOURCES} names {name!r}, which is no source of ours")
        files = {name: read(name) for name in sources}
        roms: set[str] = set()
        for name in sources:
            for stem, suffix in ROM.findall(files[name].decode()):
                roms.update(_images(folder, known, stem, suffix))
        files |= {name: read(name) for name in roms}
        return RtlProject(files, sources, tuple(sorted(roms)))


def _images(folder: Path, known: Collection[str], stem: str, suffix: str) -> list[str]:
    """The ROM file of that name, or all whose names begin so, where a module makes up the rest."""
    if suffix:
        return [f"{stem}{suffix}"]
    found = [name for name in known if name.startswith(f"{stem}_") and name.endswith(".hex")]
    if not found:
        raise _incomplete(folder, f"{stem}_*.hex")
    return found


def _incomplete(folder: Path, name: str) -> GatewrightError:
    return _refused(folder, f"{name} is missing")


def _refused(folder: Path, fault: str) -> GatewrightError:
    return GatewrightError(
        "GW-705",
        where=str(folder),
        cause=f"{fault}.",
        remedy="Compile the model again.",
    )
