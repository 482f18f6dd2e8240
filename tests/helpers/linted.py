"""The linter finds nothing in a drawn build."""

from __future__ import annotations

from gatewright.build import Build


def check_linted(build: Build) -> None:
    """Hold the C++ of a build against every rule.

    Raises:
        AssertionError: Where there is a finding.
    """
    assert build.lint_hls() == ()
