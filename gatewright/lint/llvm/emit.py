"""The C++ of a build as LLVM IR: what a synthesis tool sees of it, pragmas as markers."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from gatewright.errors import GatewrightError
from gatewright.lint.headers import own_headers
from gatewright.lint.llvm.markers import marked
from gatewright.lint.pragmas.parse import Pragma
from gatewright.tools.child import ended
from gatewright.tools.programs import ZIG, find_program

_TARGET = "x86-linux-musl"
"""It has ``_BitInt`` of many bits, and gives structs back in memory, so that members stay apart."""
_FLAGS = (
    *("-target", _TARGET, "-std=c++14", "-D__SYNTHESIS__", "-S", "-emit-llvm", "-O1", "-g1", "-w"),
    *("-Xclang", "-disable-llvm-passes", "-fno-discard-value-names", "-fignore-exceptions"),
    *("-fno-sanitize=all", "-fno-stack-protector", "-fno-unwind-tables"),
)
"""Optimized by nothing: LLVM's passes are run one by one, in ``passes.py``."""
_CACHE = "ZIG_LOCAL_CACHE_DIR"
"""Where ziglang keeps what it made: gone with the folder, for nobody asks for it again."""
_HERE = Path(__file__).parent
_ERROR = re.compile(r"^(.+?):(\d+):\d+: (?:fatal )?error: (.*)$", re.MULTILINE)


def emit(texts: Mapping[str, str], pragmas: Mapping[int, Pragma], top: str) -> str:
    """LLVM IR of a design.

    A pragma whose marker does not compile gets none: it names what is not there, which is for
    other rules to say.

    Args:
        texts: C++ by path.
        pragmas: Those that are marked, by the markers' numbers.
        top: Path of the one that is compiled.

    Raises:
        GatewrightError: GW-505 without ziglang, GW-502 where it refuses the C++.
    """
    program = find_program(ZIG)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [*program.command, *_FLAGS, *_includes(texts), top, "-o", "top.ll"]
        marking = dict(pragmas)
        while True:
            _write(marked(texts, marking), folder)
            result = ended(command, folder, os.environ | {_CACHE: str(folder / "cache")}, "zig")
            if result.returncode == 0:
                return (folder / "top.ll").read_text()
            errors = _ERROR.findall(result.stderr)
            places = {(_below(file, folder), int(line)) for file, line, _ in errors}
            refused = [n for n, p in marking.items() if (p.file, p.line) in places]
            if not refused:
                raise _error(top, command, errors, result.stderr)
            for number in refused:
                del marking[number]


def _includes(texts: Mapping[str, str]) -> list[str]:
    folders = dict.fromkeys(Path(path).parent.as_posix() for path in texts)
    flags = [f"-I{folder}" for folder in folders]
    return [*flags, "-isystem", str(own_headers()), "-include", str(_HERE / "markers.hpp")]


def _write(texts: Mapping[str, str], folder: Path) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def _below(file: str, folder: Path) -> str:
    path = Path(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _error(
    top: str, command: Sequence[str], errors: Sequence[tuple[str, str, str]], said: str
) -> GatewrightError:
    file, line, words = errors[0] if errors else (top, "0", (said.splitlines() or ["no word"])[-1])
    return GatewrightError(
        "GW-502",
        where=f"{Path(file).name}:{line}",
        cause=words,
        remedy=f"What synthesis sees has to compile: {shlex.join(command[:8])} ... {top}",
    )
