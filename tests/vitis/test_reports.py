"""Readers of the reports of Vitis HLS, on files of their structure."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_reports import WrittenLoop, WrittenModule, cosim_rpt, csynth_xml, export_xml

from gatewright.boards import boards
from gatewright.boards.usage import Usage
from gatewright.boards.vitis.cosim import COSIM_RPT, Cosimulation, read_cosim
from gatewright.boards.vitis.csynth import CSYNTH_XML, HlsLoop, read_csynth
from gatewright.boards.vitis.implemented import EXPORT_XML, read_export
from gatewright.boards.vitis.outcome import usage
from gatewright.boards.vitis.report import Predicted, complaints, hold, read_reports
from gatewright.errors import GatewrightError

VERSIONS = ["2020.2", "2022.2", "2023.1", "2024.1"]
MODULES = [
    WrittenModule("entry_proc", worst="0"),
    WrittenModule(
        "recurrent_k0_lstm_0_Pipeline_VITIS_LOOP_9_1",
        (WrittenLoop("VITIS_LOOP_9_1", interval=3, depth=21),),
    ),
    WrittenModule("recurrent_k0_lstm_0_s", (WrittenLoop("outer_loop", trips="8"),)),
    WrittenModule("matvec_k1_out_s", (WrittenLoop("slots", latency="17", trips="16"),), "19"),
    WrittenModule("matvec_k3_k1_out_s", (WrittenLoop("slots", interval=5),)),
]
KERNELS = [Predicted(name, "m", 1) for name in ("k0_lstm_0", "k1_out", "k2_gone", "k3_k1_out")]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_csynth(version: str, tmp_path: Path) -> None:
    pragmas = [
        ("pipeline", "a.hpp:1", "valid", "II=1"),
        ("dependence", "a.hpp:2", "ignored", "variable=h"),
    ]
    text = csynth_xml(version, MODULES, pragmas=pragmas)
    found = read_csynth(written(tmp_path, "csynth.xml", text))
    assert (found.version, found.target_ns, found.uncertainty_ns) == (version, 5.0, 1.35)
    assert found.estimated_ns == 3.412
    assert found.used == {"lut": 6200, "ff": 4100, "bram": 7, "dsp": 12}
    assert found.not_taken == ("a.hpp:2: dependence variable=h",)
    cycles = {module.name: module.cycles for module in found.modules}
    assert cycles["entry_proc"] == 0 and cycles["matvec_k1_out_s"] == 19
    assert cycles["recurrent_k0_lstm_0_s"] is None
    loops = {module.name: module.loops for module in found.modules}
    assert loops["matvec_k1_out_s"] == (HlsLoop("slots", 16, 1, 9),)


def test_loops_in_loops_and_ranges(tmp_path: Path) -> None:
    """As the report of a design with nested loops has them, and bounds that vary."""
    trips = "<TripCount><range><min>1</min><max>12</max></range></TripCount>"
    inner = f"<b>{trips}<Latency>undef</Latency></b>"
    outer = f"<a><TripCount>4</TripCount><Latency>undef</Latency><InstanceList/>{inner}</a>"
    text = csynth_xml("2022.2", [WrittenModule("m", (WrittenLoop("slots"),))])
    start, end = text.index("<slots>"), text.index("</slots>") + len("</slots>")
    found = read_csynth(written(tmp_path, "csynth.xml", text[:start] + outer + text[end:]))
    assert found.modules[0].loops == (HlsLoop("a", 4, None, None), HlsLoop("b", 12, None, None))


def test_kernels_beside_their_modules(tmp_path: Path) -> None:
    """The slowest loop counts; no kernel takes the loops of one whose name has its own in it."""
    modules = read_csynth(written(tmp_path, "csynth.xml", csynth_xml("2024.1", MODULES))).modules
    reached = {kernel.name: (kernel.interval, kernel.depth) for kernel in hold(KERNELS, modules)}
    assert reached == {
        "k0_lstm_0": (3, 21),
        "k1_out": (1, 9),
        "k2_gone": (None, None),
        "k3_k1_out": (5, 9),
    }


def test_cosim(tmp_path: Path) -> None:
    path = written(tmp_path, "r.rpt", cosim_rpt("Pass", (809, 810, 815), ("NA",) * 3))
    assert read_cosim(path) == Cosimulation(True, (809, 810, 815), (None, None, None))
    path.write_text(cosim_rpt("Fail", ("NA",) * 3, (7, 8, 9)))
    assert read_cosim(path) == Cosimulation(False, (None, None, None), (7, 8, 9))


def test_cosim_before_the_total_was_told(tmp_path: Path) -> None:
    path = written(tmp_path, "r.rpt", "|   Verilog|  Pass|  5|  6|  7|  8|  9|  10|\n")
    assert read_cosim(path) == Cosimulation(True, (5, 6, 7), (8, 9, 10))


@pytest.mark.parametrize(("kind", "routed"), [("impl", True), ("synth", False)])
def test_export(kind: str, routed: bool, tmp_path: Path) -> None:
    found = read_export(written(tmp_path, "export.xml", export_xml(kind, "5.210", False)))
    assert (found.routed, found.achieved_ns, found.met) == (routed, 5.21, False)
    assert found.used == {"lut": 2500, "ff": 3000, "bram": 5, "dsp": 11}


def test_the_reports_of_a_solution(tmp_path: Path) -> None:
    """What is not there was not done; Vivado's counts are taken before estimates."""
    available = boards()["pynq-z2"].resources
    assert read_reports(tmp_path) == read_reports(tmp_path / "nowhere")
    assert usage(read_reports(tmp_path), available) == {}
    written(tmp_path, CSYNTH_XML, csynth_xml("2022.2", MODULES))
    written(tmp_path, COSIM_RPT.format("gatewright_hls"), cosim_rpt("Pass", (1, 2, 3), (4, 5, 6)))
    reports = read_reports(tmp_path)
    assert reports.scheduled and reports.cosimulation and not reports.implementation
    assert usage(reports, available)["bram"] == Usage(4, 140)  # of 7 halves
    written(tmp_path, EXPORT_XML[1], export_xml("synth", "4.1", True))
    assert usage(read_reports(tmp_path), available)["lut"] == Usage(2500, 53200)
    written(tmp_path, EXPORT_XML[0], export_xml("impl", "4.2", True))
    implementation = read_reports(tmp_path).implementation
    assert implementation and implementation.routed


WHOLE = csynth_xml("2022.2", MODULES)
GARBLED = {
    "cut short": (CSYNTH_XML, WHOLE[:900]),
    "no XML": (CSYNTH_XML, "Vitis HLS Report"),
    "empty": (CSYNTH_XML, ""),
    "no version": (CSYNTH_XML, WHOLE.replace("Version>", "Edition>")),
    "no resources": (CSYNTH_XML, WHOLE.replace("BRAM_18K", "BRAM")),
    "no number": (CSYNTH_XML, WHOLE.replace(">6200<", ">undef<")),
    "no period": (CSYNTH_XML, WHOLE.replace(">3.412<", "><")),
    "no row": (COSIM_RPT.format("gatewright_hls"), "|  VHDL|  NA| NA| NA| NA| NA| NA| NA|\n"),
    "no timing": (EXPORT_XML[0], export_xml("impl", "4", True).replace("TIMING_MET", "MET")),
}


@pytest.mark.parametrize("name", GARBLED)
def test_a_report_of_another_form_is_an_error(name: str, tmp_path: Path) -> None:
    path, text = GARBLED[name]
    written(tmp_path, path, text)
    with pytest.raises(GatewrightError, match="GW-804") as caught:
        read_reports(tmp_path)
    assert caught.value.where == str(tmp_path / path)


def test_errors_come_first() -> None:
    log = (
        "INFO: [HLS 200-10] a\nWARNING: [HLS 200-880] b\nCRITICAL WARNING: [HLS 200-1] c\n"
        "WARNING: [HLS 200-880] b\nERROR: [HLS 200-2] d\nno WARNING: e\n"
    )
    assert [line[0] + line[-1] for line in complaints(log)] == ["Ed", "Cc", "Wb"]
