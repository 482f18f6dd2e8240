"""The C++ compilers that tests ask for by name."""

from __future__ import annotations

import importlib.util
import shutil
import sys

import pytest

from gatewright.tools.compiler import Compiler

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
