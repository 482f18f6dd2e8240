"""What a pass does to memories: accesses by bank, true distances, chains; of small loops in C++."""

from __future__ import annotations

import re
from functools import cache

import pytest
from commit_choice import crossed, drawn
from graphs import STEPS
from lint_designs import DESIGNS, changed, view

from gatewright.hls_templates import map_design
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.project.hls import project_files
from gatewright.lint.llvm.delays import CycleRoom
from gatewright.lint.llvm.design import Pipeline, design_pipelines
from gatewright.lint.llvm.ports import Use
from gatewright.lint.pragmas.parse import pragmas_of
from gatewright.lint.rules.true_distance import RULE as TRUE_DISTANCE
from gatewright.lint.view import View, is_hardware

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

PARAMETERS = "hls/params.hpp"
HEAD = """#include <ap_int.h>
#include <hls_stream.h>
typedef ap_int<16> value;
static const value rom[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0};
static const value words[4][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {2, 4, 6, 8}, {1, 3, 5, 7}};
void kernel(hls::stream<value>& in, hls::stream<value>& out) {
"""
LOOP = """  for (int i = 0; i < 1000; ++i) {
#pragma HLS pipeline II = 1 style = flp
"""
WHILE = LOOP.replace("int i = 0; i < 1000; ++i", "bool on = true; on;")


@cache
def pipeline(before: str, inside: str, loop: str = LOOP) -> Pipeline:
    """The one pipeline of a function.

    Args:
        before: What stands before its loop.
        inside: What a pass does; ``i`` counts passes, ``x`` was read and ``y`` is written.
        loop: How it begins.
    """
    ends = ("    value x = in.read();\n    value y = x;\n", "    out.write(y);\n  }\n}\n")
    text = HEAD + before + loop + ends[0] + inside + ends[1]
    pragmas = dict(enumerate(pragmas_of("k.cpp", text)))
    (found,) = design_pipelines({"k.cpp": text}, pragmas, "k.cpp", CycleRoom(10.0))
    return found


def wide_sums(multipliers: int) -> tuple[View, RecurrentRecord]:
    """A layer at 200 MHz whose sums are taken for 32 bits."""
    options = MappingOptions(multipliers, "auto", STEPS, hls_depth=80)
    design = map_design(DESIGNS["rnn_relu"](), options)
    texts = {f"hls/{name}": text for name, text in project_files(design, "part", 5).items()}
    said = re.compile(r"using acc_t = gatewright_v1::word<\d+, true>;")
    wide = "using acc_t = gatewright_v1::word<32, true>;"
    texts[PARAMETERS], found = said.subn(wide, texts[PARAMETERS])
    assert found == 1
    kernels = design.document(STEPS, {})
    (layer,) = (k for k in kernels.kernels if isinstance(k, RecurrentRecord))
    return View({n: text for n, text in texts.items() if is_hardware(n)}, kernels, 5.0), layer


def use(found: Pipeline, name: str) -> Use:
    (one,) = (u for u in found.measured.uses if u.array.name.endswith(name))
    return one


MEMORY = "  static value m[16][4];\n#pragma HLS array_partition variable = m complete dim = 2\n"
EACH = "    for (int k = 0; k < 4; ++k) "


def test_wide_sums_are_added_up_once_a_cycle() -> None:
    """One selection lies behind their addition, where row blocks take turns too."""
    wide, layer = wide_sums(64)
    assert layer.hls.accumulators > 1
    assert {p.measured.interval for p in wide.pipelines} == {1}


@pytest.mark.parametrize(
    ("inside", "most"),
    [
        ("    y = m[i & 15][0];\n", (1, 0)),
        (f"{EACH}y += m[i & 15][k];\n", (1, 0)),  # a bank each
        ("    y = m[i & 15][1] + m[(i + 1) & 15][1];\n", (2, 0)),
        ("    y = m[i & 15][1] + m[i & 15][1];\n", (1, 0)),  # the same word
        ("    m[i & 15][2] = x;\n    y = m[(i + 3) & 15][2];\n", (1, 1)),
        (f"{EACH}if (x > k) m[(i + k) & 15][3] = x;\n", (0, 4)),
    ],
)
def test_accesses_of_a_bank(inside: str, most: tuple[int, int]) -> None:
    found = use(pipeline(MEMORY, inside), "m")
    assert (found.most, found.unknown) == (most, [])
    assert (found.array.banks, found.array.words) == (4, 16)


def test_a_bank_that_is_known_at_run_time_only() -> None:
    assert len(use(pipeline(MEMORY, "    y = m[0][i & 3];\n"), "m").unknown) == 1


@pytest.mark.parametrize(
    ("shape", "banks", "most"),
    [
        ("", 1, 4),
        ("array_partition variable = words cyclic factor = 2 dim = 2", 2, 2),
        ("array_partition variable = words block factor = 2 dim = 2", 2, 2),
        ("array_reshape variable = words complete dim = 2", 1, 1),
        ("array_reshape variable = words cyclic factor = 2 dim = 2", 1, 2),
    ],
)
def test_words_of_a_rom(shape: str, banks: int, most: int) -> None:
    before = f"#pragma HLS {shape}\n" if shape else ""
    found = use(pipeline(before, f"{EACH}y += words[i & 3][k];\n"), "words")
    assert (found.array.banks, found.most) == (banks, (most, 0))
    assert (found.too_many() is not None) == (most > 2)


def test_copies_of_a_rom_are_counted() -> None:
    np = "#pragma HLS bind_storage variable = words type = rom_np impl = bram\n"
    found = use(pipeline(np, f"{EACH}y += words[i & 3][k];\n"), "words")
    assert (found.most, found.copies, found.too_many()) == ((4, 0), 2, None)


def test_constant_addresses_take_no_port() -> None:
    assert pipeline("", f"{EACH}y += rom[k];\n").measured.uses == ()


@pytest.mark.parametrize(
    ("inside", "length"),
    [
        ("    y = rom[x & 15];\n", 1),
        ("    y = rom[x & 15] + rom[i & 15];\n", 1),
        ("    y = rom[rom[x & 15] & 15];\n", 2),
        ("    y = words[rom[rom[x & 15] & 15] & 3][rom[i & 15] & 3];\n", 3),
    ],
)
def test_chains_of_roms(inside: str, length: int) -> None:
    assert len(pipeline("", inside).measured.chain) == length


@pytest.mark.parametrize(
    ("inside", "passes"),
    [
        ("    m[i & 15][0] = x;\n    y = m[(i + 3) & 15][0];\n", 13),
        ("    m[(i + 3) & 15][0] = x;\n    y = m[i & 15][0];\n", 3),
        ("    m[(i * 5) & 15][0] = x;\n    y = m[(i * 5 + 11) & 15][0];\n", 1),
        ("    if (i & 1) m[i & 15][0] = x;\n    else y = m[i & 15][0];\n", None),
        ("    m[i & 15][0] = x;\n    if (i % 3 == 1) y = m[(i - 4) & 15][0];\n", 4),
        # what is read ahead, and then not taken, is not needed
        (
            "    m[i & 15][0] = x;\n    value z = m[(i + 9) & 15][0];\n"
            "    if (i % 7 == 8) y = z;\n    y += m[(i + 3) & 15][0];\n",
            13,
        ),
    ],
)
def test_true_distances_are_those_of_the_addresses(inside: str, passes: int | None) -> None:
    found = pipeline(MEMORY, inside).measured.carried
    assert [(c.true.known, c.true.passes) for c in found] in ([(True, passes)], [])


def test_a_distance_of_all_passes_until_the_loop_begins_anew() -> None:
    row = "    if (row == 1) y = m[5][0];\n    m[row][0] = x;\n    row = row == 7 ? 0 : row + 1;\n"
    inside = f"{row}    on = x != 77;\n"
    (carried,) = pipeline(f"{MEMORY}  int row = 0;\n", inside, WHILE).measured.carried
    assert carried.true.passes == 4


def test_sums_are_trees() -> None:
    """Sixteen reads, four additions one after the other, two or three in a cycle, and the write."""
    terms = "    for (int k = 0; k < 16; ++k) y += rom[(i + k) & 15];\n"
    assert pipeline("", terms).measured.depth == 4


def test_an_address_of_data_has_no_distance() -> None:
    (carried,) = pipeline(MEMORY, "    m[x & 15][0] = x;\n    y = m[i & 15][0];\n").measured.carried
    assert not carried.true.known


def test_loops_with_a_constant_end_are_unrolled_and_others_named() -> None:
    assert pipeline("", f"{EACH}y += x;\n").inside == ()
    (place,) = pipeline("", "    for (int k = 0; k < x; ++k) y = y * x + k;\n").inside
    assert place.line == HEAD.count("\n") + LOOP.count("\n") + 3


ACC = "  value acc[4];\n"
ADDS = f"{EACH}{{ acc[k] = i ? value(acc[k] + x) : x; }}\n    y = acc[3];\n"


def test_registers_and_memories_of_sums() -> None:
    registers = "#pragma HLS array_partition variable = acc complete\n"
    assert pipeline(ACC + registers, ADDS).measured.interval == 1
    memory = pipeline(ACC, ADDS).measured
    assert memory.interval == 3
    (carried,) = memory.carried
    assert (carried.latency, carried.stated, carried.true.passes) == (3, 1, 1)


SCHEDULED = crossed([name for name in DESIGNS if name != "drawn"], ["auto", "thresholds"])


@pytest.mark.parametrize(("name", "requantizer"), drawn(SCHEDULED, 2, "rotating"))
def test_distances_are_those_of_the_schedule(name: str, requantizer: str) -> None:
    design = view(name, requantizer=requantizer)
    records = {k.name: k for k in design.kernels.kernels if isinstance(k, RecurrentRecord)}
    found = {p.kernel: p.measured for p in design.pipelines if p.kernel in records}
    assert found.keys() == records.keys()
    for kernel, measured in found.items():
        assert measured.interval == 1
        memories = {carried.array.name: carried for carried in measured.carried}
        hls = records[kernel].hls
        assert memories["h"].true.passes == memories["h"].stated == hls.dependence_distance
        assert 1 < memories["h"].latency <= hls.depth
        if memories["c"].latency:  # an RNN's is written and never needed
            assert memories["c"].true.passes == memories["c"].stated == hls.cycles_per_step


def test_a_distance_that_is_changed_in_a_design() -> None:
    design = view("lstm")
    (kernel,) = (k for k in design.kernels.kernels if isinstance(k, RecurrentRecord))
    distance = kernel.hls.dependence_distance
    stated = f"DISTANCE = {distance};"
    assert design.texts[PARAMETERS].count(stated) == 1

    def with_distance(passes: int) -> dict[str, str]:
        return {PARAMETERS: design.texts[PARAMETERS].replace(stated, f"DISTANCE = {passes};")}

    far = changed(design, **with_distance(distance + 1))
    (finding,) = TRUE_DISTANCE.check(far)
    assert f"{distance + 1} is stated" in finding.reason and str(distance) in finding.reason
    near = changed(design, **with_distance(3))
    assert list(TRUE_DISTANCE.check(near)) == []
    (measured,) = (p.measured for p in near.pipelines if p.kernel == kernel.name)
    (h,) = (carried for carried in measured.carried if carried.array.name == "h")
    assert measured.interval == h.interval == -(-h.latency // 3) > 1
