"""The manifest of a build: its version and options, and a digest of each file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypedDict

from gatewright.builds.folder import CERTIFICATE, INTEGER, KERNELS, MANIFEST, STANDARD, TRACED
from gatewright.builds.options import BuildOptions
from gatewright.errors import GatewrightError
from gatewright.files.reading import AGAIN, MAX_FACTS, check_regular, read_json, whole
from gatewright.files.records import Count, check_types
from gatewright.version import VERSION

MADE_BY, FILES, DIGEST = "gatewright", "files", "digest"
OPTIONS = tuple(field.name for field in fields(BuildOptions))
"""Every option of a build."""


class _Always(TypedDict):
    """What the manifests of every version hold."""

    gatewright: str
    files: dict[str, str]
    multipliers: Count
    requantizer: str
    board: str


class ManifestJson(_Always, total=False):
    """All that this version's hold."""

    max_steps: Count
    hls_depth: Count | None
    name: str
    rom_dir: str
    bus_bits: Count | None
    clock: float | None
    sequences: Count
    digest: str


PARTS = (TRACED, INTEGER, STANDARD, KERNELS, CERTIFICATE)
"""What every build has, besides its folders of sources."""
_REMEDY = "Name the folder that compile wrote, or compile the model into a new one."


def make_manifest(facts: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """The manifest, which ends in a digest of itself.

    Args:
        facts: As ``facts_of`` gives them.
        files: The digest of each file, by name.
    """
    body = {**facts, FILES: dict(files)}
    body.pop(DIGEST, None)
    return {**body, DIGEST: digest_of_manifest(body)}


def facts_of(options: BuildOptions) -> dict[str, Any]:
    """What a manifest says of a build as a whole: who made it, and every option."""
    return {MADE_BY: VERSION, **asdict(options)}


def write_manifest(folder: Path, facts: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Write the manifest.

    Args:
        folder: Of the build.
        facts: About it, as ``facts_of`` gives them.
        files: The content of each of its files, by name.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    text = json.dumps(make_manifest(facts, digests), indent=2, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n")


def parse_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest, and check the types of what it holds and where its names lead.

    Raises:
        GatewrightError: GW-402.
    """
    manifest = read_json(folder, MANIFEST, MAX_FACTS, _REMEDY)
    with whole(folder / MANIFEST, _REMEDY):
        check_types(manifest, ManifestJson)
        for name in manifest[FILES]:
            _check_name(name)
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest and check that every file is there.

    Raises:
        GatewrightError: GW-402.
    """
    manifest = parse_manifest(folder)
    for name in PARTS:
        if name not in manifest[FILES]:
            raise damaged(folder / MANIFEST, f"it does not list {name}")
    for name in manifest[FILES]:
        try:
            check_regular(folder, name)
        except FileNotFoundError as error:
            raise damaged(folder, f"{name} is missing") from error
        except (OSError, ValueError) as error:
            says = getattr(error, "strerror", None) or error
            raise damaged(folder / name, f"{says}") from error
    return manifest


def is_whole(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest is what ``compile`` wrote, as far as it says that of itself."""
    body = {key: value for key, value in manifest.items() if key != DIGEST}
    return DIGEST not in manifest or manifest[DIGEST] == digest_of_manifest(body)


def digest_of_manifest(body: Mapping[str, Any]) -> str:
    """Of all that it holds, however that is laid out."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def damaged(path: Path, fault: str) -> GatewrightError:
    """GW-402, of a part of a build."""
    return GatewrightError("GW-402", where=str(path), cause=f"{fault}.", remedy=AGAIN)


def _check_name(name: str) -> None:
    """Whether it leads to a place below the folder, spelt in one way only."""
    if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name or "\\" in name:
        raise ValueError(f"{name!r} names no file below the folder")
