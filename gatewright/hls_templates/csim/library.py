"""From ``hls/`` to a shared library with a C interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gatewright.files.reading import read_bytes
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.names import Names
from gatewright.tools import Cached
from gatewright.tools.cache import contents, header_facts, names_below, place
from gatewright.tools.compiler import (
    Compiler,
    ap_types,
    apart,
    find_compiler,
    run_compiler,
    warnings,
)

CSIM_LIBRARY, CSIM_MAIN, HOST = "csim.so", "csim.cpp", "host.cpp"
PROJECT = "hls"
"""Where the files are compiled: none of them takes the place of ours."""
SUFFIXES = (".cpp", ".hpp")
"""The kernels' own files. ``ap_int.h`` and what else ends in .h is the package's, in any case."""


def csim_sources(folder: Path, names: Iterable[str] | None = None) -> dict[str, bytes]:
    """The files of ``hls/`` that make its C-simulation.

    Args:
        folder: The ``hls/`` folder.
        names: Its files, relative; no other is read. None for all that are there.
    """
    known = names_below(folder) if names is None else names
    return {name: read_bytes(folder, name) for name in known if name.endswith(SUFFIXES)}


def csim_library(
    files: Mapping[str, bytes],
    *,
    native: bool,
    taps: bool,
    ports: Ports | None = None,
    compiler: Compiler | None = None,
) -> Cached:
    """The library of a design.

    Args:
        files: As ``csim_sources`` reads them.
        native: On machine integers instead of ap_int.
        taps: With every value inside recorded.
        ports: What it has to have; where its parameters are others, it does not compile.
        compiler: By default the one of ``find_compiler``.

    Raises:
        GatewrightError: GW-501 if there is no compiler; GW-502 with its own words when it runs.
    """
    compiler = compiler or find_compiler()
    flags = ["-std=c++17", "-shared", "-fPIC", *warnings(compiler), *apart(compiler)]
    flags += native_flags() if native else ap_flags(compiler)
    flags += ["-DGW_TAPS"] if taps else []
    headers = [] if native else header_facts(ap_types())
    host = {HOST: _host(ports).encode()}

    def make(work: Path) -> None:
        place(host | {f"{PROJECT}/{name}": content for name, content in files.items()}, work)
        run_compiler(compiler, [*flags, HOST, "-o", CSIM_LIBRARY], work)

    facts = [*contents(files), *contents(host), *headers, *compiler.facts(), *flags]
    kind = "csim-" + ("native" if native else "ap") + ("-taps" if taps else "")
    return Cached(kind, facts, [CSIM_LIBRARY], make)


def _host(ports: Ports | None) -> str:
    """The translation unit: the files' own, and the widths of arrays that the host gives it."""
    lines = [f'#include "{PROJECT}/{CSIM_MAIN}"']
    if ports is not None:
        for end in (*ports.inputs, *ports.outputs):
            ident = f"{end.name}_params"
            lines.append(_has(ports.names, ident, "WIDTH", end.values_per_step))
        for tap in ports.rtl_taps:
            ident = tap.port.removesuffix("_tap")
            lines.append(_has(ports.names, ident, "HIDDEN", tap.hidden))
    return "".join(f"{line}\n" for line in lines)


def _has(names: Names, ident: str, name: str, value: int) -> str:
    words = f"hls/ is not what 3_kernels.json says: {ident} has another {name} than {value}"
    return f'static_assert({names.namespace}::{ident}::{name} == {value}, "{words}");'


def native_flags() -> list[str]:
    """Flags for machine integers: long runs, for which a longer compile pays."""
    return ["-O3", "-march=native", "-DGW_NATIVE"]


def ap_flags(compiler: Compiler) -> list[str]:
    """Flags for ap_int, whose headers come with hls4ml."""
    flags = ["-O1", f"-isystem{ap_types()}"]
    if compiler.name != "g++":
        # The specialisations for std::complex in these two headers need libstdc++.
        flags += ["-D__AP_INT_SPECIAL_H__", "-D__AP_FIXED_SPECIAL_H__"]
    return flags
