"""The house rules of the design, section 1, read from the sources themselves."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from choices import OPTIONS

from gatewright.errors import CODES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gatewright"
MAX_LINES = 400
RANKS: tuple[set[str], ...] = (
    {"errors", "version"},
    {"files", "views"},
    {"tools"},
    {"ir"},
    {"frontend", "hls_templates"},
    {"boards"},
    {"builds"},
    {"levels"},
    {"lint", "verify", "synth", "page"},
    {"report"},
    {"build"},
    {"calibration", "device", "pynq"},
    {"compiler"},
    {"qonnx"},
    {"finn"},
    {"cli"},
    {"hls4ml"},
)
"""What each part of the package may import: the parts before it; ``page`` none."""
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}
WINGS = ("boards", "frontend", "hls_templates", "ir")
"""They show at the root of the repository."""
FLAT = {
    "build",
    "calibration",
    "compiler",
    "device",
    "errors",
    "pynq",
    "report",
    "synth",
    "version",
}
"""All that lies flat in the package, beside ``__init__`` and ``__main__``."""
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEXTS = sorted(
    path
    for path in PACKAGE.rglob("*")
    if path.suffix in {".h", ".py", ".hpp", ".sv", ".j2", ".toml", ".tcl"}
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def package_of(path: Path) -> tuple[str, ...]:
    """The dotted package a file's relative imports start from."""
    return path.relative_to(ROOT).parent.parts


def imported_names(path: Path) -> set[str]:
    """Absolute dotted names of all imports of a file, wherever in it they stand."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = from_base(node, package_of(path))
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


def from_base(node: ast.ImportFrom, package: tuple[str, ...]) -> str:
    """The absolute module that a ``from ... import`` names."""
    if node.level == 0:
        return node.module or ""
    parents = package[: len(package) - node.level + 1]
    return ".".join([*parents, *(node.module or "").split(".")]).rstrip(".")


def module_of(path: Path) -> str:
    """The dotted name that a file is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


OURS = {module_of(path): path for path in SOURCES}


def imported_modules(path: Path) -> set[str]:
    """Our own modules that a file imports: what an import names, or what holds it."""
    found = {n if n in OURS else n.rpartition(".")[0] for n in imported_names(path)}
    return found & OURS.keys()


def part_of(module: str) -> str:
    """The package or module at the top of ours that a module belongs to."""
    return [*module.split("."), "__init__"][1]


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_imports_run_one_way(path):
    part = part_of(module_of(path))
    if part in ("__init__", "__main__"):
        return
    others = {part_of(module) for module in imported_modules(path)} - {part}
    below = {other for other in others if RANK.get(other, len(RANKS)) < RANK[part]}
    forbidden = others - (set() if part == "page" else below)
    assert not forbidden, f"{relative(path)} may not import gatewright.{sorted(forbidden)}"


def test_no_circle_of_imports():
    """Wherever an import stands: in a function and under TYPE_CHECKING too."""
    TopologicalSorter({name: imported_modules(path) for name, path in OURS.items()}).prepare()


def test_relative_imports_are_understood():
    node = ast.parse("from ..ir import ops").body[0]
    assert isinstance(node, ast.ImportFrom)
    assert from_base(node, ("gatewright", "frontend")) == "gatewright.ir"
    node = ast.parse("from . import ops").body[0]
    assert isinstance(node, ast.ImportFrom)
    assert from_base(node, ("gatewright", "ir")) == "gatewright.ir"


def test_every_part_has_a_rank():
    parts = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {path.stem for path in PACKAGE.glob("*.py")} == FLAT | {"__init__", "__main__"}
    assert parts | FLAT == set(RANK)


@pytest.mark.parametrize("wing", WINGS)
def test_wings_show_at_the_root(wing):
    link = ROOT / wing
    assert link.is_symlink()
    assert link.resolve() == (PACKAGE / wing).resolve()


@pytest.mark.parametrize("path", TEXTS, ids=relative)
def test_files_stay_small(path):
    lines = len(path.read_text().splitlines())
    assert lines <= MAX_LINES, f"{relative(path)} has {lines} lines; split it"


def test_no_two_test_modules_share_a_name():
    """Tests are no packages: pytest imports each by its file name alone."""
    stems = [path.stem for path in TESTS if path.stem != "conftest"]
    assert not {stem for stem in stems if stems.count(stem) > 1}


def test_tests_lie_in_folders():
    assert [path.name for path in (ROOT / "tests").glob("*.py")] == ["conftest.py"]


@pytest.mark.parametrize("path", TESTS, ids=relative)
def test_each_test_file_says_what_it_holds(path):
    """In its first line, in a sentence."""
    said = ast.get_docstring(ast.parse(path.read_text())) or ""
    first = said.splitlines()[0] if said else ""
    assert path.read_text().startswith('"""' + first) and first.endswith((".", ":")), first


def test_what_tests_are_told_are_options_of_pytest():
    """One variable is the user's, who clears or moves his cache with it."""
    named = [re.findall(r"\bGATEWRIGHT_[A-Z]+", path.read_text()) for path in TESTS]
    assert {name for names in named for name in names} == {"GATEWRIGHT_CACHE"}


def test_every_option_is_in_the_page():
    page = (ROOT / "tests/README.md").read_text()
    assert [name for name in OPTIONS if f"`--{name}`" not in page] == []


def is_eval_or_exec(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec"}
    )


def is_shell(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    by_keyword = any(
        key.arg == "shell" and not (isinstance(key.value, ast.Constant) and not key.value.value)
        for key in node.keywords
    )
    return by_keyword or ast.unparse(node.func) in {"os.system", "os.popen"}


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_no_eval_and_no_shell(path):
    bad = [
        f"{relative(path)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and (is_eval_or_exec(node) or is_shell(node))
    ]
    assert not bad, f"eval, exec or a shell is called at {bad}"


READERS = {"json.load", "json.loads", "onnx.load", "open"}
OF_BUILDS = [
    *PACKAGE.glob("*.py"),
    *(path for part in ("builds", "levels", "verify") for path in (PACKAGE / part).glob("*.py")),
    PACKAGE / "hls_templates/csim/library.py",
    PACKAGE / "hls_templates/cosim/project.py",
]


@pytest.mark.parametrize("path", OF_BUILDS, ids=relative)
def test_one_place_reads_builds(path):
    """Anything else would wait for a pipe, follow a link that leads away, or read without end."""
    calls = [
        (call.lineno, ast.unparse(call.func))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
    ]
    bad = [
        f"{relative(path)}:{line}"
        for line, name in calls
        if name in READERS
        or (name.endswith((".read_bytes", ".read_text")) and "resources.files(" not in name)
    ]
    assert not bad, f"files are read at {bad}"


def used_codes() -> set[str]:
    """Error codes that sources other than the table itself name."""
    texts = [path.read_text() for path in SOURCES if path != PACKAGE / "errors.py"]
    return set(re.findall(r"GW-\d{3}", "\n".join(texts)))


def test_every_code_is_used():
    unused = set(CODES) - used_codes()
    assert not unused, f"no source raises {sorted(unused)}"


def test_every_used_code_is_declared():
    assert used_codes() <= set(CODES)
