"""From ``rtl/`` to a shared library with the C interface of ``session.hpp``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.names import Names
from gatewright.hls_templates.template import template
from gatewright.tools import Cached
from gatewright.tools.cache import contents, place
from gatewright.tools.compiler import (
    Compiler,
    apart,
    find_compiler,
    run_compiler,
    warnings,
)

_FLAGS = ("-std=c++17", "-fPIC", "-fvisibility=hidden", "-DNDEBUG")
# What a simulator wrote has its own warnings.
MODEL_HEAD = "#pragma GCC system_header\n"
_FIXED = ("ends.hpp", "taps.hpp", "harness.hpp", "session.hpp")
ADAPTER = "adapter.hpp"
CORE_LIBRARY, CORE_MAIN = "core.so", "main.cpp"


@dataclass(frozen=True)
class Model:
    """How a simulator makes C++ of a core.

    Attributes:
        kind: Names it.
        header: The simulator's adapter, one of our files.
        member: How the model names a signal.
        facts: What the model depends on beside the sources: tools, versions, options, headers.
        generate: Writes ``gw_model.hpp``, in which ``gw_model`` is the core, into the folder that
            holds the core's files; returns the compiler's arguments for it.
    """

    kind: str
    header: str
    member: Callable[[str], str]
    facts: Sequence[str]
    generate: Callable[[RtlProject, Names, Path], Sequence[str]]


def flags(compiler: Compiler) -> list[str]:
    """Flags of every translation unit."""
    return [*_FLAGS, *warnings(compiler), *apart(compiler)]


def core_library(rtl: RtlProject, model: Model, ports: Ports, trace: bool) -> Cached:
    """The library of a core, and the ROM files that it reads as it is opened.

    Args:
        rtl: The core.
        model: The simulator.
        ports: The core's ports.
        trace: Whether it can write a waveform.

    Raises:
        GatewrightError: GW-501 if there is no compiler; when it is made GW-702 of the simulator and
            GW-502 of the compiler.
    """
    compiler = find_compiler()
    ours = {name: _text(name).encode() for name in (*_FIXED, model.header)}
    ours[ADAPTER] = _adapter(ports, model).encode()
    ours[CORE_MAIN] = f'#include "{model.header}"\n'.encode()
    arguments = [*flags(compiler), "-shared", *(["-DGW_TRACE"] if trace else [])]

    def make(work: Path) -> None:
        place({**rtl.files, **ours}, work)
        generated = model.generate(rtl, ports.names, work)
        run_compiler(compiler, [*arguments, *generated, CORE_MAIN, "-o", CORE_LIBRARY], work)

    facts = [
        ports.name,
        *contents(rtl.files),
        *rtl.sources,
        *contents(ours),
        *model.facts,
        *compiler.facts(),
    ]
    return Cached(model.kind, [*facts, *arguments], [CORE_LIBRARY, *rtl.roms], make)


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text()


def _adapter(ports: Ports, model: Model) -> str:
    adapter = template("gatewright.hls_templates.cosim", f"{ADAPTER}.j2")
    return adapter.render(ports=ports, member=model.member)
