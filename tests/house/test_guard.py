"""What a session shares is held as it was made, and what was changed of it is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from guard import Guard, digests
from onnx import helper


@dataclass
class Held:
    """One of each kind of value that fixtures of a session hold."""

    folder: Path
    x: np.ndarray
    model: onnx.ModelProto
    files: dict[str, bytes]


@pytest.fixture
def held(tmp_path: Path) -> Held:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/file").write_text("as it was")
    model = helper.make_model(helper.make_graph([], "graph", [], []))
    return Held(tmp_path, np.zeros((2, 3)), model, {"top.cpp": b"int"})


CHANGES: dict[str, Callable[[Held], Any]] = {
    "below/file": lambda held: (held.folder / "below/file").write_text("as it WAS"),
    "another": lambda held: (held.folder / "another").touch(),
    "below/link": lambda held: (held.folder / "below/link").symlink_to("file"),
    ".x": lambda held: held.x.__setitem__((1, 2), 1e-9),
    ".model": lambda held: held.model.graph.node.add(),
    "[top.cpp]": lambda held: held.files.update({"top.cpp": b"long"}),
}


@pytest.mark.parametrize("named", CHANGES)
def test_a_change_is_named_once(held: Held, named: str) -> None:
    guard = Guard()
    guard.keep("held", (held,))
    guard.hold("held")
    CHANGES[named](held)
    with pytest.raises(pytest.fail.Exception) as failed:
        guard.hold("held")
    assert "held is shared" in str(failed.value)
    assert named in str(failed.value)
    guard.hold("held")  # the next test is not blamed


def test_a_module_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    model = torch.nn.Linear(2, 2).eval()
    before = digests(model)
    model.train()
    assert digests(model) != before
    model.eval()
    assert digests(model) == before
    with torch.no_grad():
        model.bias[1] += 1
    assert digests(model) != before


def test_it_is_at_work(pytestconfig: pytest.Config) -> None:
    assert any(isinstance(plugin, Guard) for plugin in pytestconfig.pluginmanager.get_plugins())
