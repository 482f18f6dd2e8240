"""What a change does to what is emitted: models of the matrix and the digits, by two checkouts.

``python tests/matrix/same_bytes.py OTHER`` compiles the same 41 models with this checkout and with
another, and names every file that differs. Nothing may, where a change is said to emit the same.

Where one checkout writes ``3_kernels.json`` in the form that had no version and the other does not,
the later form is turned back into the earlier one, and their digests in manifests are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
MODELS, SEED = 40, 18


def emit(folder: Path) -> None:
    """Compile every model into a folder of its own."""
    from matrix_model import make
    from matrix_run import EXAMPLE_LENGTH, ROWS, compile_row

    for number in sorted(random.Random(SEED).sample(range(len(ROWS)), MODELS)):
        row = ROWS[number]
        model = make(row, number, EXAMPLE_LENGTH)
        requantizer = ("auto", "thresholds")[number % 2]
        compile_row(row, number, model, EXAMPLE_LENGTH, folder / f"row-{number}", requantizer)
    digits = [str(ROOT / "examples" / "digits"), "-o", str(folder / "digits")]
    subprocess.run([sys.executable, "-m", "gatewright", "compile", *digits], check=True)


def emitted(checkout: Path, folder: Path) -> dict[str, Path]:
    """Every file that a checkout emits, by its path below the folder."""
    path = os.pathsep.join([str(checkout), str(HERE.parent), str(ROOT / "tests")])
    command = [sys.executable, str(HERE), "--emit", str(folder)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path}, cwd=checkout)
    return {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}


def unversioned(kernels: dict[str, Any]) -> dict[str, Any]:
    """``3_kernels.json`` as it was before it had a version: tiles and taps by position."""
    if "schema" not in kernels:
        return kernels
    kernels = {key: value for key, value in kernels.items() if key != "schema"}
    names = ("name", "width", "sequence", "reverse")
    taps = [[tap[name] for name in names] for tap in kernels["taps"]]
    return kernels | {"taps": taps, "kernels": list(map(_kernel, kernels["kernels"]))}


def _kernel(kernel: dict[str, Any]) -> dict[str, Any]:
    if kernel["kind"] == "recurrent":
        requantizers = {k: _requantizer(r) for k, r in kernel["requantizers"].items()}
        return kernel | {
            "schedule": list(map(_tile, kernel["schedule"])),
            "requantizers": requantizers,
        }
    if kernel["kind"] == "requantize":
        kernel = dict(kernel)
        return kernel | _requantizer(kernel.pop("requantizer"))
    return kernel


def _tile(tile: dict[str, Any] | None) -> list[int] | None:
    return tile and [int(tile[name]) for name in ("row", "column", "hidden", "first", "last")]


def _requantizer(requantizer: dict[str, Any]) -> dict[str, Any]:
    requantizer = dict(requantizer)
    return requantizer | (requantizer.pop("affine") or {})


def content(path: Path, versioned: bool) -> Any:
    """What is compared of a file."""
    if versioned or path.name not in ("3_kernels.json", "gatewright.json"):
        return path.read_bytes()
    facts = json.loads(path.read_text())
    if path.name == "3_kernels.json":
        return json.dumps(unversioned(facts), indent=1, sort_keys=True)
    files = {name: digest for name, digest in facts["files"].items() if name != "3_kernels.json"}
    return json.dumps({**facts, "files": files, "digest": ""})


def same_form(before: Path, after: Path) -> bool:
    """Whether two checkouts write ``3_kernels.json`` in one form."""
    build = "digits/3_kernels.json"
    a, b = (json.loads((folder / build).read_text()) for folder in (before, after))
    return bool(a.get("schema") == b.get("schema"))


def compare(other: Path) -> int:
    """Print every file that differs; how many do."""
    with tempfile.TemporaryDirectory() as folder:
        before = emitted(other.resolve(), Path(folder) / "before")
        after = emitted(ROOT, Path(folder) / "after")
        versioned = same_form(Path(folder) / "before", Path(folder) / "after")
        differing = sorted(before.keys() ^ after.keys()) + [
            name
            for name in sorted(before.keys() & after.keys())
            if content(before[name], versioned) != content(after[name], versioned)
        ]
    for name in differing:
        print(name)
    print(f"{len(after)} files of {MODELS + 1} models: {len(differing)} differ")
    return len(differing)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", nargs="?", type=Path, help="another checkout")
    parser.add_argument("--emit", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.emit:
        emit(options.emit)
        return 0
    return int(compare(options.other) > 0)


if __name__ == "__main__":
    sys.exit(main())
