"""docs/library.md has every module of the library, and says who uses it."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "gatewright" / "hls_templates"
SHELL = ROOT / "gatewright" / "boards" / "shell"
PAGE = (ROOT / "docs" / "library.md").read_text()
LANGUAGES = {".hpp", ".sv"}


def rows(heading: str) -> dict[str, tuple[str, ...]]:
    """First and last column of the table below a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): tuple(re.findall(r"`([^`]+)`", row[-1])) for row in cells}


def code(path: Path) -> str:
    """Without comments, which may speak of others."""
    text = path.read_text()
    return text if path.suffix == ".py" else re.sub(r"//[^\n]*", "", text)


def parts() -> Iterator[tuple[str, Path]]:
    """What may use the library, each with its name on the page."""
    for path in (TEMPLATES / "lib").iterdir():
        yield path.name.removesuffix(".sv"), path
    for path in (TEMPLATES / "kernels").glob("*/*"):
        if path.suffix in LANGUAGES | {".py"}:
            yield path.parent.name, path
    for path in [*(TEMPLATES / "rtl").glob("*.py"), *(TEMPLATES / "project").rglob("*")]:
        if path.suffix in {".py", ".j2"}:
            yield path.name, path
    yield from ((path.stem, path) for path in SHELL.glob("*.sv"))


def users(module: str) -> tuple[str, ...]:
    name = re.compile(rf"\b{re.escape(module.removesuffix('.sv'))}\b")
    found = {label for label, path in parts() if path.name != module and name.search(code(path))}
    return tuple(sorted(found))


def test_every_module_of_lib_with_its_users() -> None:
    modules = [path.name for path in (TEMPLATES / "lib").iterdir() if path.suffix in LANGUAGES]
    assert rows("`lib/`") == {module: users(module) for module in sorted(modules)}


def test_every_kernel_with_its_files() -> None:
    folders = [path for path in (TEMPLATES / "kernels").iterdir() if list(path.glob("*.hpp"))]
    assert rows("`kernels/`") == {
        folder.name: tuple(sorted(p.name for p in folder.iterdir() if p.suffix in LANGUAGES))
        for folder in sorted(folders)
    }
