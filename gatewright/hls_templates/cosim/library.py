"""From ``rtl/`` to a shared library with the C interface of ``harness.hpp``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2

from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.csim.compiler import (
    Compiler,
    apart,
    find_compiler,
    run_compiler,
    warnings,
)
from gatewright.hls_templates.eda import work_folder
from gatewright.hls_templates.ports import Ports

FLAGS = ("-std=c++17", "-fPIC", "-fvisibility=hidden", "-DNDEBUG")
# What a simulator wrote has its own warnings.
MODEL_HEAD = "#pragma GCC system_header\n"
FIXED = ("ends.hpp", "harness.hpp")
ADAPTER = "adapter.hpp"


@dataclass(frozen=True)
class Model:
    """How a simulator makes C++ of a core.

    Attributes:
        kind: Names it.
        header: The simulator's adapter, one of our files.
        member: How the model names a signal.
        facts: What the model depends on beside the sources: versions, options.
        generate: Writes ``gw_model.hpp`` into a folder; returns the compiler's arguments for it.
    """

    kind: str
    header: str
    member: Callable[[str], str]
    facts: Sequence[str]
    generate: Callable[[RtlProject, Path], Sequence[str]]


def flags(compiler: Compiler) -> list[str]:
    """Flags of every translation unit."""
    return [*FLAGS, *warnings(compiler), *apart(compiler)]


def cached_library(rtl: RtlProject, cache: Path, model: Model, ports: Ports, trace: bool) -> Path:
    """The library of a core, compiled unless it is there.

    Args:
        rtl: The core.
        cache: Folder of libraries; their names carry a digest of all that goes in.
        model: The simulator.
        ports: The core's ports.
        trace: Whether it can write a waveform.

    Raises:
        GatewrightError: GW-702 of the simulator, GW-501 and GW-502 of the compiler.
    """
    compiler, cache = find_compiler(), cache.resolve()
    files = {name: _text(name) for name in (*FIXED, model.header)}
    files[ADAPTER] = _adapter(ports, model)
    files["main.cpp"] = f'#include "{model.header}"\n'
    arguments = [*flags(compiler), "-shared", *(["-DGW_TRACE"] if trace else [])]
    facts = [rtl.digest(), *model.facts, compiler.version(), *arguments, *files.values()]
    library = cache / f"{model.kind}-{digest(facts)}.so"
    if library.exists():
        return library
    with work_folder(cache) as work:
        for name, text in files.items():
            (work / name).write_text(text)
        arguments += model.generate(rtl, work)
        run_compiler(compiler, [*arguments, "main.cpp", "-o", "core.so"], work)
        (work / "core.so").replace(library)
    return library


def digest(facts: Sequence[str]) -> str:
    """Of texts, as part of a file name."""
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text()


def _adapter(ports: Ports, model: Model) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    template = environment.get_template(f"{ADAPTER}.j2")
    return template.render(ports=ports, member=model.member)
