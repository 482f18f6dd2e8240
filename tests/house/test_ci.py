"""What hosted CI and pre-commit call is what is called by hand, and actions are pinned."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def is_ours(command: str) -> bool:
    """A target of the Makefile, or the script that CI runs."""
    return command == ".ci/run" or command in {f"make {target}" for target in TARGETS}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_nothing_of_their_own(path: Path) -> None:
    text = path.read_text()
    steps = re.findall(r"^ +- (\w+): (.+)$", text, re.MULTILINE)
    assert {key for key, _ in steps} == {"uses", "run"}
    assert len(steps) == len(re.findall(r"\b(?:uses|run):", text))
    assert all(is_ours(value) for key, value in steps if key == "run")
    for value in (value for key, value in steps if key == "uses"):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}  # v\d[\d.]*", value), value


def test_there_is_a_workflow() -> None:
    assert WORKFLOWS


def test_commits_are_linted_as_ci_does_it() -> None:
    config = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"entry: (.+)", config) == ["make lint"]
    assert all(is_ours(command) for command in re.findall(r"entry: (.+)", config))
    assert re.findall(r"rev: (.+)", config) == ["v5.0.0"]
