"""One word a thing: no public name stands for two, and the words of the glossary are kept."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gatewright"
MODULES = {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}
REGISTERED = {"LEVEL", "MAPPINGS", "RULE"}
"""What the tables of levels, of kernels and of the linter's rules take from each file of theirs."""
THEIRS = PACKAGE / "qonnx/proposed"
"""What is proposed to qonnx has the names that it would have there."""
TYPE_VARIABLES = {"TypeVar", "ParamSpec"}


def pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    """Names that an assignment gives, each with what it is given."""
    if isinstance(target, ast.Name):
        yield target.id, ast.unparse(value)
    elif isinstance(target, ast.Tuple):
        split = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
        for index, element in enumerate(target.elts):
            part = value.elts[index] if split else value
            yield from pairs(element, part) if split else pairs(element, ast.Constant(index))


def constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Public module-level names and their values; not what stands for a type in signatures."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            assert isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            value = node.value
            if isinstance(value, ast.Call) and ast.unparse(value.func) in TYPE_VARIABLES:
                continue
            yield from ((n, v) for n, v in pairs(target, value) if not n.startswith("_"))


def test_no_two_classes_of_one_name() -> None:
    found = defaultdict(list)
    for path, tree in MODULES.items():
        for node in [] if path.is_relative_to(THEIRS) else tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(path.relative_to(ROOT).as_posix())
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_no_constant_has_two_values() -> None:
    """What one module alone uses is private to it, and may be called as in another one."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for path, tree in MODULES.items():
        for name, value in constants(tree):
            if name not in REGISTERED:
                found[name][value] = path.relative_to(ROOT).as_posix()
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_no_class_is_called_as_a_constant() -> None:
    classes = {n.name for t in MODULES.values() for n in t.body if isinstance(n, ast.ClassDef)}
    assert not classes & {name for tree in MODULES.values() for name, _ in constants(tree)}


def test_an_engine_runs_a_level() -> None:
    """And is nothing else: hardware that computes is a kernel."""
    said = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if path.is_relative_to(PACKAGE / "hls_templates") and "engine" in path.read_text().lower()
    ]
    assert not said
