"""What docs/cache.md and ``doctor`` say of the cache is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from shared_model import Shared

from gatewright.cli.commands import main
from gatewright.tools import user_cache

PAGE = (Path(__file__).parents[2] / "docs/cache.md").read_text()


@pytest.mark.compiles
def test_the_example_runs(
    shared: Shared, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("build").mkdir()
    Path("build/digits").symlink_to(shared.build.path)
    np.save("x.npy", shared.x)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "docs/cache.md", "exec"), {})
    assert user_cache() == tmp_path / "compiled"


def doctor() -> dict[str, str]:
    done = CliRunner().invoke(main, ["doctor", "--json"])
    found: dict[str, str] = next(t for t in json.loads(done.stdout) if t["name"] == "cache")
    return found


def test_doctor_shows_it(own_cache: Path) -> None:
    (own_cache / "large").write_bytes(bytes(2_500_000))
    assert doctor()["found"] == f"{own_cache} (2.5 MB)"
    own_cache.chmod(0o777)
    assert doctor()["found"] is None and "GW-504" in doctor()["problem"]
