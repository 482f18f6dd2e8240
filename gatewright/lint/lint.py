"""Hold the C++ of a build against every rule."""

from __future__ import annotations

import importlib.util

from gatewright.builds.documents import Documents
from gatewright.errors import GatewrightError
from gatewright.lint.findings import Finding
from gatewright.lint.records import LintReport

NEEDED = {"clang": "libclang", "llvmlite": "llvmlite", "ziglang": "ziglang"}
"""Modules that the linter imports or runs, and the packages of pip that bring them."""


def lint(build: Documents) -> tuple[Finding, ...]:
    """What of the C++ of a build public documents of Vitis HLS are against; nothing of it is run.

    Args:
        build: The build.

    Returns:
        By rule, in the order of the table; empty where all is well.

    Raises:
        GatewrightError: As ``lint_report`` does.
    """
    return lint_report(build).findings


def lint_report(build: Documents) -> LintReport:
    """The same, and what the pipelines come to.

    Raises:
        GatewrightError: GW-402 where a file of the build is missing or damaged, GW-505 where a
            package is not installed.
    """
    check_packages()
    from gatewright.lint.pipelines import pipeline_records
    from gatewright.lint.rules.table import judge  # which imports them
    from gatewright.lint.view import view_of

    view = view_of(build)
    return LintReport(judge(view), pipeline_records(view))


def check_packages() -> None:
    """Refuse to begin without what reads C++.

    Raises:
        GatewrightError: GW-505.
    """
    missing = [pip for module, pip in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise GatewrightError(
            "GW-505",
            where=", ".join(missing),
            cause="lint-hls reads C++ with it, and it is not installed.",
            remedy="Run pip install 'gatewright[lint]'.",
        )
