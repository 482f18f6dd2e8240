"""What things are called: what is of a build carries its name, the library its version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gatewright.hls_templates.project.keywords import KEYWORDS

DEFAULT_NAME = "gatewright"
LIBRARY_VERSION = 1
"""Of what every build has the same copy of; raised where a byte of it changes after a release."""
LIBRARY = f"gatewright_v{LIBRARY_VERSION}"
"""The namespace of the library's C++, and its folder in ``hls/``."""
MACROS = LIBRARY.upper()
"""What the macros of the library's C++ begin with."""
SOURCES = "sources.f"
"""The list of all sources of ``rtl/`` in compile order: the library's, then the build's own."""
NAMESPACE = "_params"
"""What the namespace of a build's own C++ ends in."""
LIBRARY_LIST = "library.f"
"""The list of the library's."""
ROMS = "rom"
"""The folder of memory images in ``rtl/``."""
ROMS_HERE = "./"
"""Where that is for a tool that runs in ``rtl/``. Not empty: iverilog 11 makes a character zero of
an empty string, which ends the name of a file before it begins."""


_MOST_LETTERS = 40
_NAME_FORM = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_OURS = re.compile(r"gw(_.*)?|gatewright_v[0-9]+")


def fault_of_name(name: Any) -> str | None:
    """What a build may be called instead, where it may not be called that."""
    if not isinstance(name, str) or len(name) > _MOST_LETTERS or not _NAME_FORM.fullmatch(name):
        return (
            "small letters and digits, with single _ between them and a letter first, "
            f"{_MOST_LETTERS} at the most"
        )
    if name in KEYWORDS:
        return "another name: Verilog, VHDL or C++ keeps this word for itself"
    if _OURS.fullmatch(name):
        return "another name: this one is the library's"
    return None


def library_module(name: str) -> str:
    """What a module of the library is called in a build."""
    return f"{name}_v{LIBRARY_VERSION}"


@dataclass(frozen=True)
class Names:
    """What a build calls its own.

    Attributes:
        name: That of the build: see ``fault_of_name``.
    """

    name: str

    @property
    def top(self) -> str:
        """The design between its AXI-Stream ports, in SystemVerilog."""
        return f"{self.name}_top"

    @property
    def kernel(self) -> str:
        """The same in C++, and so the module that Vitis HLS makes of it."""
        return f"{self.name}_hls"

    @property
    def adapter(self) -> str:
        """That module with the ports of ``top``, in Verilog."""
        return f"{self.name}_hls_adapter"

    @property
    def core(self) -> str:
        """The same with the tap ports of its layers, in SystemVerilog."""
        return f"{self.name}_core"

    @property
    def package(self) -> str:
        """The parameters of its modules, in SystemVerilog."""
        return f"{self.name}_params_pkg"

    @property
    def ip(self) -> str:
        """The top as an IP, in Verilog."""
        return f"{self.name}_ip"

    @property
    def bench(self) -> str:
        """What simulates the IP, in SystemVerilog."""
        return f"{self.name}_tb"

    @property
    def namespace(self) -> str:
        """The parameters of its kernels and the words of its ports, in C++."""
        return f"{self.name}{NAMESPACE}"

    @property
    def sources(self) -> str:
        """The list of its own sources in ``rtl/``."""
        return f"{self.name}.f"

    @property
    def rom_dir(self) -> str:
        """The macro that says where its ``rom/`` is."""
        return self.macro("ROM_DIR")

    def macro(self, what: str) -> str:
        """A macro, in either language."""
        return f"{self.name}_{what}".upper()

    def module(self, ident: str) -> str:
        """A generated module."""
        return f"{self.name}_{ident}"

    def rom(self, ident: str) -> str:
        """The path of a memory image below ``rtl/``, without its suffix."""
        return f"{ROMS}/{self.name}_{ident}".lower()


DEFAULT_NAMES = Names(DEFAULT_NAME)
