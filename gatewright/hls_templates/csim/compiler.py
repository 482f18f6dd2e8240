"""The C++ compiler: g++ where there is one, else the one that the ziglang wheel brings."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from gatewright.errors import GatewrightError

VARIABLE = "CXX"
"""Names a compiler."""
SIGNS = ("-Werror=sign-compare", "-Werror=sign-conversion")
"""Where C++ takes a negative integer for a large one, what we emit does not compile."""
OURS = ("g++", "clang++", "ziglang")
"""The compilers whose warnings we know."""


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Attributes:
        command: How to call it.
        name: ``g++``, ``ziglang``, or what the environment variable CXX says.
    """

    command: tuple[str, ...]
    name: str

    def version(self) -> str:
        """First line of its ``--version``.

        Raises:
            GatewrightError: GW-502 if it does not run.
        """
        said = _run([*self.command, "--version"]).stdout.splitlines()
        return said[0] if said else "unknown"


def warnings(compiler: Compiler) -> Sequence[str]:
    """Flags for what we emit: mixed signs are errors, but for a compiler that CXX brings in."""
    return SIGNS if compiler.name in OURS else ("-w",)


def apart(compiler: Compiler) -> Sequence[str]:
    """Flags for a library of many in one process: g++ would share the statics of templates."""
    return ("-fno-gnu-unique",) if compiler.name == "g++" else ()


def find_compiler() -> Compiler:
    """The compiler named by CXX, else g++ or clang++ on the path, else ziglang.

    Raises:
        GatewrightError: GW-501 if there is none.
    """
    named = os.environ.get(VARIABLE)
    for name in (named,) if named else ("g++", "clang++"):
        path = shutil.which(name)
        if path is not None:
            return Compiler((path,), name)
    if not named and importlib.util.find_spec("ziglang") is not None:
        return Compiler((sys.executable, "-m", "ziglang", "c++"), "ziglang")
    raise GatewrightError(
        "GW-501",
        where=f"{VARIABLE}={named}" if named else "PATH",
        cause="no C++ compiler was found.",
        remedy="Install g++ (apt install g++), or run pip install ziglang.",
    )


def ap_types() -> Path:
    """The folder of ap_int.h in the installed hls4ml; hls4ml itself is not imported."""
    spec = importlib.util.find_spec("hls4ml")
    if spec is None or spec.origin is None:
        raise GatewrightError(
            "GW-502",
            where="ap_int.h",
            cause="hls4ml, whose wheel brings the ap_int headers, is not installed.",
            remedy="Run pip install hls4ml.",
        )
    return Path(spec.origin).parent / "templates" / "vivado" / "ap_types"


def compile_library(
    compiler: Compiler, project: Path, output: Path, *, native: bool, taps: bool
) -> None:
    """Compile a project's C-simulation to a shared library.

    Args:
        compiler: From ``find_compiler``.
        project: The ``hls/`` folder.
        output: The library to write.
        native: On machine integers instead of ap_int.
        taps: With every value inside recorded.

    Raises:
        GatewrightError: GW-502 with the compiler's own words.
    """
    project, output = project.resolve(), output.resolve()
    flags = ["-std=c++17", "-shared", "-fPIC", *warnings(compiler), *apart(compiler)]
    flags += [f"-I{project}", f"-I{project}/gatewright"]
    flags += ["-O3", "-march=native", "-DGW_NATIVE"] if native else _ap_flags(compiler)
    flags += ["-DGW_TAPS"] if taps else []
    # Of its own: two processes may compile the same at once.
    partial = output.with_name(f"{output.stem}.{uuid4().hex}.partial")
    try:
        run_compiler(compiler, [*flags, str(project / "csim.cpp"), "-o", str(partial)], project)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def run_compiler(compiler: Compiler, arguments: Sequence[str], folder: Path) -> None:
    """Run the compiler in a folder; the last argument is the file it writes.

    Raises:
        GatewrightError: GW-502 with the compiler's own words.
    """
    command = [*compiler.command, *arguments]
    result = _run(command, folder)
    if result.returncode != 0 or not (folder / arguments[-1]).exists():
        lines = [line for line in result.stderr.splitlines() if "error" in line]
        raise GatewrightError(
            "GW-502",
            where=str(folder),
            cause=(lines or result.stderr.splitlines() or ["it wrote nothing"])[0],
            remedy=f"Run it by hand to see all: cd {shlex.quote(str(folder))} && "
            f"{shlex.join(command)}",
        )


def _run(command: Sequence[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise GatewrightError(
            "GW-502",
            where=command[0],
            cause=f"it does not run: {error.strerror}.",
            remedy="Let CXX name a C++ compiler, or unset it.",
        ) from error


def check_compiler(compiler: Compiler) -> None:
    """Compile and load a tiny library.

    Raises:
        GatewrightError: GW-502.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tiny.cpp").write_text('extern "C" int gw_tiny() { return 0; }\n')
        run_compiler(compiler, ["-shared", "-fPIC", "tiny.cpp", "-o", "tiny.so"], Path(folder))
        load_library(Path(folder, "tiny.so"))


def load_library(path: Path) -> ctypes.CDLL:
    """A library that the compiler wrote.

    Raises:
        GatewrightError: GW-502 if it is none.
    """
    try:
        return ctypes.CDLL(str(path.resolve()))
    except OSError as error:
        raise GatewrightError(
            "GW-502",
            where=str(path),
            cause=f"what the C++ compiler wrote cannot be loaded: {error}.",
            remedy="Delete that file, and let CXX name a compiler for this machine.",
        ) from error


def _ap_flags(compiler: Compiler) -> list[str]:
    flags = ["-O1", f"-isystem{ap_types()}"]
    if compiler.name != "g++":
        # The specialisations for std::complex in these two headers need libstdc++.
        flags += ["-D__AP_INT_SPECIAL_H__", "-D__AP_FIXED_SPECIAL_H__"]
    return flags
