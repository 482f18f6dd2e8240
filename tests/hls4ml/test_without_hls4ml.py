"""Without hls4ml everything else works: C-simulation on ``ap_int`` takes headers of our own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from shared_model import Shared

import gatewright
from gatewright.tools.compiler import OWN_HEADERS, ap_types

CODE = """
import sys
sys.modules["hls4ml"] = None  # as if it were not installed
import numpy as np
import gatewright
from gatewright.tools.compiler import OWN_HEADERS, ap_types

assert ap_types() == OWN_HEADERS
build, x = gatewright.Build(sys.argv[1]), np.load(sys.argv[2])
(ours,) = build.engine("csim", native=False)(build.check_input(x)).outputs
np.testing.assert_array_equal(ours, build.simulate(x, "integer"))
assert "hls4ml" not in {name for name, found in sys.modules.items() if found}
print(build.verify(x).mismatches)
"""


def test_here_they_are_amds() -> None:
    assert ap_types() != OWN_HEADERS and (ap_types() / "ap_int.h").is_file()


@pytest.mark.compiles
@pytest.mark.slow
def test_every_level_runs(
    shared: Shared, own_build: gatewright.Build, tmp_path: Path, own_cache: Path
) -> None:
    np.save(tmp_path / "x.npy", shared.x)
    command = [sys.executable, "-W", "ignore", "-c", CODE, str(own_build.path)]
    done = subprocess.run(
        [*command, str(tmp_path / "x.npy")], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0 and done.stdout == "0\n", done.stdout + done.stderr
