"""What most tests run takes a moment, to compile it seconds: it is compiled soon, and runs slower.

RTL is compiled without optimization, and g++ reads the headers of ap_int, which are the same for
all designs, once a session instead of once a design. The sources, the harness and all that is
compared are the same. Tests of what users compile, and those that call commands in processes of
their own, have what users have.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim.verilator import OUR_STYLE, Model, Style, verilator_model
from gatewright.hls_templates.csim.library import ap_flags
from gatewright.tools import Tool
from gatewright.tools.compiler import Compiler, apart, run_compiler
from gatewright.tools.home import VARIABLE as CACHE

HASTY = replace(OUR_STYLE, optimize=("-O0",))
HEADERS = "#include <ap_int.h>\n#include <cassert>\n#include <type_traits>\n#include <vector>\n"


def hasty_model(tool: Tool, *, trace: bool, style: Style = HASTY) -> Model:
    """``verilator_model``, in haste where nobody asks for another style."""
    return verilator_model(tool, trace=trace, style=style)


def headers_folder() -> Path:
    """Beside the cache of the session."""
    return Path(f"{os.environ[CACHE]}-headers")


class HastyFlags:
    """``ap_flags``, with the headers compiled before.

    Args:
        folder: Where they are; made when they are first asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, compiler: Compiler) -> list[str]:
        flags = ap_flags(compiler)
        if compiler.name != "g++":  # others have other ways
            return flags
        try:
            return ["-include", str(self._made(compiler, flags)), *flags]
        except GatewrightError:  # a test has broken it: the next call says so, as users see it
            return flags

    def _made(self, compiler: Compiler, flags: list[str]) -> Path:
        header = self._folder / "ap.hpp"
        self._folder.mkdir(exist_ok=True)
        with FileLock(self._folder / "lock"):
            if not header.exists():
                (self._folder / "new.hpp").write_text(HEADERS)
                alike = ["-std=c++17", "-fPIC", *apart(compiler), *flags, "-x", "c++-header"]
                run_compiler(compiler, [*alike, "new.hpp", "-o", "ap.hpp.gch"], self._folder)
                (self._folder / "new.hpp").replace(header)
        return header
