"""The library in either language: what ``lib/`` and the kernels' folders hold, versioned.

A process reads it once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources

from gatewright.hls_templates.kernels.table import FOLDERS
from gatewright.hls_templates.project.names import LIBRARY, MACROS, library_module

SWITCHES = frozenset({"GW_NATIVE", "GW_OPENED", "GW_TAPS", "GW_VITIS"})
"""Macros that the library's C++ asks for: whoever compiles it defines them, of any version."""
CPP_MACROS = frozenset(
    {"GW_KEPT_ARGUMENT", "GW_KEPT_PARAMETER", "GW_KEPT_STATIC", "GW_TAP", "GW_TAP_STEP"}
)
"""Macros that it defines."""


def library(suffix: str) -> dict[str, str]:
    """Every file of the library that ends so, by name, in alphabetical order.

    Args:
        suffix: ``.hpp`` or ``.sv``.

    Raises:
        ValueError: If two folders hold files of one name.
    """
    return dict(_library(suffix))


@cache
def _library(suffix: str) -> dict[str, str]:
    templates = resources.files("gatewright.hls_templates")
    found: dict[str, str] = {}
    for folder in ("lib", *(f"kernels/{name}" for name in FOLDERS)):
        for file in templates.joinpath(folder).iterdir():
            if file.name.endswith(suffix):
                if file.name in found:
                    raise ValueError(f"{folder} holds another {file.name}")
                found[file.name] = file.read_text()
    return dict(sorted(found.items()))


def versioned_modules() -> dict[str, str]:
    """The SystemVerilog as builds have it, by name: module and file carry the version."""
    return dict(_versioned_modules())


@cache
def _versioned_modules() -> dict[str, str]:
    files = library(".sv")
    modules = {name.removesuffix(".sv") for name in files}
    return {
        f"{library_module(name.removesuffix('.sv'))}.sv": guarded(
            library_module(name.removesuffix(".sv")), versioned_sv(text, modules)
        )
        for name, text in files.items()
    }


def versioned_headers() -> dict[str, str]:
    """The C++ as builds have it, by name: namespace and macros carry the version."""
    return dict(_versioned_headers())


@cache
def _versioned_headers() -> dict[str, str]:
    files = library(".hpp")
    stems = {name.removesuffix(".hpp") for name in files}
    return {name: _header(name, versioned_cpp(text, stems)) for name, text in files.items()}


def versioned_sv(text: str, modules: Collection[str], others: Collection[str] = ()) -> str:
    """SystemVerilog with the modules of the library called as in builds.

    Args:
        text: Written by us, without any word that came from a model.
        modules: Those of the library.
        others: Modules of ours that are none of the library.

    Raises:
        ValueError: For a word that begins as our modules do, and is none of them.
    """

    def renamed(word: str) -> str:
        if word in modules:
            return library_module(word)
        return _known(word, others)

    return re.sub(r"\bgw_\w+", lambda found: renamed(found[0]), text)


def versioned_cpp(text: str, headers: Collection[str]) -> str:
    """C++ with the namespace and the macros of the library called as in builds.

    Args:
        text: Of the library.
        headers: Its files, without their suffix, which keep their names in a folder of their own.

    Raises:
        ValueError: For a word that begins as ours do, and is none of them.
    """

    def renamed(word: str) -> str:
        if word == "gw":
            return LIBRARY
        if word in CPP_MACROS:
            return word.replace("GW", MACROS, 1)
        return _known(word, {*headers, *SWITCHES})

    return re.sub(r"\bgw\b|\b(?:gw|GW)_\w+", lambda found: renamed(found[0]), text)


def guarded(module: str, text: str) -> str:
    """The file of a module, which may be read any number of times."""
    guard = f"{module}_sv".upper()
    return f"`ifndef {guard}\n`define {guard}\n\n{text}\n`endif\n"


def file_list(names: Iterable[str]) -> str:
    """Names of sources, a line each, as every tool reads them behind ``-f``."""
    return "".join(f"{name}\n" for name in names)


def _header(name: str, text: str) -> str:
    once = "#pragma once\n"
    if text.count(once) != 1:
        raise ValueError(f"{name} has not one #pragma once")
    guard = f"{MACROS}_{name.upper().replace('.', '_')}"
    return text.replace(once, f"#ifndef {guard}\n#define {guard}\n") + f"\n#endif  // {guard}\n"


def _known(word: str, words: Collection[str]) -> str:
    if word not in words:
        raise ValueError(f"{word} is no name of the library")
    return word
