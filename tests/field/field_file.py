"""Compile one file of a field test, with what its row wants to lie beside it, and say how it ended.

python tests/field/field_file.py FILE
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "files"))

from file_runner import Job, outcomes

CALIBRATED = {"qcdq_concat_4GB": (5, 64, 3), "qcdq_expand_4GB": (5, 64, 3)}
CALIBRATED |= {"plain_torch_lstm_linear": (64, 50, 13)}


def main(source: Path) -> None:
    """Copy it here, compile it in a forked child, print its end."""
    os.mkfifo("fifo.bin")
    Path("loop.bin").symlink_to("loop.bin")
    Path("data.bin").write_bytes(bytes(64))
    with Path("big.bin").open("wb") as file:
        file.truncate(1 << 40)
    copy, data = Path(shutil.copy(source, source.name)), None
    if source.stem in CALIBRATED:
        data, shape = "x.npy", CALIBRATED[source.stem]
        np.save(data, np.random.default_rng(0).standard_normal(shape).astype(np.float32))
    (outcome,) = outcomes([Job(str(copy.absolute()), data and str(Path(data).absolute()))])
    print(f"{outcome.end} {outcome.cpu:.1f} s {outcome.peak:.0f} MiB: {outcome.says}")
    sys.exit(outcome.fault)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
