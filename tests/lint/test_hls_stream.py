"""Our hls_stream.h has the semantics of AMD's in simulation; in synthesis it is opaque."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest
from compilers import CLANG, needs

from gatewright.lint.headers import own_headers
from gatewright.tools.compiler import ap_types, find_compiler, run_compiler

pytestmark = [pytest.mark.compiles]

STRICT = ["-std=c++14", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"]
SOURCE = Path(__file__).with_name("own_streams.cpp")
OWN = [f"-I{own_headers()}"]
SYNTHESIS = """
#include <ap_int.h>
#include <hls_stream.h>
struct one { ap_int<9> data[3]; bool last; };
struct two { ap_int<9> data[3]; bool last; };
void top(hls::stream<one>& a, hls::stream<two>& b, hls::stream<ap_int<18>>& c) {
  const two first = b.read();
  one second;
  a >> second;
  c.write(first.data[1] + second.data[2]);
  c << first.data[0] * second.data[0];
}
"""


def made(folder: Path, *flags: str) -> Path:
    run_compiler(find_compiler(), [*STRICT, *flags, str(SOURCE), "-o", "streams"], folder)
    return folder / "streams"


def asked(program: Path, what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, what], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module", params=["ours", "amd"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    return made(folder, *(OWN if request.param == "ours" else [f"-isystem{ap_types()}"]))


def test_values_come_in_order_once(program: Path) -> None:
    assert asked(program, "order").stdout == "5 0\n0 1 2 3 4 0 7 0 1\n"


def test_what_is_left_at_exit_is_reported(program: Path) -> None:
    left = asked(program, "left")
    assert left.returncode == 0
    named = re.findall(r"WARNING.*stream '(.*)' contains leftover data", left.stdout)
    assert named[1] == "beats" and len(named) == 2


def test_a_read_that_could_never_end_is_an_error(tmp_path: Path) -> None:
    """AMD's waits for ever then, or says so and goes on: no test bench passes on it by chance."""
    done = asked(made(tmp_path, *OWN), "empty")
    assert done.returncode == -signal.SIGABRT
    assert done.stdout == "ERROR: hls::stream 'beats' is read while empty\n"


def test_a_read_waits_for_another_thread(tmp_path: Path) -> None:
    program = made(tmp_path, *OWN, "-DHLS_STREAM_THREAD_SAFE")
    assert asked(program, "blocks").stdout == "6\n"


def test_the_synthesis_view_keeps_reads_in_order(tmp_path: Path) -> None:
    needs("ziglang")
    (tmp_path / "top.cpp").write_text(SYNTHESIS)
    flags = ["-std=c++17", "-S", "-emit-llvm", "-O0", "-fno-sanitize=all", "-D__SYNTHESIS__", *OWN]
    run_compiler(CLANG, [*flags, "top.cpp", "-o", "top.ll"], tmp_path)
    text = (tmp_path / "top.ll").read_text()
    called = re.findall(r"call void @\w*stream_(read|write)I\d+(one|two|ap_int)", text)
    assert called == [("read", "two"), ("read", "one"), *[("write", "ap_int")] * 2]
    assert len(re.findall(r"^define", text, re.M)) == 1, "operators are inlined"
    assert re.findall(r"= (?:add|mul) nsw (i\d+)", text) == ["i10", "i18"]
