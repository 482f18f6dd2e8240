"""Do to a build what a field test did to it, and say what came of it.

    python tests/field/field_trust.py FOLDER planted_library|tamper_code|tamper_data

FOLDER holds ``planted_library.py`` and ``tamper.py``, which take a build of 3 features.
"""

from __future__ import annotations

import hashlib
import runpy
import sys
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch

import gatewright
from gatewright.hls_templates.csim import simulator

EDITS = ("hls edit", "hls added ap_int.h", "rtl edit", "rtl added file", "csim dir symlink outside")

DATA = (
    *(f"kernels {what}" for what in ("predicted_cycles", "state scale x2", "zero point", "script")),
    *(f"traced {what}" for what in ("weights 0", "domain")),
    *(f"certificate {what}" for what in ("touched", "emptied list", "script")),
    *(f"manifest {what}" for what in ("board script", "multipliers str", "files absolute")),
    *(f"manifest {what}" for what in ("files list", "files empty", "dir entry", "digest int")),
    *(f"verify.json {what}" for what in ("fake", "junk", "types", "deep", "fifo")),
    "symlink certificate -> /etc/passwd",
)
"""Without the two that look for a matrix of weights where there is none and change nothing, and a
page that is asked for by the name of a link."""


def old_name(project: Path, native: bool, taps: bool) -> str:
    """What a library of a build was called by the version that the scripts were written for."""
    digest = hashlib.sha256()
    for path in sorted(p for p in project.rglob("*") if p.suffix in (".cpp", ".hpp")):
        digest.update(path.relative_to(project).as_posix().encode())
        digest.update(path.read_bytes())
    kind = ("native" if native else "ap") + ("-taps" if taps else "")
    return f"csim-{kind}-{digest.hexdigest()[:16]}.so"


def run(script: Path, *arguments: object) -> None:
    """A script, as from the command line."""
    sys.argv = [str(script), *map(str, arguments)]
    runpy.run_path(str(script), run_name="__main__")


def build_in(folder: Path) -> tuple[gatewright.Build, Any]:
    """A layer of 4 units, and sequences for it."""
    torch.manual_seed(0)
    model, x = qnn.QuantLSTM(3, 4, batch_first=True).train(), torch.randn(8, 5, 3)
    with torch.no_grad():
        for _ in range(3):
            model(x)

    class Output(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = model

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.lstm(x)[0]

    build = gatewright.compile(Output().eval(), x[:1], output_dir=folder / "build")
    return build, x.numpy()


def main(folder: Path, name: str) -> None:
    """Run the case in the working folder."""
    build, x = build_in(Path.cwd())
    np.save("x.npy", x)
    if name.startswith("tamper"):
        run(folder / "tamper.py", build.path, "x.npy", *(DATA if name == "tamper_data" else EDITS))
        return
    before = build.simulate(x)
    simulator._library_name = old_name  # type: ignore[attr-defined]
    run(folder / "planted_library.py", build.path, Path("mark").absolute())
    planted = len(list((build.path / "csim").glob("*.so")))
    after = gatewright.Build(build.path).simulate(x)
    _, states = gatewright.Build(build.path).simulate(x, states=True)
    same = np.array_equal(before, after) and bool(states)
    print(f"{planted} planted, {'same' if same else 'OTHER'} integers, {Path('mark').exists()=}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
