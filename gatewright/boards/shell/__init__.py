"""The board shell: a design behind a serial line, and the host's side of that line."""

from gatewright.boards.shell.ports import build_digest
from gatewright.boards.shell.write import SHELL, shell_files

__all__ = ["SHELL", "build_digest", "shell_files"]
