"""The test bench that each build has of its IP, and what else it has of it, as a user takes it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ip_builds import passed, small
from ip_designs import CASES
from ip_icarus import simulate

import gatewright
from gatewright.tools.compiler import find_compiler
from gatewright.tools.yosys import find_yosys, run_yosys

pytestmark = pytest.mark.compiles


def test_in_icarus(tmp_path: Path) -> None:
    """More than a thousand beats, in four states."""
    CASES["pointwise-8"].write(tmp_path)
    said = simulate(tmp_path, "+seed=3", "+rounds=2")
    assert passed(said), said
    found = re.search(r"PASS \d+ cycles, (\d+) beats", said)
    assert found and int(found[1]) > 1000, said


def test_a_sequence_takes_two_cycles_more_than_in_the_core(tmp_path: Path) -> None:
    ip = CASES["pointwise-64"].write(tmp_path)
    assert all(port.beats == 1 for port in (*ip.inputs, *ip.outputs))
    assert f"\none sequence in {ip.cycles + 2} cycles\n" in simulate(tmp_path)


@pytest.mark.parametrize("bus_bits", [None, 8, 256])
def test_a_build_in_icarus(bus_bits: int | None, tmp_path: Path) -> None:
    said = simulate(small(tmp_path, bus_bits).path, "+seed=5")
    assert passed(said), said


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> gatewright.Build:
    return small(tmp_path_factory.mktemp("small"))


def test_the_wrapper_is_plain_verilog(build: gatewright.Build, tmp_path: Path) -> None:
    """yosys reads it as Verilog-2005, of which SystemVerilog's words are none."""
    text = (build.path / "ip/gatewright_ip.v").read_text()
    assert not re.search(r"\b(logic|always_ff|always_comb|int|bit|import)\b|::", text)
    shutil.copy(build.path / "ip/gatewright_ip.v", tmp_path)
    run_yosys(find_yosys(), ["read_verilog -noopt gatewright_ip.v"], tmp_path)


def test_its_header_is_c(tmp_path: Path) -> None:
    replace(CASES["pointwise-8"], name="kws").write(tmp_path)
    source = tmp_path / "driver.c"
    source.write_text(
        '#include "kws_regs.h"\n#include "kws_regs.h"\n'
        "unsigned clear(void) { return 1u << KWS_REGS_CONTROL_CLEAR | KWS_REGS_CONTROL; }\n"
    )
    command = [*find_compiler().command, "-x", "c", "-std=c99", "-Wall", "-Wextra", "-Werror"]
    command += ["-fsyntax-only", f"-I{tmp_path / 'ip'}", str(source)]
    subprocess.run(command, check=True)


def test_every_file_that_lists_name_is_there(build: gatewright.Build) -> None:
    ip = build.path / "ip"
    listed = (ip / "ip.f").read_text().split()
    named = re.findall(r"^ {6}- ([^:\s]+)", (ip / "gatewright.core").read_text(), re.MULTILINE)
    assert [name for name in named if name.endswith((".sv", ".v")) and "tb/" not in name] == listed
    assert {name for name in named if name.endswith(".hex")} == {
        *(f"../rtl/rom/{path.name}" for path in (build.path / "rtl/rom").iterdir()),
        *(f"tb/{path.name}" for path in (ip / "tb").glob("*.hex")),
    }
    assert all((ip / name).is_file() for name in (*listed, *named))


def test_fusesoc_gives_the_images_to_vivado(build: gatewright.Build) -> None:
    """Edalize does so with files of type ``mem``; those of type ``user`` it only copies."""
    text = (build.path / "ip/gatewright.core").read_text()
    images = text.partition("  images:")[2].partition("  bench:")[0]
    assert "rom/" in images and images.rstrip().endswith("file_type: mem")


@pytest.mark.parametrize("bus_bits", [0, 24, 1024, "64", 7.0])
def test_a_bus_that_there_is_not(bus_bits: object, tmp_path: Path) -> None:
    with pytest.raises(gatewright.GatewrightError) as caught:
        small(tmp_path, bus_bits)  # type: ignore[arg-type]
    assert caught.value.code == "GW-405"
    assert "bus_bits" in str(caught.value)
