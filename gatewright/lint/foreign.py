"""Our layers in a project of another tool, hls4ml's: each as a top level of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from gatewright.builds.folder import PROJECT
from gatewright.errors import GatewrightError
from gatewright.files.reading import MAX_JSON, read_bytes, read_json, whole
from gatewright.files.records import Finite, Record
from gatewright.hls_templates.mapping.document import from_json, to_json
from gatewright.hls_templates.project.names import LIBRARY, Names
from gatewright.hls_templates.records import KernelsDocument
from gatewright.lint.lint import check_packages
from gatewright.lint.records import LintReport

MARK = "hls4ml_config.yml"
"""What lies in every project of hls4ml."""
FIRMWARE = "firmware"
"""Where its C++ lies, and ours with it."""
ENDS_HEADER = "gatewright_hls4ml.hpp"
"""Between its tensors and our streams."""
_HOST = f"{LIBRARY}/gw_host.hpp"


class _Layer(Record, frozen=True):
    clock_ns: Finite
    kernels: dict[str, Any]


def is_project(folder: Path) -> bool:
    """Whether a folder is a project of hls4ml."""
    return (folder / MARK).is_file()


def layer_json(kernels: KernelsDocument, clock_ns: float) -> bytes:
    """What a project holds of a layer, for the linter.

    Args:
        kernels: Its kernels.
        clock_ns: The clock period that delays are held against, in nanoseconds.
    """
    return msgspec.json.format(msgspec.json.encode(_Layer(clock_ns, to_json(kernels))), indent=1)


def layer_files(name: str) -> dict[str, str]:
    """The C++ of a layer by its path in ``hls/`` of a build: the same, but for the top level.

    Args:
        name: Of the layer.
    """
    names = Names(name)
    own = (ENDS_HEADER, f"{name}.hpp", f"{names.namespace}.hpp")
    return {f"{PROJECT}/top.cpp": f"{names.kernel}.cpp"} | {f"{PROJECT}/{n}": n for n in own}


def project_report(folder: Path) -> LintReport:
    """What of our layers in a project is against documents of Vitis HLS, layer by layer.

    Args:
        folder: The project's.

    Raises:
        GatewrightError: GW-402 where there is no layer of ours, or a file of one is missing or
            damaged; GW-505 where a package is not installed.
    """
    check_packages()
    from gatewright.lint.pipelines import pipeline_records
    from gatewright.lint.rules.table import judge

    reports = []
    for name in _layers(folder):
        view, places = _view(folder, name)
        findings = [_placed(f, places) for f in judge(view)]
        pipelines = [_placed(p, places) for p in pipeline_records(view)]
        reports.append((findings, pipelines))
    return LintReport(
        tuple(dict.fromkeys(f for findings, _ in reports for f in findings)),
        tuple(p for _, pipelines in reports for p in pipelines),
    )


def _placed(found: Any, places: dict[str, str]) -> Any:
    """A record whose file is the project's."""
    return msgspec.structs.replace(found, file=places.get(found.file, found.file))


def _layers(folder: Path) -> list[str]:
    """Names of layers."""
    found = sorted((folder / FIRMWARE).glob("*_params.hpp"))
    names = [path.name.removesuffix("_params.hpp") for path in found]
    if not names:
        raise GatewrightError(
            "GW-402",
            where=str(folder),
            cause="it is a project of hls4ml without a layer of ours.",
            remedy="Convert with gatewright.hls4ml imported, and call write() or compile().",
        )
    return names


def _view(folder: Path, name: str) -> tuple[Any, dict[str, str]]:
    """A layer, to be looked at, and where its files are in the project."""
    from gatewright.lint.view import View

    files = layer_files(name) | dict(_library(folder))
    texts = {path: _text(folder, f"{FIRMWARE}/{file}") for path, file in files.items()}
    record = f"{FIRMWARE}/{name}.json"
    value = read_json(folder, record, MAX_JSON)
    with whole(folder / record):
        layer = msgspec.convert(value, _Layer)
        kernels = from_json(layer.kernels)
    places = {path: f"{FIRMWARE}/{file}" for path, file in files.items()}
    return View(texts, kernels, layer.clock_ns), places


def _library(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((folder / FIRMWARE / LIBRARY).glob("*.hpp")):
        name = str(PurePosixPath(LIBRARY) / path.name)
        if name != _HOST:
            yield f"{PROJECT}/{name}", name


def _text(folder: Path, name: str) -> str:
    data = read_bytes(folder, name, MAX_JSON)
    with whole(folder / name):
        return data.decode()
