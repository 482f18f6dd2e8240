"""Defects of pragmas: their words, places, names, numbers, and what they say of arrays."""

from __future__ import annotations

import re

from lint_cases import (
    ACC,
    AGGREGATE,
    BANKS,
    DEPENDENCE,
    DEPTH,
    KERNELS,
    PIPELINE,
    PORT,
    RAM,
    ROM,
    SUM,
    TOP,
    Case,
    Edit,
    against,
    in_top,
    lines,
)


def words(name: str, old: str, new: str, file: str = KERNELS) -> Case:
    return Case(name, (Edit(old, new, file),), "pragma-words")


def place(name: str, *edits: Edit) -> Case:
    return Case(name, edits, "pragma-place")


WORDS = (
    words("style that there is not", PIPELINE, PIPELINE.replace("flp", "fast")),
    words("misspelt directive", PIPELINE, PIPELINE.replace("pipeline", "pipelin")),
    words("misspelt option", ACC, ACC.replace("dim", "dims")),
    words("implementation that there is not", ROM, ROM.replace("bram", "blockram")),
    words("implementation of another storage", ROM, ROM.replace("bram", "uram")),
    words("misspelt depth", DEPTH, DEPTH.replace("depth", "depht"), TOP),
    words("option given twice", PIPELINE, f"{PIPELINE} II = 2"),
    words("value and word of one option", ACC, f"{ACC} type = cyclic"),
    words("aggregate of nothing", AGGREGATE, "#pragma HLS aggregate compact = bit"),
    words("blocks of no size", ACC, ACC.replace("complete", "block")),
    words("factor of a complete partition", ACC, f"{ACC} factor = 2"),
    words("port without mode", PORT, "#pragma HLS interface port=s_axis", TOP),
    words("mode of data for the control", "mode=ap_ctrl_hs", "mode=ap_vld", TOP),
    words("mode of the control for data", "mode=ap_vld", "mode=ap_ctrl_hs", TOP),
    words("option of another mode", PORT, f"{PORT} bundle=control", TOP),
    words("directive of Vivado", RAM, "#pragma HLS resource variable = h core = RAM_2P"),
    words("option of Vivado", PIPELINE, "#pragma HLS pipeline II = 1 enable_flush"),
    words("unroll complete", "#pragma HLS unroll", "#pragma HLS unroll complete"),
    words("type of dependence that there is not", DEPENDENCE, DEPENDENCE.replace("inter", "outer")),
    words("style of what is off", PIPELINE, "#pragma HLS pipeline off style = flp"),
    words("space of Vivado", PIPELINE, PIPELINE.replace("HLS", "AP")),
    words("option without value", PIPELINE, "#pragma HLS pipeline II style = flp"),
    words("value of a flag", PIPELINE, f"{PIPELINE} rewind = 1"),
    words("rewind of what is flushed", PIPELINE, f"{PIPELINE} rewind"),
    words("brackets that do not close", BANKS, BANKS.replace("= 2", "= (2")),
    words("no directive", PIPELINE, "#pragma HLS"),
    words("misspelt space", PIPELINE, PIPELINE.replace("HLS", "HSL")),
    words("space and directive in one", PIPELINE, PIPELINE.replace("HLS ", "HLS_")),
    words("pragma as an operator", PIPELINE, '_Pragma("HLS pipeline II = 1 style = flp")'),
)

PLACES = (
    place(
        "pipeline in a condition",
        Edit(f"{PIPELINE}\n    const beat x = a.read();", "    const beat x = a.read();"),
        Edit("    out.write(sum);", f"    if (true) {{\n{PIPELINE}\n    out.write(sum);\n    }}"),
    ),
    place(
        "unroll before its one statement",
        Edit(SUM, SUM.replace(") sum", ")\n#pragma HLS unroll\n sum")),
    ),
    place(
        "inline of a namespace",
        Edit("template <class T>", "#pragma HLS inline\ntemplate <class T>"),
    ),
    place(
        "inline of a struct",
        Edit("  static void storage", "#pragma HLS inline\n  static void storage"),
    ),
    place(
        "dataflow after its function",
        in_top("#pragma HLS dataflow\n", ""),
        in_top("m_axis);\n}\n", "m_axis);\n}\n#pragma HLS dataflow\n"),
    ),
    place(
        "interface in a loop",
        Edit(PIPELINE, f"{PIPELINE}\n#pragma HLS interface mode=axis port=in"),
    ),
    place("partition in a statement", Edit("sum = x.data[i] *", f"sum =\n{ACC}\n  x.data[i] *")),
    place("unroll of a function", Edit("  beat kept", "#pragma HLS unroll\n  beat kept")),
    place(
        "trip count of a function",
        Edit("  beat kept", "#pragma HLS loop_tripcount max = 4\n  beat kept"),
    ),
)

NAMES = tuple(
    against("pragma-names", *case)
    for case in (
        ("array that there is not", Edit(ACC, ACC.replace("acc", "sums"))),
        ("array of another kernel", Edit(BANKS, BANKS.replace("h complete", "kept complete"))),
        (
            "array before it is declared",
            Edit(f"{ACC}\n", ""),
            Edit("  ap_int<16> acc", f"{ACC}\n  ap_int<16> acc"),
        ),
        ("member that there is not", Edit(DEPENDENCE, DEPENDENCE.replace("DISTANCE", "GAP"))),
        (
            "partition of a number",
            Edit("  int row = 0;", "  int row = 0;\n" + ACC.replace("acc", "row")),
        ),
        ("reset of what does not stay", Edit(ACC, f"{ACC}\n#pragma HLS reset variable = acc")),
        ("port that is inside", in_top(DEPTH, f"{DEPTH}\n{PORT.replace('s_axis', 'right')}")),
        ("stream of a flag", in_top(DEPTH, f"{DEPTH}\n{DEPTH.replace('right', 'too_long')}")),
        ("aggregate of numbers", Edit(ACC, f"{ACC}\n#pragma HLS aggregate variable = acc")),
        (
            "storage of a struct",
            Edit("    beat sum;", f"    beat sum;\n{RAM.replace('= h', '= sum')}"),
        ),
    )
)

NUMBERS = tuple(
    against("pragma-numbers", *case)
    for case in (
        ("dimension that there is not", Edit(BANKS, BANKS.replace("2", "3"))),
        (
            "factor that does not divide",
            Edit(BANKS, BANKS.replace("complete", "cyclic factor = 3")),
        ),
        (
            "factor larger than the array",
            Edit(ACC, ACC.replace("complete dim = 0", "block factor = 8")),
        ),
        ("interval of nothing", Edit(PIPELINE, PIPELINE.replace("1", "0"))),
        ("stream of no beats", in_top("depth=16", "depth=0")),
        (
            "number that is known at run time",
            Edit(
                "    acc[i] = 0;",
                lines(
                    "    acc[i] = 0;",
                    "  }",
                    "  int n = 2;",
                    "  for (int i = 0; i < P::WIDTH; ++i) {",
                    "#pragma HLS unroll factor = n",
                    "",
                ),
            ),
        ),
        ("latency that no memory has", Edit(RAM, f"{RAM} latency = 7")),
        (
            "distance of nothing",
            Edit(DEPENDENCE, DEPENDENCE.replace("P::DISTANCE", "P::DISTANCE - 6")),
        ),
        (
            "trip counts in the wrong order",
            Edit(PIPELINE, f"{PIPELINE}\n#pragma HLS loop_tripcount min = 9 max = 8"),
        ),
    )
)

DEPENDENCES = tuple(
    against("dependence", *case)
    for case in (
        ("memory in registers", Edit(BANKS, BANKS.replace("2", "0"))),
        ("memory in registers, by and by", Edit(BANKS, f"{BANKS}\n{BANKS.replace('2', '1')}")),
        ("no distance", Edit(DEPENDENCE, DEPENDENCE.replace("distance = P::DISTANCE ", ""))),
        ("neither true nor false", Edit(DEPENDENCE, DEPENDENCE.replace(" true", ""))),
        ("false", Edit(DEPENDENCE, DEPENDENCE.replace(" true", " false"))),
        ("of a number", Edit(DEPENDENCE, DEPENDENCE.replace("= h", "= row"))),
        ("of all there is", Edit(DEPENDENCE, DEPENDENCE.replace("variable = h ", ""))),
        ("distance in one pass", Edit(DEPENDENCE, DEPENDENCE.replace("inter", "intra"))),
    )
)

DISTANCES = (
    against(
        "dependence",
        "distance larger than the schedule's",
        Edit(re.compile(r"DISTANCE = (\d+);"), r"DISTANCE = \1 + 1;", "hls/params.hpp"),
        base="both",
    ),
    against(
        "dependence",
        "distance larger than a step",
        Edit("distance = P::SLOTS", "distance = P::SLOTS + 1", "hls/gatewright_v1/recurrent.hpp"),
        base="both",
    ),
)

ARRAYS = (
    against("struct-arrays", "array of structs", Edit(f"{AGGREGATE}\n", "")),
    against("struct-arrays", "array of structs with gaps", Edit("compact = bit", "compact = none")),
    against(
        "struct-arrays",
        "another array of structs",
        Edit("    beat sum;", "    slot slots[4];\n    beat sum;"),
    ),
)

TWICE = (
    against("pragma-once", "loop with two pipelines", Edit(PIPELINE, f"{PIPELINE}\n{PIPELINE}")),
    against(
        "pragma-once",
        "array partitioned twice",
        Edit(BANKS, f"{BANKS}\n{BANKS.replace('complete', 'cyclic factor = 2')}"),
    ),
    against(
        "pragma-once",
        "two storages of one array",
        Edit(RAM, f"{RAM}\n{RAM.replace('lutram', 'bram')}"),
    ),
    against(
        "pragma-once",
        "two depths of one FIFO",
        in_top(DEPTH, f"{DEPTH}\n{DEPTH.replace('16', '32')}"),
    ),
    against("pragma-once", "two interfaces of one port", in_top(PORT, f"{PORT}\n{PORT}")),
)
