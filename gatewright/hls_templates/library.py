"""The library in either language: what ``lib/`` and the kernels' folders hold."""

from __future__ import annotations

from importlib import resources

from gatewright.hls_templates.kernels.table import FOLDERS


def library(suffix: str) -> dict[str, str]:
    """Every file of the library that ends so, by name, in alphabetical order.

    Args:
        suffix: ``.hpp`` or ``.sv``.

    Raises:
        ValueError: If two folders hold files of one name.
    """
    templates = resources.files("gatewright.hls_templates")
    found: dict[str, str] = {}
    for folder in ("lib", *(f"kernels/{name}" for name in FOLDERS)):
        for file in templates.joinpath(folder).iterdir():
            if file.name.endswith(suffix):
                if file.name in found:
                    raise ValueError(f"{folder} holds another {file.name}")
                found[file.name] = file.read_text()
    return dict(sorted(found.items()))
