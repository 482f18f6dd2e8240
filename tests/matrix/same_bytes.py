"""What a change does to what is emitted: models of the matrix and the digits, by two checkouts.

``python tests/matrix/same_bytes.py OTHER`` compiles the same 41 models with this checkout and with
another, and names every file that differs. Nothing may, where a change is said to emit the same.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from filecmp import cmp
from pathlib import Path

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


def compare(other: Path) -> int:
    """Print every file that differs; how many do."""
    with tempfile.TemporaryDirectory() as folder:
        before = emitted(other.resolve(), Path(folder) / "before")
        after = emitted(ROOT, Path(folder) / "after")
        differing = sorted(before.keys() ^ after.keys()) + [
            name
            for name in sorted(before.keys() & after.keys())
            if not cmp(before[name], after[name], shallow=False)
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
