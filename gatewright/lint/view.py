"""The C++ of a build as rules look at it, each thing made once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from gatewright.builds.documents import Documents
from gatewright.builds.folder import PROJECT
from gatewright.files.reading import MAX_JSON, read_bytes, whole
from gatewright.hls_templates.records import KernelsDocument
from gatewright.lint.pragmas.parse import Pragma, pragmas_of

_HOST = tuple(f"{PROJECT}/{name}" for name in ("csim.cpp", "tb.cpp", "gatewright/gw_host.hpp"))
"""C++ that no hardware is made of."""


class View:
    """The folder ``hls/`` of a build.

    Args:
        texts: Its C++ that hardware is made of, by path below the build.
        kernels: ``3_kernels.json``.
    """

    def __init__(self, texts: Mapping[str, str], kernels: KernelsDocument) -> None:
        self.texts, self.kernels = dict(texts), kernels

    @cached_property
    def pragmas(self) -> tuple[Pragma, ...]:
        """Every ``#pragma HLS``, file by file in the order of their names."""
        return tuple(p for name in sorted(self.texts) for p in pragmas_of(name, self.texts[name]))


def is_hardware(name: str) -> bool:
    """Whether hardware is made of a file, by its path below the build."""
    return name.endswith((".cpp", ".hpp")) and name not in _HOST


def view_of(build: Documents) -> View:
    """A build, to be looked at.

    Raises:
        GatewrightError: GW-402 where a file of it is missing or damaged.
    """
    names = (f"{PROJECT}/{name}" for name in build.listed(PROJECT))
    return View({name: _text(build, name) for name in names if is_hardware(name)}, build.kernels)


def _text(build: Documents, name: str) -> str:
    data = read_bytes(build.path, name, MAX_JSON)
    with whole(build.path / name):
        return data.decode()
