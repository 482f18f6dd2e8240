"""What a session makes once stays as it was made: the test that changes it is named."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from gatewright.build import Build


class Guard:
    """A plugin of pytest that knows what each fixture of the session was made as."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Any, dict[str, str]]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """From now on it stays as it is."""
        value = yield
        if fixturedef.scope == "session" and fixturedef.baseid:  # none of pytest's own
            self.keep(fixturedef.argname, value)
        return value

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Function) -> Generator[None, None, None]:
        """Whoever changes it fails, even where the test has passed."""
        try:
            yield
        finally:
            for name in item.fixturenames:
                if name in self._made:
                    self.hold(name)

    def keep(self, name: str, value: Any) -> None:
        """Remember what it is."""
        self._made[name] = value, digests(value)

    def hold(self, name: str) -> None:
        """Fail if it is another than before the test: the next one is not blamed."""
        value, before = self._made[name]
        now = digests(value)
        self._made[name] = value, now
        changed = {place for place, _ in before.items() ^ now.items()}
        if changed:
            head = f"{name} is shared by all tests, and this one changed it:"
            said = "\n".join([head, *sorted(changed)])
            pytest.fail(said, pytrace=False)


def digests(value: Any) -> dict[str, str]:
    """Of all in a shared value that a test could change, by its place in it."""
    return {place: hashlib.sha256(content).hexdigest() for place, content in parts(value, "")}


def parts(value: Any, place: str) -> Iterator[tuple[str, bytes]]:
    """The bytes of a value. A function or a library has none."""
    match value:
        case Build():
            yield from parts(value.path, place)
        case Path():
            for path in sorted(value.rglob("*")) if value.is_dir() else [value]:
                yield f"{place} {path}".strip(), path.read_bytes() if path.is_file() else b""
        case np.ndarray():
            yield f"{place} {value.dtype} {value.shape}", value.tobytes()
        case onnx.ModelProto():
            yield place, value.SerializeToString(deterministic=True)
        case bytes() | bool() | int() | float() | str():
            yield place, repr(value).encode()
        case tuple() | list():
            for number, held in enumerate(value):
                yield from parts(held, f"{place}[{number}]")
        case dict():
            for key, held in value.items():
                yield from parts(held, f"{place}[{key}]")
        case _ if hasattr(value, "state_dict"):
            tensors = {name: held.numpy() for name, held in value.state_dict().items()}
            yield from parts({"training": value.training, **tensors}, place)
        case _ if is_dataclass(value) or hasattr(value, "SHARED"):
            for name, held in vars(value).items():
                yield from parts(held, f"{place}.{name}")
