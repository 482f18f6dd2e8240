"""Defects of functions, of the dataflow region and of its ports."""

from __future__ import annotations

import re

from lint_cases import DEPTH, LAYER, PORT, ROM, TOP, Edit, against, in_top, lines

INLINED = (
    against("inline", "ROM behind a module", Edit("k) {\n#pragma HLS inline\n", "k) {\n")),
    against("inline", "function of two values", Edit("b) {\n#pragma HLS inline\n", "b) {\n")),
    against(
        "inline", "writes behind a module", Edit("second) {\n#pragma HLS inline\n", "second) {\n")
    ),
    against(
        "inline", "inline off", Edit("k) {\n#pragma HLS inline\n", "k) {\n#pragma HLS inline off\n")
    ),
)

BODIES = (
    against("dataflow-body", "no dataflow", in_top("#pragma HLS dataflow\n", "")),
    against("dataflow-body", "call in a condition", in_top(LAYER, f"if (!too_long) {LAYER}")),
    against(
        "dataflow-body", "call in a loop", in_top(LAYER, f"for (int i = 0; i < 1; ++i) {LAYER}")
    ),
    against(
        "dataflow-body",
        "static stream",
        in_top("  hls::stream<beat> sums", "  static hls::stream<beat> sums"),
    ),
    against(
        "dataflow-body",
        "assignment",
        in_top("  hls::stream<beat> sums;", "  hls::stream<beat> sums;\n  too_long = false;"),
    ),
    against(
        "dataflow-body",
        "process that returns",
        Edit("void join(", "int join("),
        Edit(
            "    running = !x.last;\n  }\n}\n\ntemplate <class P>\nvoid write_words",
            "    running = !x.last;\n  }\n  return 0;\n}\n\ntemplate <class P>\nvoid write_words",
        ),
    ),
)

STREAMS = tuple(
    against("stream-ends", name, *edits)
    for name, *edits in (
        ("two readers", in_top(LAYER, LAYER.replace("left", "source"))),
        ("two writers", in_top(LAYER, LAYER.replace("states", "turned"))),
        ("no reader", in_top("(turned, right,", "(turned, turned,")),
        (
            "no writer",
            in_top(
                "  hls::stream<beat> sums;", "  hls::stream<beat> sums;\n  hls::stream<beat> none;"
            ),
            in_top("(turned, right,", "(turned, none,"),
        ),
        (
            "reader before its writer",
            in_top(f"  {LAYER}\n", ""),
            in_top(
                "  join<joiner>(turned, right, sums);\n",
                f"  join<joiner>(turned, right, sums);\n  {LAYER}\n",
            ),
        ),
        ("read by its own writer", in_top(LAYER, "layer<recurrent>(left, left);")),
        ("port that nothing feeds", in_top("  write_words<writer>(sums, m_axis);\n", "")),
        ("port of two readers", in_top(LAYER, f"{LAYER}\n  read_words<reader>(s_axis, states);")),
    )
)

DEPTHS = (
    against("stream-depth", "FIFO one too shallow", in_top("depth=16", "depth=15")),
    against("stream-depth", "FIFO without depth", in_top(f"{DEPTH}\n", "")),
    against("stream-depth", "depth of another FIFO", in_top("variable=right", "variable=left")),
    against(
        "stream-depth",
        "FIFO of the emitted design one too shallow",
        Edit(re.compile(r"depth=8\b"), "depth=7", TOP),
        base="both",
    ),
)

WIDTHS = (
    against("widths", "wide beat", Edit("data[4]", "data[512]")),
    against("widths", "wide values", Edit("ap_int<8> data", "ap_int<1024> data")),
    against("widths", "wide port", Edit("ap_uint<32>", "ap_uint<520>")),
    against(
        "widths",
        "wide array of structs",
        Edit(
            "    beat sum;",
            lines(
                "    struct { ap_int<64> of[65]; } many[2];",
                "#pragma HLS aggregate variable = many compact = bit",
                "    beat sum;",
            ),
        ),
    ),
    against(
        "widths",
        "words of a whole ROM",
        Edit(
            "static const ap_int<4> weights[8][4]",
            "static const ap_int<32> tall[8][4096] = {};\nstatic const ap_int<4> weights[8][4]",
        ),
        Edit(ROM, f"{ROM}\n#pragma HLS array_reshape variable = tall complete dim = 2"),
    ),
)

PORTS = (
    against("port-interface", "stream without interface", in_top(f"{PORT}\n", "")),
    against(
        "port-interface",
        "flag without interface",
        in_top("#pragma HLS interface mode=ap_vld port=too_long\n", ""),
    ),
    against(
        "port-interface",
        "control without interface",
        in_top("#pragma HLS interface mode=ap_ctrl_hs port=return\n", ""),
    ),
    against(
        "port-interface", "stream as a number", in_top(PORT, PORT.replace("axis", "ap_none", 1))
    ),
)
