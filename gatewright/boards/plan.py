"""What a flow will run, fixed before anything runs: files and commands, and a digest of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from gatewright.tools.programs import Program


@dataclass(frozen=True)
class ToolRun:
    """One run of a tool.

    Attributes:
        stage: What it does, a word or two.
        tool: The program.
        args: Its arguments; paths in them are relative to ``folder``.
        folder: Where it runs, relative to the plan's folder.
        gives: The file that it has to leave, relative to the plan's folder; "" for any.
        log: The file that gets all it says, relative to the plan's folder.
        environment: Variables to set for it.
        limit: Seconds after which it is stopped; None for never.
    """

    stage: str
    tool: Program
    args: tuple[str, ...]
    log: str
    folder: str = "."
    gives: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    limit: float | None = None


@dataclass(frozen=True)
class Plan:
    """Files to write and commands to run, in order.

    Attributes:
        files: Contents by path, relative to the folder it will run in.
        commands: In order.

    Raises:
        ValueError: For a path that is absolute or leaves the folder.
    """

    files: Mapping[str, str]
    commands: tuple[ToolRun, ...]

    def __post_init__(self) -> None:
        for path in (*self.files, *(c.log for c in self.commands)):
            pure = PurePosixPath(path)
            if pure.is_absolute() or ".." in pure.parts or "\\" in path:
                raise ValueError(f"{path} leaves the plan's folder")

    def digest(self) -> str:
        """SHA-256 over everything in the plan."""
        commands = [
            [c.tool.name, list(c.args), c.folder, *map(list, c.environment.items())]
            for c in self.commands
        ]
        text = json.dumps([sorted(self.files.items()), commands])
        return hashlib.sha256(text.encode()).hexdigest()

    def is_in(self, folder: Path) -> bool:
        """Whether a folder has all its files as they are.

        Raises:
            OSError: If one cannot be read.
        """
        return all(
            (folder / name).is_file() and (folder / name).read_bytes() == text.encode()
            for name, text in self.files.items()
        )

    def write(self, folder: Path) -> None:
        """Write the files below a folder."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
