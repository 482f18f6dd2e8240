"""The driver as one file, which a board needs nothing else of Gatewright for."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache
from importlib import resources

from gatewright.hls_templates.pynq import driver

DRIVER = "gatewright_pynq.py"
_PARTS = ("faults", "numbers", "words", "transfers", "pieces", "known", "overlay")
"""Each imports those before it; the last has the docstring of the whole."""
_FUTURE = "from __future__ import annotations"


def driver_text() -> str:
    """All parts behind what they import of others, in one namespace.

    Raises:
        ValueError: If two parts define one name.
    """
    return _joined(_PARTS)


@cache
def _joined(parts: Sequence[str]) -> str:
    modules: set[str] = set()
    taken: dict[str, set[str]] = {}
    bodies, names = [], [""]
    for part in parts:
        text = resources.files(driver.__name__).joinpath(f"{part}.py").read_text()
        docstring, *nodes = ast.parse(text).body
        headers = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
        for node in headers:
            if isinstance(node, ast.Import):
                modules.add(ast.unparse(node))
            elif not (node.module or "").startswith((driver.__name__, "__future__")):
                taken.setdefault(node.module or "", set()).update(a.name for a in node.names)
        bodies.append("".join(text.splitlines(True)[headers[-1].end_lineno :]).strip("\n"))
        names += [name for node in nodes for name in _defined(node)]
    double = {name for name in names if names.count(name) > 1}
    if double:
        raise ValueError(f"parts of the driver share {sorted(double)}")
    said = ast.get_source_segment(text, docstring)
    modules |= {f"from {name} import {', '.join(sorted(taken[name]))}" for name in taken}
    ordered = sorted(modules, key=lambda line: ("numpy" in line, line))
    return "\n\n".join([f"{said}\n\n{_FUTURE}", "\n".join(ordered), "\n\n\n".join(bodies)]) + "\n"


def _defined(node: ast.stmt) -> list[str]:
    """Names that a statement of a module gives a meaning to."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [name.id for t in targets for name in ast.walk(t) if isinstance(name, ast.Name)]
