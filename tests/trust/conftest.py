"""A build of everything that a build may hold."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SECONDS = 120
"""Of one test and its fixtures, on a machine that does other things too."""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calibrated, and with a buffer."""
    torch = pytest.importorskip("torch", reason="needs torch")
    pytest.importorskip("brevitas", reason="needs brevitas")
    import gatewright

    class Tagger(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(2, 2, batch_first=True, bidirectional=True)
            self.head = torch.nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.lstm(x)[0])

    torch.manual_seed(0)
    calibrated = gatewright.calibrate(Tagger().eval(), torch.randn(8, 3, 2), bits=4)
    folder = tmp_path_factory.mktemp("small") / "build"
    return gatewright.compile(calibrated, output_dir=folder).path


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "copy"))


@pytest.fixture(autouse=True)
def soon(small: Path) -> Iterator[None]:
    """What hangs, fails; the build is made before."""

    def late(*_: Any) -> None:
        # Not a TimeoutError: that is an OSError, which a reader takes for a damaged file.
        pytest.fail(f"it takes more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
