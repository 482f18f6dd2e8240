"""``gatewright report``: the page of a build, from what is in its folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatewright.errors import GatewrightError
from gatewright.folder import REPORT, SYNTH, VERIFY, named, write_text
from gatewright.ir.certificate import ASSUMPTIONS
from gatewright.manifest import check_unchanged, read_manifest
from gatewright.page import Facts, render

if TYPE_CHECKING:
    from gatewright.build import Build

SYNTH_REPORT = "synth.json"


def write_report(build: Build, output: str | os.PathLike[str] | None = None) -> Path:
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
    page = build.path / REPORT if output is None else named(output)
    facts = gather(build)
    try:
        text = render(facts)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        check_unchanged(build.path, error)
        raise _damaged(build.path, error) from error
    write_text(page, text)
    return page


def gather(build: Build) -> Facts:
    """What a page shows.

    Raises:
        GatewrightError: GW-402.
    """
    rows = [row._asdict() for row in build.certificate.summary()]
    found = sorted((build.path / SYNTH).glob(f"*/{SYNTH_REPORT}"))
    synthesized = [path for path in found if not path.parent.name.startswith(".")]
    verified = build.path / VERIFY
    return Facts(
        build.path.resolve().name,
        read_manifest(build.path),
        build.kernels,
        rows,
        list(ASSUMPTIONS),
        _load(verified) if verified.is_file() else None,
        [_load(path) for path in synthesized],
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error
    if not isinstance(data, dict):
        raise _damaged(path, TypeError("it is no object"))
    return data


def _damaged(path: Path, error: Exception) -> GatewrightError:
    return GatewrightError(
        "GW-402",
        where=str(path),
        cause=f"what verify or synth left there cannot be shown ({type(error).__name__}: {error}).",
        remedy="Run verify or synth again, or delete that file.",
    )
