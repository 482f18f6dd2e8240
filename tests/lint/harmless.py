"""Changes of a small design that are no defect: other words for the same, and what is allowed."""

from __future__ import annotations

import re

from lint_cases import (
    ACC,
    AGGREGATE,
    BANKS,
    DEPENDENCE,
    DEPTH,
    KERNELS,
    LAYER,
    PIPELINE,
    PORT,
    RAM,
    READ,
    ROM,
    SUM,
    Case,
    Edit,
    in_top,
    lines,
)

MATVEC = "hls/gatewright_v1/matvec.hpp"


class _All(Edit):
    """Each whole word of a text."""

    def apply(self, text: str) -> str:
        assert isinstance(self.old, str)
        changed, count = re.subn(rf"(?<!\.)\b{self.old}\b", self.new, text)
        assert count, self.old
        return changed


def said_so(name: str, old: str, new: str) -> Case:
    """Another pragma for one."""
    return Case(name, (Edit(old, new),))


def plain(name: str, *edits: Edit, base: str = "small") -> Case:
    return Case(name, edits, base=base)


SPELLING = (
    said_so("a partition that is not off", ACC, f"{ACC} off = false"),
    said_so(
        "banks of both dimensions",
        RAM,
        f"{RAM}\n{BANKS.replace('complete dim = 2', 'cyclic factor = 1 dim = 1')}",
    ),
    said_so("capitals", PIPELINE, "#pragma HLS PIPELINE ii=1 STYLE=FLP"),
    said_so("no spaces", PIPELINE, "#pragma HLS pipeline II=1 style=flp"),
    said_so("many spaces", PIPELINE, "  #  pragma   HLS\tpipeline  II  =  1   style\t=\tflp  "),
    said_so("another order", PIPELINE, "#pragma HLS pipeline style = flp II = 1"),
    said_so("a comment behind", PIPELINE, f"{PIPELINE}  // one pass a cycle"),
    said_so("a comment inside", PIPELINE, "#pragma HLS pipeline /* one */ II = 1 style = flp"),
    said_so("two lines", PIPELINE, "#pragma HLS pipeline \\\n  II = 1 style = flp"),
    said_so("brackets", PIPELINE, "#pragma HLS pipeline II = (1) style = flp"),
    said_so("another style", PIPELINE, PIPELINE.replace("flp", "frp")),
    said_so("no interval", PIPELINE, "#pragma HLS pipeline style = flp"),
    said_so("type in words", ACC, ACC.replace("complete", "type = complete")),
    said_so("type in capitals", ACC, ACC.replace("complete", "type = COMPLETE")),
    said_so("no type", ACC, ACC.replace("complete ", "")),
    said_so("no dimension", ACC, ACC.replace(" dim = 0", "")),
    said_so("the only dimension", ACC, ACC.replace("0", "1")),
    said_so(
        "options before the variable", ACC, "#pragma HLS array_partition dim = 0 variable = acc"
    ),
    said_so("dimension that is computed", BANKS, BANKS.replace("2", "1 + 1")),
    said_so("factor for complete", BANKS, BANKS.replace("complete", "cyclic factor = 4")),
    said_so(
        "factor that is a constant", BANKS, BANKS.replace("complete", "block factor = P::WIDTH")
    ),
    said_so(
        "factor that is computed", BANKS, BANKS.replace("complete", "cyclic factor = P::STEPS / 2")
    ),
    said_so(
        "dependence in words",
        DEPENDENCE,
        "#pragma HLS dependence variable = h type = inter direction = RAW \\\n"
        "  distance = P::DISTANCE dependent = true",
    ),
    said_so(
        "dependence in another order",
        DEPENDENCE,
        "#pragma HLS dependence true distance = P::DISTANCE raw inter variable = h",
    ),
    said_so("dependence of any direction", DEPENDENCE, DEPENDENCE.replace("RAW ", "")),
    said_so("shorter distance", DEPENDENCE, DEPENDENCE.replace("P::DISTANCE", "P::DISTANCE - 1")),
    said_so("distance in numbers", DEPENDENCE, DEPENDENCE.replace("P::DISTANCE", "6")),
    said_so(
        "dependence within a pass",
        DEPENDENCE,
        f"{DEPENDENCE}\n#pragma HLS dependence variable = h intra WAR false",
    ),
    said_so("aggregate in a word", AGGREGATE, "#pragma HLS aggregate variable = kept bit"),
    said_so("storage that the tool chooses", RAM, RAM.replace("lutram", "auto")),
    said_so("storage without implementation", RAM, RAM.replace(" impl = lutram", "")),
    said_so("ROM of many ports", ROM, ROM.replace("rom_1p impl = bram", "ROM_NP impl = LUTRAM")),
    said_so("ROM in registers", "#pragma HLS array_reshape", "#pragma HLS array_partition"),
    said_so("trip count", PIPELINE, f"{PIPELINE}\n#pragma HLS loop_tripcount min = 1 max = 64"),
    said_so("trees of sums", "  int row = 0;", "#pragma HLS expression_balance\n  int row = 0;"),
    said_so("a pragma of clang", "#pragma once", "#pragma once\n#pragma clang diagnostic push"),
    said_so("unrolled, not off", "#pragma HLS unroll", "#pragma HLS unroll off = false"),
    said_so("pragmas of others", "#pragma once", "#pragma once\n#pragma GCC diagnostic push"),
    said_so("a pragma in a comment", "  int row = 0;", "  // #pragma HLS pipelin\n  int row = 0;"),
    said_so(
        "a pragma of simulation",
        "  int row = 0;",
        "#ifndef __SYNTHESIS__\n#pragma HLS pipelin\n#endif\n  int row = 0;",
    ),
    said_so(
        "inline behind a comment",
        "k) {\n#pragma HLS inline",
        "k) {\n  // A word.\n\n#pragma HLS inline",
    ),
    said_so(
        "inline of all below",
        "k) {\n#pragma HLS inline",
        "k) {\n#pragma HLS inline\n#pragma HLS inline recursive",
    ),
)

AT_TOP = (
    plain("mode as a word", in_top(PORT, "#pragma HLS interface axis port=s_axis")),
    plain("mode behind the port", in_top(PORT, "#pragma HLS interface port=s_axis mode=axis")),
    plain("registers at a port", in_top(PORT, f"{PORT} register_mode=both register")),
    plain("name of a port", in_top(PORT, f"{PORT} name=words")),
    plain("deeper FIFO", in_top("depth=16", "depth=64")),
    plain(
        "depth that is computed",
        in_top("depth=16", "depth=2*P8"),
        Edit("struct shape", "constexpr int P8 = 8;\nstruct shape"),
    ),
    plain("kind of FIFO", in_top(DEPTH, f"{DEPTH} type=fifo")),
    plain(
        "depth of a FIFO that needs none",
        in_top(DEPTH, f"{DEPTH}\n#pragma HLS stream variable=source depth=4"),
    ),
    plain(
        "names of streams",
        _All("right", "other", "hls/top.cpp"),
        _All("sums", "answers", "hls/top.cpp"),
    ),
    plain(
        "streams with names",
        in_top("hls::stream<beat> states;", 'hls::stream<beat> states("states");'),
    ),
    plain(
        "another name of the type",
        in_top("  hls::stream<beat> states;", "  queue states;"),
        Edit("struct shape", "using queue = hls::stream<beat>;\nstruct shape"),
    ),
    plain(
        "streams above all",
        in_top("  hls::stream<beat> sums;\n", ""),
        in_top(
            "  hls::stream<beat> source;", "  hls::stream<beat> sums;\n  hls::stream<beat> source;"
        ),
    ),
    plain("comments between", in_top(f"  {LAYER}", f"\n  // What takes long.\n  {LAYER}\n")),
    plain(
        "a process more",
        in_top(LAYER, "copy<shape>(left, states, more);"),
        in_top("  hls::stream<beat> sums;", "  hls::stream<beat> sums;\n  hls::stream<beat> more;"),
        in_top("  write_words<writer>", "  drain(more);\n  write_words<writer>"),
        Edit(
            "template <class P>\nvoid join",
            lines(
                "inline void drain(hls::stream<beat>& in) {",
                "  bool running = true;",
                "  while (running) {",
                "#pragma HLS pipeline II = 1 style = flp",
                "    running = !in.read().last;",
                "  }",
                "}",
                "",
                "template <class P>",
                "void join",
            ),
        ),
    ),
)

IN_KERNELS = (
    plain("names of memories", _All("h", "memory", KERNELS)),
    plain("names of parameters", _All("too_long", "flag", KERNELS)),
    plain(
        "names of structs", _All("beat", "values", KERNELS), _All("beat", "values", "hls/top.cpp")
    ),
    plain("names of constants", _All("WIDTH", "LANES", KERNELS)),
    plain(
        "a loop that counts down",
        Edit(SUM, SUM.replace("int i = 0; i < P::WIDTH; ++i", "int i = P::WIDTH - 1; i >= 0; --i")),
    ),
    plain("a loop in steps", Edit(SUM, SUM.replace("++i", "i += 1"))),
    plain(
        "a bound of its own",
        Edit(SUM, f"constexpr int N = P::WIDTH;\n    {SUM.replace('P::WIDTH', 'N')}"),
    ),
    plain(
        "a bound that is const",
        Edit(SUM, f"const int n = P::WIDTH;\n    {SUM.replace('P::WIDTH', 'n')}"),
    ),
    plain(
        "loops in loops",
        Edit(
            SUM,
            lines(
                "for (int i = 0; i < 2; ++i)",
                "      for (int k = 0; k < 2; ++k)",
                "        sum.data[2 * i + k] = x.data[2 * i + k] + y.data[2 * i + k];",
            ),
        ),
    ),
    plain(
        "an index with a name",
        Edit(
            SUM,
            lines(
                "for (int i = 0; i < P::WIDTH; ++i) {",
                "      const int at = P::WIDTH - 1 - i;",
                "      sum.data[at] = x.data[at] + y.data[at];",
                "    }",
            ),
        ),
    ),
    plain(
        "an index of an argument that is known",
        Edit(
            "template <class T>",
            lines(
                "inline ap_int<8> get(const beat& x, int i) {",
                "#pragma HLS inline",
                "  return x.data[i];",
                "}",
                "template <class T>",
            ),
        ),
        Edit(SUM, f"{SUM}\n    sum.data[0] = get(x, 2);"),
    ),
    plain(
        "an index at run time, outside of structs",
        Edit(
            SUM,
            lines(
                f"{SUM}",
                "    ap_int<8> own[P::WIDTH];",
                "#pragma HLS array_partition variable = own complete",
                "    for (int i = 0; i < P::WIDTH; ++i) own[i] = x.data[i];",
                "    sum.data[0] = own[int(y.data[0]) & 3];",
            ),
        ),
    ),
    plain("a condition in a loop", Edit(SUM, SUM.replace(") sum", ") if (!y.last) sum"))),
    plain(
        "an assertion of types", Edit(READ, f'static_assert(P::WIDTH == 4, "as wide");\n    {READ}')
    ),
    plain(
        "what only simulation has",
        Edit(
            READ,
            lines(
                f"{READ}",
                "#ifndef __SYNTHESIS__",
                "    std::vector<int> all(new int[4], nullptr);",
                "#endif",
            ),
        ),
        Edit(
            "#include <cstddef>",
            "#ifndef __SYNTHESIS__\n#include <vector>\n#endif\n#include <cstddef>",
        ),
    ),
    plain(
        "a constant function",
        Edit("struct shape {", "constexpr int twice(int n) { return 2 * n; }\nstruct shape {"),
        Edit("WIDTH = 4;", "WIDTH = twice(2);"),
        Edit("  int row = 0;", "  constexpr int FOUR = twice(2);\n  int row = FOUR - FOUR;"),
    ),
    plain(
        "a function that nobody calls",
        Edit("template <class T>", "inline int unused(int n) { return n; }\ntemplate <class T>"),
    ),
    plain(
        "a helper that is called once",
        Edit(
            "template <class T>",
            "inline void begin(int& n) { n = 0; }\n\ntemplate <class T>",
        ),
        Edit("  int row = 0;", "  int row;\n  begin(row);"),
    ),
    plain("a beat that just fits", Edit("data[4]", "data[511]")),
    plain("a port that just fits", Edit("ap_uint<32>", "ap_uint<512>")),
    plain(
        "an array of structs inside the ROMs",
        Edit(
            "struct shape {",
            "static const slot slots[2] = {{true, 1}, {false, 0}};\nstruct shape {",
        ),
    ),
    plain(
        "a struct of its own",
        Edit(
            "    beat sum;",
            "    slot one = {true, 3};\n    beat sum;\n    if (one.active) sum.last = false;",
        ),
    ),
    plain(
        "a pipeline that reads nothing, as a whole",
        Edit(
            f"i >= 0; --i) {{\n{PIPELINE}",
            "i >= 0; --i) {\n#pragma HLS pipeline style = stp rewind",
        ),
    ),
    plain(
        "a static counter",
        Edit("    beat sum;", "    static int count = 0;\n    ++count;\n    beat sum;"),
    ),
    plain(
        "a style in an emitted kernel",
        Edit(re.compile("style = flp"), "style = frp", MATVEC),
        base="both",
    ),
    plain(
        "words of an emitted kernel",
        Edit(re.compile(r"(?:type = )?complete"), "TYPE=Complete", MATVEC),
        base="both",
    ),
    plain(
        "a deeper FIFO of an emitted design",
        Edit(re.compile(r"depth=8\b"), "depth = 9", "hls/top.cpp"),
        base="both",
    ),
)

HARMLESS: tuple[Case, ...] = (*SPELLING, *AT_TOP, *IN_KERNELS)
