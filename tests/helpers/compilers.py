"""The C++ compilers that tests ask for by name."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from gatewright.tools.compiler import Compiler, run_compiler

CLANG = Compiler((sys.executable, "-m", "ziglang", "c++"), "ziglang")


def needs(name: str) -> Compiler:
    """That compiler; without it the test is skipped."""
    if name == "ziglang":
        if importlib.util.find_spec("ziglang") is None:
            pytest.skip("needs the ziglang wheel")
        return CLANG
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"needs {name}")
    return Compiler((path,), name)


def program(
    compiler: Compiler, flags: Sequence[str], sources: Sequence[Path], folder: Path
) -> Path:
    """Compile soon, and link.

    Linked for -O0 the wheel would compile a libc++ for that first; the one for -O1 other tests need
    as well.
    """
    objects = [f"{source.stem}.o" for source in sources]
    for source, made in zip(sources, objects, strict=True):
        run_compiler(compiler, ["-O0", *flags, "-c", str(source), "-o", made], folder)
    run_compiler(compiler, ["-O1", *flags, *objects, "-o", "program"], folder)
    return folder / "program"
