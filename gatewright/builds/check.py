"""Judge a build without running anything of it: emit it again, and compare bytes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from gatewright import frontend
from gatewright.builds.documents import Documents
from gatewright.builds.emission import emit, make_forms
from gatewright.builds.folder import CALIBRATION, MANIFEST, NO_PART, TRACED, located, strangers
from gatewright.builds.graphs import read_graph
from gatewright.builds.manifest import (
    DIGEST,
    FILES,
    MADE_BY,
    OPTIONS,
    facts_of,
    is_whole,
    parse_manifest,
)
from gatewright.builds.options import BuildOptions, check_options
from gatewright.errors import GatewrightError
from gatewright.files.beside import HIDDEN
from gatewright.files.reading import check_regular, digest_of, read_bytes, whole
from gatewright.version import VERSION

ChangeKind = Literal["differs", "missing", "added", "manifest"]
BESIDE = (*NO_PART, *map(HIDDEN.format, NO_PART))
"""What may stand in the folder, and what a killed process leaves of it."""
NAMED = 5
"""Findings that an error names; the rest it counts."""


@dataclass(frozen=True)
class Change:
    """What is not as ``compile`` emits it.

    Attributes:
        kind: ``differs``, ``missing`` or ``added`` of a file, ``manifest`` of what that says.
        name: The file, or the entry of the manifest.
        says: What is wrong with it.
    """

    kind: ChangeKind
    name: str
    says: str

    def __str__(self) -> str:
        return f"{self.name} {self.says}"


@dataclass(frozen=True)
class Checked:
    """A build that is what ``compile`` emits.

    Attributes:
        path: The folder.
        emitted: Files that were emitted again, and are the same byte for byte.
        by_digest: Files that nothing can emit again: they are what the manifest says of them.
        no_part: What stands in the folder and is no part of the build; nobody has looked at it.
    """

    path: Path
    emitted: tuple[str, ...]
    by_digest: tuple[str, ...]
    no_part: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All facts, for machines."""
        return {**asdict(self), "path": str(self.path)}


class ChangedBuildError(GatewrightError):
    """GW-406: a build is not what ``compile`` emits.

    Attributes:
        findings: All that is not.
    """

    def __init__(self, folder: Path, findings: list[Change]) -> None:
        self.findings = tuple(findings)
        named = "; ".join(map(str, findings[:NAMED]))
        more = f"; and {len(findings) - NAMED} more" if len(findings) > NAMED else ""
        super().__init__(
            "GW-406",
            where=str(folder),
            cause=f"{named}{more}.",
            remedy="Do not run it, unless you know who changed it and why; compile the model "
            "again, or get the build again.",
        )

    def as_dict(self) -> dict[str, Any]:
        """The same facts, and every finding."""
        return {**super().as_dict(), "findings": [asdict(finding) for finding in self.findings]}


def check(build: Documents | str | os.PathLike[str]) -> Checked:
    """Emit a build again, from its ``1_traced.onnx`` and the options in its manifest, and compare.

    Nothing of it is compiled or run. What is accepted is what this version of Gatewright compiles
    from some model with some options; whether that is the model that you wanted, it does not say.

    Args:
        build: The build, or its folder.

    Returns:
        What was compared, and how.

    Raises:
        GatewrightError: GW-402 where the folder is no build or its manifest cannot be read; GW-406,
            a ``ChangedBuildError``, where any byte is another; GW-407 where another version made
            it; those of ``compile`` where the model in it cannot be compiled.
    """
    folder = build.path if isinstance(build, Documents) else located(build)
    manifest = parse_manifest(folder)
    if manifest[MADE_BY] != VERSION:
        raise GatewrightError(
            "GW-407",
            where=str(folder),
            cause=f"it was made by Gatewright {manifest[MADE_BY]}; this is {VERSION}, which may "
            "emit other bytes. Nothing was compared.",
            remedy=f"Check it with Gatewright {manifest[MADE_BY]}, or compile the model again.",
        )
    listed = manifest[FILES]
    lacking = [name for name in OPTIONS if name not in manifest]
    findings = [Change("manifest", name, "is an option that it lacks") for name in lacking]
    if not is_whole(manifest) or DIGEST not in manifest:
        findings.append(Change("manifest", MANIFEST, "has not the digest that it says of itself"))
    emitted: dict[str, bytes] = {}
    # From a graph that is not the one that was compiled, everything would be another.
    if not lacking and _compare_file(folder, TRACED, listed.get(TRACED)) is None:
        options, emitted = _emit_again(folder, manifest)
        findings += _compare_manifests(manifest, options, emitted)
    for name in sorted({TRACED, *listed, *emitted}):
        found = _compare_file(folder, name, emitted.get(name, listed.get(name)))
        findings += [] if found is None else [found]
    with whole(folder):
        added = strangers(folder, {*listed, *emitted, MANIFEST})
        findings += [Change("added", name, "was added") for name in added if name not in BESIDE]
    if findings:
        raise ChangedBuildError(folder, findings)
    by_digest = tuple(sorted(listed.keys() - emitted.keys()))
    return Checked(folder, tuple(sorted(emitted)), by_digest, _no_part(folder))


def _emit_again(folder: Path, manifest: Mapping[str, Any]) -> tuple[BuildOptions, dict[str, bytes]]:
    """The options as resolved, and the files that ``compile`` would write."""
    options = check_options(**{name: manifest[name] for name in OPTIONS})
    traced = read_graph(folder, TRACED)
    traced.DiscardUnknownFields()
    with whole(folder / TRACED):
        frontend.load(traced)  # refuses what would take for ever, or more memory than there is
        forms = make_forms(traced, options, lambda stage: None)
        return forms.options, emit(forms)


def _compare_manifests(
    manifest: Mapping[str, Any], options: BuildOptions, emitted: Mapping[str, bytes]
) -> Iterator[Change]:
    """What a manifest says, beside what it would say."""
    facts, listed = facts_of(options), manifest[FILES]
    for name in sorted({*facts, *manifest} - {FILES, DIGEST}):
        if name not in facts:
            yield Change("manifest", name, "is an entry that compile does not write")
        elif json.dumps(manifest[name]) != json.dumps(facts[name]):
            yield Change("manifest", name, f"is {manifest[name]!r}, not {facts[name]!r}")
    for name in sorted({*listed, *emitted} - {CALIBRATION}):
        if name not in listed:
            yield Change("manifest", name, "is a file that it does not list")
        elif name not in emitted:
            yield Change("manifest", name, "is listed, and compile does not write it")
        elif listed[name] != hashlib.sha256(emitted[name]).hexdigest():
            yield Change("manifest", name, "is listed with another digest")


def _compare_file(folder: Path, name: str, wanted: bytes | str | None) -> Change | None:
    """A file beside its bytes, or beside the digest that the manifest has of it."""
    try:
        check_regular(folder, name)
    except FileNotFoundError:
        return Change("missing", name, "is missing")
    except (OSError, ValueError) as error:
        return Change("differs", name, f"cannot be read: {getattr(error, 'strerror', 0) or error}")
    if isinstance(wanted, bytes):
        longer = (folder / name).stat().st_size > len(wanted)
        same = not longer and read_bytes(folder, name) == wanted
    else:
        same = digest_of(folder, name) == wanted
    return None if same else Change("differs", name, "differs")


def _no_part(folder: Path) -> tuple[str, ...]:
    return tuple(name for name in BESIDE if os.path.lexists(folder / name))
