"""A yosys that counts at once: how many DSP blocks a design takes, it is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

_TEXT = """#!{python}
import json, sys
from pathlib import Path
told = Path(__file__).with_name("dsp.json")
counts = json.loads(told.read_text())
told.write_text(json.dumps(counts[1:] or counts))
cells = {{"LUT6": 45, "FDRE": 62, "DSP48E1": counts[0]}}
text = json.dumps({{"design": {{"num_cells_by_type": cells}}}})
Path(sys.argv[-1]).with_name("cells.json").write_text(text)
"""


def count_at_once(folder: Path, patched: pytest.MonkeyPatch, dsp: tuple[int, ...] = (6,)) -> None:
    """Put it into yosys' place.

    Args:
        folder: Where it is written.
        patched: Names it.
        dsp: Blocks of each design in turn; the last number is of all that follow.
    """
    path = folder / "yosys-double"
    path.write_text(_TEXT.format(python=sys.executable))
    path.chmod(0o755)
    (folder / "dsp.json").write_text(str(list(dsp)))
    patched.setenv("YOSYS", str(path))
