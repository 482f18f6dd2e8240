"""Seeded changes to a build, each of which somebody might make."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatewright.builds.manifest import make_manifest
from gatewright.files.reading import digest_of

MANIFEST = "gatewright.json"
Change = Callable[[random.Random, Path], str]


def manifest_of(build: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((build / MANIFEST).read_text())
    return found


def write(build: Path, manifest: dict[str, Any]) -> None:
    (build / MANIFEST).write_text(json.dumps(manifest))


def seal(build: Path, *names: str) -> None:
    """Make the manifest agree with what is there, as one would who hides a change."""
    facts = manifest_of(build)
    files = facts.pop("files") | {name: digest_of(build, name) for name in names}
    files = {name: digest for name, digest in files.items() if (build / name).exists()}
    write(build, make_manifest(facts, files))


def _listed(draw: random.Random, build: Path) -> str:
    return draw.choice(sorted(manifest_of(build)["files"]))


def _emitted(draw: random.Random, build: Path) -> str:
    """What is not the model itself: with another one everything might be as it is compiled."""
    names = manifest_of(build)["files"].keys() - {"1_traced.onnx", "calibration.json"}
    return draw.choice(sorted(names))


def _flip(draw: random.Random, path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def flipped(draw: random.Random, build: Path) -> str:
    """One bit of a listed file."""
    name = _listed(draw, build)
    _flip(draw, build / name)
    return name


def flipped_and_sealed(draw: random.Random, build: Path) -> str:
    """The same, and the digests fit it."""
    name = _emitted(draw, build)
    _flip(draw, build / name)
    seal(build, name)
    return name


def cut(draw: random.Random, build: Path) -> str:
    """A listed file ends early."""
    name = _listed(draw, build)
    content = (build / name).read_bytes()
    (build / name).write_bytes(content[: draw.randrange(len(content))])
    return name


def grown(draw: random.Random, build: Path) -> str:
    """A line more, and the digests fit it."""
    name = _emitted(draw, build)
    with (build / name).open("ab") as file:
        file.write(b"\n")
    seal(build, name)
    return name


def removed(draw: random.Random, build: Path) -> str:
    """A listed file is gone; of the manifest too, one time in two."""
    name = _listed(draw, build)
    (build / name).unlink()
    if draw.random() < 0.5:
        seal(build)
    return name


def linked(draw: random.Random, build: Path) -> str:
    """The same bytes, elsewhere."""
    name = _listed(draw, build)
    there = build.with_name("elsewhere")
    shutil.copyfile(build / name, there)
    (build / name).unlink()
    (build / name).symlink_to(there)
    return name


def certificate(draw: random.Random, build: Path) -> str:
    """One place more is proven, or one boundary of it; the digests fit it."""
    path = build / "certificate.json"
    data = json.loads(path.read_text())
    place = draw.choice(data["places"])
    if draw.random() < 0.5:
        data["places"].remove(place)
    else:
        place["boundaries"] += 1
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
    if draw.random() < 0.7:
        seal(build, path.name)
    return path.name


def digest(draw: random.Random, build: Path) -> str:
    """One digit of a digest in the manifest, or all of it."""
    manifest, name = manifest_of(build), _listed(draw, build)
    old = manifest["files"][name]
    at = draw.randrange(len(old))
    new = f"{int(old[at], 16) ^ draw.randrange(1, 16):x}"
    manifest["files"][name] = draw.choice([f"{old[:at]}{new}{old[at + 1 :]}", "", old.upper()])
    if draw.random() < 0.5:
        manifest = make_manifest(manifest, manifest["files"])
    write(build, manifest)
    return name


def option(draw: random.Random, build: Path) -> str:
    """An option is another, or gone."""
    manifest = manifest_of(build)
    name = draw.choice(["multipliers", "requantizer", "max_steps", "board"])
    others = {
        "multipliers": [1, 8, 255, 257, -3, "256", None],
        "requantizer": ["thresholds", "none", 0],
        "max_steps": [1, 127, 129, 1 << 40, None],
        "board": ["zcu104", "nowhere", ["pynq-z2"]],
    }
    if name == "max_steps" and draw.random() < 0.3:
        del manifest[name]
    else:
        manifest[name] = draw.choice(others[name])
    write(build, manifest)
    return name


def version(draw: random.Random, build: Path) -> str:
    """Another version made it."""
    manifest = manifest_of(build)
    manifest["gatewright"] = draw.choice(["0.0.9", "99.0", "", 1])
    write(build, manifest)
    return "gatewright"


def added(draw: random.Random, build: Path) -> str:
    """A file that nobody listed, or that is listed too."""
    name = draw.choice(["hls/ap_int.h", "rtl/extra.sv", "rtl/rom/.hidden", "new/f", "setup.py"])
    (build / name).parent.mkdir(exist_ok=True)
    (build / name).write_text("// x\n")
    if draw.random() < 0.4:
        seal(build, name)
    return name


def entry(draw: random.Random, build: Path) -> str:
    """The manifest holds more than it should, or less."""
    manifest = manifest_of(build)
    name = draw.choice(["note", _listed(draw, build)])
    if name == "note":
        manifest[name] = "trust me"
    else:
        del manifest["files"][name]
    write(build, make_manifest(manifest, manifest["files"]))
    return name


CHANGES: tuple[Change, ...] = (
    *(flipped, flipped_and_sealed, cut, grown, removed, linked),
    *(certificate, digest, option, version, added, entry),
)
