"""The IP around a kernel of Vitis HLS: under the benches of the IP, with a double of the kernel."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ip_bench
import pytest
from choices import choice
from commit_choice import commit
from ip_builds import passed
from ip_designs import CASES, HLS_CASES
from ip_icarus import simulate

from gatewright.tools.yosys import find_yosys, run_yosys

pytestmark = pytest.mark.compiles

ALL = choice("beats") == "all"
BEATS = 1_000_000 if ALL else 20_000
DRAWN = sorted(CASES)[int(commit()[:8] or "0", 16) % len(CASES)]
CORE, HOLD, GUARD = "gatewright_hls_adapter.v", "gw_ip_hold_v1.sv", "gw_ip_guard_v1.sv"


@dataclass(frozen=True)
class Defect:
    """A change of what stands around the kernel.

    Attributes:
        file: Of ``ip/``.
        old: What stands there, once.
        new: What stands there instead.
        check: What the shipped bench says, a regular expression.
        case: The design in which it shows.
        more: More changes, of ``CORE``.
    """

    file: str
    old: str
    new: str
    check: str
    case: str = "pointwise-8"
    more: tuple[tuple[str, str], ...] = ()


SLOW = ((".CYCLES(16)", ".CYCLES(255)"),)
"""A reset so long that hosts are back before it has ended."""
DEAF = ("kernel_framing <= 1'b1;", "kernel_framing <= 1'b0;")
DEFECTS = {
    "a reset of two cycles": Defect(CORE, ".CYCLES(16)", ".CYCLES(2)", "clear_leaves_open"),
    "clear forgets the kernel": Defect(
        CORE, "(!aresetn || clear)", "(!aresetn)", "clear_leaves_open"
    ),
    "reset forgets the kernel": Defect(CORE, "(!aresetn || clear)", "(clear)", "unknown"),
    "a reset of the other sense": Defect(
        CORE, ".ap_rst_n(rst_n)", ".ap_rst_n(!rst_n)", "answer_of_nothing"
    ),
    "never started": Defect(CORE, ".ap_start(rst_n)", ".ap_start(1'b0)", "hang"),
    "what a reset offers counts": Defect(CORE, "_tvalid = run && ", "_tvalid = ", "answer_of_.*"),
    "words go into a reset": Defect(
        GUARD, "in_ready_o  = !rst_i && (", "in_ready_o  = (", "golden", more=SLOW
    ),
    "a byte left out": Defect(CORE, "_TKEEP({5{1'b1}})", "_TKEEP(5'h0f)", "golden"),
    "no strobes": Defect(CORE, "_TSTRB({5{1'b1}})", "_TSTRB(5'h00)", "golden"),
    "bytes of a word the other way": Defect(
        CORE, "_TDATA(s_axis_tdata)", "_TDATA({s_axis_tdata[7:0], s_axis_tdata[39:8]})", "golden"
    ),
    "last lost on the way in": Defect(CORE, "_TLAST(s_axis_tlast)", "_TLAST(1'b0)", "last"),
    "last lost on the way out": Defect(CORE, "_TLAST(m_axis_tlast)", "_TLAST()", "last"),
    "nobody waits for the bus": Defect(
        CORE, "_TREADY(run && m_axis_tready)", "_TREADY(run)", "golden|last"
    ),
    "two states swapped": Defect(
        CORE,
        ".s_axis_1_h0_TDATA(s_axis_1_h0_tdata)",
        ".s_axis_1_h0_TDATA(s_axis_2_c0_tdata)",
        "golden",
        "stateful-16",
    ),
    "keep lost": Defect(CORE, "_TUSER(s_axis_tuser)", "_TUSER(1'b0)", "keep", "forwards-8"),
    "keep for ever": Defect(CORE, "_TUSER(s_axis_tuser)", "_TUSER(1'b1)", "golden", "forwards-8"),
    "a state of two steps": Defect(
        CORE,
        ".STEPS    (1)\n  ) u_s_axis_1",
        ".STEPS    (0)\n  ) u_s_axis_1",
        "error_state",
        "stateful-16",
    ),
    "a long sequence not seen": Defect(
        CORE,
        ".MAX_STEPS(9)",
        ".MAX_STEPS(0)",
        "error_too_long",
        "backwards-32",
        (("kernel_too_long <= 1'b1;", "kernel_too_long <= 1'b0;"),),
    ),
    "a step that ends too early not seen": Defect(
        CORE, ".FOLDS    (2)", ".FOLDS    (1)", "error_framing", "wide-512", (DEAF,)
    ),
    "another number of steps not seen": Defect(
        CORE, ".STEPS    (7)", ".STEPS    (0)", "error_length", "flat-64"
    ),
    "two ports not held against each other": Defect(
        CORE,
        ".wrong_i    (s_axis_1_w_a_wrong)",
        ".wrong_i    (1'b0)",
        "error_length",
        "double-16",
        ((".wrong_i    (s_axis_1_w_b_wrong)", ".wrong_i    (1'b0)"),),
    ),
    "only the kernel sees that a step ends too early": Defect(
        CORE, ".FOLDS    (2)", ".FOLDS    (1)", "answer_of_wrong", "wide-512"
    ),
    "a guard that lets through": Defect(
        GUARD,
        "in_valid_i && !drop && !hold_i && !misframed",
        "in_valid_i",
        "answer_of_wrong",
        "wide-512",
        (DEAF,),
    ),
}
"""Each with the check that finds it."""
HARMLESS = {
    "hosts are back before the reset has ended": ("pointwise-8", SLOW),
    "the kernel itself tells of a length": ("backwards-32", ((".MAX_STEPS(9)", ".MAX_STEPS(0)"),)),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for case in sorted({defect.case for defect in DEFECTS.values()}):
        folders[case] = tmp_path_factory.mktemp(case)
        HLS_CASES[case].write(folders[case])
    return folders


def change(path: Path, changes: Sequence[tuple[str, str]]) -> None:
    """Replace what stands there once."""
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
        text = text.replace(old, new)
    path.write_text(text)


@pytest.mark.parametrize("what", DEFECTS)
def test_a_defect_is_found(what: str, written: dict[str, Path], tmp_path: Path) -> None:
    defect = DEFECTS[what]
    folder = shutil.copytree(written[defect.case], tmp_path / "ip")
    change(folder / "ip" / defect.file, ((defect.old, defect.new),))
    change(folder / "ip" / CORE, defect.more)
    said = simulate(folder)
    found = re.search(r"^FAIL (\w+):", said, re.MULTILINE)
    assert found and re.fullmatch(defect.check, found[1]), said


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


def test_the_wrapper_is_the_same_but_for_its_core(tmp_path: Path) -> None:
    texts = []
    for case in (CASES["stateful-16"], HLS_CASES["stateful-16"]):
        case.write(tmp_path)
        texts.append((tmp_path / "ip/gatewright_ip.v").read_text())
    assert texts[0].replace("gatewright_top", "gatewright_hls_adapter") == texts[1] != texts[0]
