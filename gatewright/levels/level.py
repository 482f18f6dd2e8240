"""What a level of a build is; each has a file of its own, and a line in ``table.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gatewright.builds.documents import Documents
from gatewright.levels.run import StreamEngine

Opener = Callable[[Documents, bool, bool | None], StreamEngine]
"""Makes the engine of a build: whether its taps are shown, and whether on machine integers."""


@dataclass(frozen=True)
class Level:
    """A form of the model that runs.

    Attributes:
        name: What the user calls it.
        artefact: The file or folder of the build.
        runner: What runs it, for people.
        engine: Makes its engine; None where that takes the model itself.
        floats: Whether it computes in float32 somewhere, and may round otherwise where the
            certificate says so.
        clocked: Whether it runs cycle by cycle.
    """

    name: str
    artefact: str
    runner: str
    engine: Opener | None
    floats: bool = False
    clocked: bool = False
