"""The linter finds nothing in what is emitted, and its page says what it asks."""

from __future__ import annotations

import importlib.util
import json
import random
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from lint_designs import DESIGNS, small, view
from shared_model import Shared

import gatewright
from gatewright import Build
from gatewright.cli.commands import main
from gatewright.lint.lint import lint
from gatewright.lint.rules.table import RULES, judge
from gatewright.lint.view import View

PAGE = (Path(__file__).parents[2] / "docs/lint-hls.md").read_text()


EMITTED = [*((name, "auto") for name in DESIGNS), ("both", "thresholds")]


@pytest.mark.compiles
@pytest.mark.slow
@pytest.mark.parametrize(("name", "requantizer"), EMITTED)
def test_what_is_emitted_is_clean(name: str, requantizer: str) -> None:
    assert judge(view(name, requantizer=requantizer)) == ()


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


def test_the_page_lists_every_rule_as_it_is() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \| (.*) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    said = [(rule.name, rule.title, rule.why, rule.source, rule.remedy) for rule in RULES]
    assert rows == said


@pytest.mark.compiles
def test_a_build_from_python_and_from_the_command_line(own_build: Build) -> None:
    assert own_build.lint_hls() == ()
    done = CliRunner().invoke(main, ["lint-hls", str(own_build.path)])
    assert done.exit_code == 0
    assert done.stdout.endswith("0 findings\n")
    done = CliRunner().invoke(main, ["lint-hls", str(own_build.path), "--json"])
    said = json.loads(done.stdout)
    assert said["findings"] == []
    kernels = {kernel.name for kernel in own_build.kernels.kernels}
    assert kernels <= {pipeline["kernel"] for pipeline in said["pipelines"]}
    assert {pipeline["interval"] for pipeline in said["pipelines"]} == {1}


@pytest.mark.compiles
def test_an_edited_build(own_build: Build) -> None:
    path = own_build.path / "hls/gatewright_v1/matvec.hpp"
    path.write_text(path.read_text().replace(" style = flp", ""))
    line = path.read_text().splitlines().index("#pragma HLS pipeline II = 1") + 1
    done = CliRunner().invoke(main, ["lint-hls", str(own_build.path), "--json"])
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["file"], found["line"]) == ("hls/gatewright_v1/matvec.hpp", line)
    assert found["rule"] == "pipeline-style"
    done = CliRunner().invoke(main, ["lint-hls", str(own_build.path)])
    assert f"hls/gatewright_v1/matvec.hpp:{line}: pipeline-style" in done.stdout
    assert found["remedy"] in done.stdout


def test_a_package_that_is_missing(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "clang" else real(n, *a)
    )
    with pytest.raises(gatewright.GatewrightError) as caught:
        lint(shared.build)
    assert caught.value.code == "GW-505"
    assert caught.value.where == "libclang"
    assert "gatewright[lint]" in caught.value.remedy


PIECES = (
    "(",
    ")",
    "{",
    "}",
    ";",
    "<",
    '"',
    "/*",
    "\\",
    "P::",
    "\n#pragma HLS unroll factor = x y\n",
)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_that_is_written_ends_it(seed: int) -> None:
    """Text is lost, doubled and added at random: there may be findings, and there is no error."""
    drawn, texts = random.Random(seed), dict(small().texts)
    for _ in range(3):
        name = drawn.choice(sorted(texts))
        text = texts[name]
        at, other = drawn.randrange(len(text)), drawn.randrange(len(text))
        lost, doubled = drawn.randrange(30), text[other : other + drawn.randrange(60)]
        texts[name] = text[:at] + drawn.choice((*PIECES, doubled)) + text[at + lost :]
    assert all(finding.line >= 0 for finding in judge(View(texts, small().kernels)))
