"""Where FINN is not installed: an error that names it, and all else as ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gatewright.errors import GatewrightError


def test_the_error_names_the_package() -> None:
    with pytest.raises(GatewrightError, match="finn-plus") as caught:
        import gatewright.finn  # noqa: F401
    assert caught.value.code == "GW-506"


def test_nothing_else_imports_it() -> None:
    code = (
        "import sys, gatewright, gatewright.cli.commands, gatewright.qonnx\n"
        "assert not [name for name in sys.modules if name.startswith(('finn', 'gatewright.finn'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
