"""The IP around a kernel of Vitis HLS: under the benches of the IP, with a double of the kernel."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import ip_bench
import pytest
from choices import choice
from commit_choice import commit
from hls_defects import CORE, DEFECTS, DRAWN_DEFECTS, HARMLESS
from ip_builds import passed
from ip_designs import CASES, HLS_CASES
from ip_icarus import simulate
from ip_planted import change, complaint, drawn

from gatewright.tools.yosys import find_yosys, run_yosys

pytestmark = pytest.mark.compiles

ALL = choice("beats") == "all"
RUN = DEFECTS | {name: DRAWN_DEFECTS[name] for name in drawn(list(DRAWN_DEFECTS))}
BEATS = 1_000_000 if ALL else 20_000
DRAWN = sorted(CASES)[int(commit()[:8] or "0", 16) % len(CASES)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for case in sorted({defect.case for defect in RUN.values()}):
        folders[case] = tmp_path_factory.mktemp(case)
        HLS_CASES[case].write(folders[case])
    return folders


@pytest.mark.parametrize("what", RUN)
def test_a_defect_is_found(what: str, written: dict[str, Path], tmp_path: Path) -> None:
    defect = RUN[what]
    folder = shutil.copytree(written[defect.case], tmp_path / "ip")
    change(folder / "ip" / defect.file, ((defect.old, defect.new),))
    change(folder / "ip" / CORE, defect.more)
    said = simulate(folder)
    assert re.fullmatch(defect.check, complaint(said)), said


@pytest.mark.parametrize("what", HARMLESS)
def test_what_makes_no_difference(what: str, written: dict[str, Path], tmp_path: Path) -> None:
    case, changes = HARMLESS[what]
    folder = shutil.copytree(written[case], tmp_path / "ip")
    change(folder / "ip" / CORE, changes)
    said = simulate(folder)
    assert passed(said), said


@pytest.mark.parametrize("case", sorted(HLS_CASES) if ALL else sorted({DRAWN, "stateful-16"}))
def test_the_shipped_bench(case: str, tmp_path: Path) -> None:
    HLS_CASES[case].write(tmp_path)
    said = simulate(tmp_path, "+seed=4")
    assert passed(said), said


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted(CASES) if ALL else [DRAWN])
def test_beats(case: str, tmp_path: Path) -> None:
    """The bench in C++, as in ``test_bench.py``."""
    program = ip_bench.build(HLS_CASES[case], tmp_path)
    said = ip_bench.run(program, 1, BEATS)
    assert said.splitlines()[-1].startswith("PASS "), said
    counts = dict(zip(*[iter(said.split()[-16:])] * 2, strict=True))
    assert int(counts["beats"]) >= BEATS
    assert all(int(counts[name]) > 0 for name in ("clears", "resets", "errors", "accesses"))
    assert (int(counts["kept"]) > 0) == HLS_CASES[case].keeps


def test_the_adapter_is_plain_verilog(tmp_path: Path) -> None:
    """yosys reads it as Verilog-2005, of which SystemVerilog's words are none."""
    HLS_CASES["backwards-32"].write(tmp_path)
    text = (tmp_path / "ip" / CORE).read_text()
    assert not re.search(r"\b(logic|always_ff|always_comb|int|bit|import)\b|::", text)
    run_yosys(find_yosys(), [f"read_verilog -noopt ip/{CORE}"], tmp_path)


def test_the_keep_of_a_state_reaches_nothing(tmp_path: Path) -> None:
    """A layer goes by the keep of its x: TUSER of ``h0`` and ``c0`` may be anything."""
    CASES["stateful-16"].write(tmp_path)
    sources = " ".join((tmp_path / "rtl/sources.f").read_text().split())
    reached = "select -assert-{} i:{}_tuser %co* o:* %i"
    commands = [
        f"read_slang -j 1 --top gatewright_top {sources}",
        "hierarchy -top gatewright_top; flatten; memory_map; simplemap; opt_clean",
        reached.format("any", "s_axis"),
        "select -assert-count 2 i:s_axis_1_h0_tuser i:s_axis_2_c0_tuser",
        reached.format("none", "s_axis_1_h0"),
        reached.format("none", "s_axis_2_c0"),
    ]
    run_yosys(find_yosys(), commands, tmp_path / "rtl")


def test_the_wrapper_is_the_same_but_for_its_core(tmp_path: Path) -> None:
    texts = []
    for case in (CASES["stateful-16"], HLS_CASES["stateful-16"]):
        case.write(tmp_path)
        texts.append((tmp_path / "ip/gatewright_ip.v").read_text())
    assert texts[0].replace("gatewright_top", "gatewright_hls_adapter") == texts[1] != texts[0]
