"""No operation of what we emit mixes signs: g++ and clang refuse it wherever they compile it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from commit_choice import has_turn
from drawn_graphs import STEPS, draw

from gatewright.errors import GatewrightError
from gatewright.hls_templates import map_design, write_project
from gatewright.hls_templates.csim.library import csim_library, csim_sources
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.project.hls import project_files
from gatewright.tools.compiler import (
    Compiler,
    find_compiler,
    run_compiler,
    warnings,
)

CLANG = Compiler((sys.executable, "-m", "ziglang", "c++"), "ziglang")
MIXED = "\nbool mixed(int n, unsigned threshold) { return n >= threshold; }\n"
NEGATIVE = "\nunsigned mixed(int n) { return n; }\n"


@pytest.fixture(params=["g++", "ziglang"])
def compiler(request: pytest.FixtureRequest) -> Compiler:
    if request.param == "ziglang":
        if importlib.util.find_spec("ziglang") is None:
            pytest.skip("needs the ziglang wheel")
        return CLANG
    found = find_compiler()
    if found.name != "g++":
        pytest.skip("needs g++")
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of each kernel."""
    folder = tmp_path_factory.mktemp("project")
    design = map_design(draw(1, one_each=True).graph, MappingOptions(16, "auto", STEPS))
    write_project(project_files(design, "part", 5.0), folder)
    return folder


@pytest.mark.compiles
@pytest.mark.skipif(not has_turn(2, "rotating"), reason="has its turn with another commit")
def test_clang_takes_every_kernel(project: Path, tmp_path: Path) -> None:
    """g++ does so in every other test; here on ap_int, and natively with the test bench."""
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("needs the ziglang wheel")
    csim_library(csim_sources(project), native=False, taps=True, compiler=CLANG).folder()
    flags = ["-std=c++14", "-O0", "-c", "-DGW_NATIVE", *warnings(CLANG), f"-I{project}"]
    arguments = [*flags, f"-I{project / 'gatewright'}", str(project / "tb.cpp")]
    run_compiler(CLANG, [*arguments, "-o", str(tmp_path / "tb.o")], tmp_path)


@pytest.mark.compiles
@pytest.mark.parametrize("text", [MIXED, NEGATIVE], ids=["compared", "converted"])
def test_mixed_signs_are_an_error(text: str, compiler: Compiler) -> None:
    files = {"csim.cpp": text.encode()}
    with pytest.raises(GatewrightError, match="GW-502") as caught:
        csim_library(files, native=True, taps=False, compiler=compiler).folder()
    assert "sign" in caught.value.cause
    quiet = Compiler(compiler.command, "a compiler that CXX names")
    csim_library(files, native=True, taps=False, compiler=quiet).folder()
