"""``gatewright report``: the page of a build, from what is in its folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gatewright.boards.report import SYNTH_JSON
from gatewright.boards.report_json import SynthJson
from gatewright.builds.blame import check_unchanged
from gatewright.builds.documents import Documents
from gatewright.builds.folder import REPORT, SYNTH, VERIFY, named, place_in, recover_all, write_text
from gatewright.builds.manifest import read_manifest
from gatewright.errors import GatewrightError
from gatewright.files.reading import MAX_FACTS, read_json, whole
from gatewright.files.records import check_types
from gatewright.hls_templates.mapping.document import to_json
from gatewright.ir.certificate.certificate import ASSUMPTIONS
from gatewright.ir.certificate.proof import Proof
from gatewright.levels.table import TABLE
from gatewright.page import Facts, render
from gatewright.verify.report_json import ReportJson

_REMEDY = "Run verify or synth again, or delete that file."


def write_report(build: Documents, output: str | os.PathLike[str] | None = None) -> Path:
    """Write one HTML page about a build. It runs nothing: it shows what is there.

    Args:
        build: The build. What ``verify`` and ``synth`` left in its folder is shown too.
        output: The page; by default ``report.html`` in the folder.

    Returns:
        Where the page is. The same folder gives the same bytes.

    Raises:
        GatewrightError: GW-402 if a file of the folder is damaged, GW-404 if the page cannot be
            written.
    """
    page = place_in(build.path, REPORT) if output is None else named(output)
    facts = gather(build)
    try:
        text = render(facts)
    except Exception as error:  # whatever does not fit together
        check_unchanged(build.path, error)
        raise GatewrightError(
            "GW-402",
            where=str(build.path),
            cause=f"what verify or synth left there cannot be shown ({type(error).__name__}: "
            f"{error}).",
            remedy=_REMEDY,
        ) from error
    write_text(page, text)
    return page


def gather(build: Documents) -> Facts:
    """What a page shows.

    Raises:
        GatewrightError: GW-402; GW-404 if what synth was killed over cannot be put back.
    """
    rows = [row._asdict() for row in build.certificate.summary()]
    recover_all(place_in(build.path, SYNTH))
    synthesized = [
        name
        for board in _folders(build.path)
        if os.path.lexists(build.path / (name := f"{SYNTH}/{board}/{SYNTH_JSON}"))
    ]
    return Facts(
        build.path.resolve().name,
        read_manifest(build.path),
        to_json(build.kernels),
        rows,
        Proof.of(build.certificate).facts(),
        list(ASSUMPTIONS),
        {name: (level.artefact, level.runner) for name, level in TABLE.items()},
        _load(build.path, VERIFY, ReportJson) if os.path.lexists(build.path / VERIFY) else None,
        [_load(build.path, name, SynthJson) for name in synthesized],
    )


def _folders(folder: Path) -> list[str]:
    """What ``synth`` left, a folder a board."""
    with whole(folder / SYNTH, _REMEDY):
        found = os.listdir(folder / SYNTH) if os.path.lexists(folder / SYNTH) else []
        return sorted(name for name in found if not name.startswith("."))


def _load(folder: Path, name: str, type_: Any) -> dict[str, Any]:
    data = read_json(folder, name, MAX_FACTS, _REMEDY)
    with whole(folder / name, _REMEDY):
        check_types(data, type_)
    return data
