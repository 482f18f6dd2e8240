"""Text of a build gives no orders to a terminal, and begins no line of its own."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
from changes import MANIFEST, manifest_of, seal, write
from click.testing import CliRunner, Result

import gatewright
from gatewright.cli import commands
from gatewright.cli.commands import main
from gatewright.files.warn import warn

EVIL = "\x1b[2J\x1b[1;1H\x9b\u202e\rall: as compile emits it\nall: well"


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    shown = done.stdout + done.stderr
    assert not [c for c in shown if not c.isprintable() and c != "\n"], ascii(shown)
    assert "all: well" not in shown.splitlines()
    assert "as compile emits it" in shown
    return done


@pytest.mark.parametrize("listed", [True, False])
def test_names_of_files(listed: bool, copy: Path) -> None:
    (copy / "hls" / EVIL).write_text("x")
    if listed:
        seal(copy, f"hls/{EVIL}")
        (copy / "hls" / EVIL).write_text("y")
    done = run("check", copy)
    assert done.exit_code == 2
    assert "GW-406" in done.stderr and "hls/\\x1b[2J" in done.stdout


def test_entries_of_the_manifest(copy: Path) -> None:
    write(copy, manifest_of(copy) | {EVIL: EVIL})
    assert run("check", copy).exit_code == 2
    write(copy, manifest_of(copy) | {"gatewright": EVIL})
    assert "GW-407" in run("check", copy).stderr


def test_a_folder(copy: Path) -> None:
    build = copy.rename(copy.with_name(EVIL))
    assert run("check", build).exit_code == 0
    os.unlink(build / MANIFEST)
    assert "GW-402" in run("check", build).stderr


def test_warnings() -> None:
    """Python prints them as they are."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn(f"{EVIL} is not what compile wrote", gatewright.ChangedBuildWarning)
    assert str(caught[0].message).isprintable()


def test_errors() -> None:
    error = gatewright.GatewrightError("GW-402", where=EVIL, cause=EVIL, remedy=EVIL)
    assert str(error).isprintable() and all(map(str.isprintable, error.as_dict().values()))


def test_tracebacks_of_what_nobody_foresaw(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError(EVIL)

    monkeypatch.setattr(commands, "Build", fails)
    done = CliRunner().invoke(main, ["verify", str(copy)])
    assert done.exit_code == 3 and "Traceback" in done.stderr
    assert "RuntimeError: \\x1b[2J" in done.stderr  # lines are theirs
