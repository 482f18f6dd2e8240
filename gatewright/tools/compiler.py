"""The C++ compiler."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gatewright.errors import GatewrightError
from gatewright.tools import check_room, ended
from gatewright.tools.programs import COMPILER, find_program
from gatewright.tools.run import program_fact

SIGNS = ("-Werror=sign-compare", "-Werror=sign-conversion")
"""Where C++ takes a negative integer for a large one, what we emit does not compile."""
KNOWN_COMPILERS = ("g++", "clang++", "ziglang")
"""The compilers whose warnings we know."""
OWN_HEADERS = Path(__file__).parents[1] / "lint" / "headers"
"""An ap_int of our own, which tests hold equal to AMD's."""
TOLD = (
    *("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH"),
    *("COMPILER_PATH", "GCC_EXEC_PREFIX"),
)
"""Variables in which compilers find folders of headers, libraries and programs."""
AROUND = {"LC_ALL": "C", "TMPDIR": "."}
"""Words that we can read, and what it leaves when it is killed stays in the working folder."""


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Attributes:
        command: How to call it.
        name: ``g++``, ``ziglang``, or what the environment variable CXX says.
        origin: Where it is.
    """

    command: tuple[str, ...]
    name: str
    origin: str = ""

    def version(self) -> str:
        """First line of its ``--version``.

        Raises:
            GatewrightError: GW-502 if it does not run.
        """
        said = _said(self, "--version").splitlines()
        return said[0] if said else "unknown"

    def facts(self) -> list[str]:
        """All of it that a library depends on: program, version, target, what it is told aside.

        Raises:
            GatewrightError: GW-502 if it does not run.
        """
        told = [f"{name}={os.environ.get(name, '')}" for name in TOLD]
        asked = [_said(self, option) for option in ("--version", "-dumpmachine")]
        return [self.name, *self.command, program_fact(self.command[0]), *asked, *told]


def warnings(compiler: Compiler) -> Sequence[str]:
    """Flags for what we emit: mixed signs are errors, but for a compiler that CXX brings in."""
    return SIGNS if compiler.name in KNOWN_COMPILERS else ("-w",)


def apart(compiler: Compiler) -> Sequence[str]:
    """Flags for a library of many in one process: g++ would share the statics of templates."""
    return ("-fno-gnu-unique",) if compiler.name == "g++" else ()


def find_compiler() -> Compiler:
    """The C++ compiler.

    Raises:
        GatewrightError: GW-501 if there is none.
    """
    found = find_program(COMPILER)
    return Compiler(found.command, found.name, found.origin)


def ap_types() -> Path:
    """The folder of ap_int.h: AMD's, in the installed hls4ml, which is not imported; else ours."""
    spec = importlib.util.find_spec("hls4ml")
    if spec is None or spec.origin is None:  # a folder of that name is no package
        return OWN_HEADERS
    return Path(spec.origin).parent / "templates" / "vivado" / "ap_types"


def run_compiler(compiler: Compiler, arguments: Sequence[str], folder: Path) -> None:
    """Run the compiler in a folder that it may write; the last argument is the file it writes.

    Raises:
        GatewrightError: GW-502 with the compiler's own words, GW-404 where it found no room.
    """
    command = [*compiler.command, *arguments]
    result = _run(command, folder, compiler.name)
    if result.returncode != 0 or not (folder / arguments[-1]).exists():
        check_room(result.stderr, folder)
        lines = [line for line in result.stderr.splitlines() if "error" in line]
        raise GatewrightError(
            "GW-502",
            where=str(folder),
            cause=(lines or result.stderr.splitlines() or ["it wrote nothing"])[0],
            remedy=f"Run it by hand to see all: cd {shlex.quote(str(folder))} && "
            f"{shlex.join(command)}",
        )


def _run(command: Sequence[str], folder: Path, name: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return ended(command, folder, os.environ | AROUND, name)
    except OSError as error:
        raise GatewrightError(
            "GW-502",
            where=command[0],
            cause=f"it does not run: {error.strerror}.",
            remedy="Let CXX name a C++ compiler, or unset it.",
        ) from error


def _said(compiler: Compiler, option: str) -> str:
    """What it says of itself, asked once as long as its program is the same file."""
    try:
        found = os.stat(compiler.command[0])
        stamp = (found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    except OSError:  # running it says what is wrong
        stamp = (0, 0, 0)
    return _asked(compiler, option, stamp)


@cache
def _asked(compiler: Compiler, option: str, stamp: tuple[int, ...]) -> str:
    with tempfile.TemporaryDirectory() as folder:  # CXX may name what writes files
        return _run([*compiler.command, option], Path(folder)).stdout


def check_compiler(compiler: Compiler) -> None:
    """Compile and load a tiny library.

    Raises:
        GatewrightError: GW-502.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tiny.cpp").write_text('extern "C" int gw_tiny() { return 0; }\n')
        run_compiler(compiler, ["-shared", "-fPIC", "tiny.cpp", "-o", "tiny.so"], Path(folder))
        load_library(Path(folder, "tiny.so").resolve())


def load_library(path: Path) -> ctypes.CDLL:
    """A library that the compiler wrote.

    Raises:
        GatewrightError: GW-502 if it is none.
    """
    try:
        if "$" not in str(path):
            return ctypes.CDLL(str(path))
        with tempfile.TemporaryDirectory() as folder:  # dlopen takes $LIB and others for a word
            link = Path(folder, path.name)
            link.symlink_to(path)
            return ctypes.CDLL(str(link))
    except OSError as error:
        raise GatewrightError(
            "GW-502",
            where=str(path),
            cause=f"what the C++ compiler wrote cannot be loaded: {error}.",
            remedy="Delete the folder that it is in, and let CXX name a compiler for this machine.",
        ) from error
