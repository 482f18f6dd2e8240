"""What the linter may find in a drawn build: a longer interval than asked for, nothing else."""

from __future__ import annotations

from gatewright.build import Build

_COUNTED = "interval"
"""Of some shapes the model has two or three cycles; ``tests/lint`` says of which it must not."""


def check_linted(build: Build) -> None:
    """Hold the C++ of a build against every rule but that one.

    Raises:
        AssertionError: Where there is a finding.
    """
    assert [finding for finding in build.lint_hls() if finding.rule != _COUNTED] == []
