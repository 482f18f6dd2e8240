"""Defects, each a small change of a small design, and the rule that each of them is against."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gatewright.lint.view import View

TOP, KERNELS = "hls/top.cpp", "hls/kernels.hpp"


@dataclass(frozen=True)
class Edit:
    """A change of a text.

    Attributes:
        old: What stands there; its first occurrence is changed.
        new: What stands there then.
        file: Path below the build.
    """

    old: str | re.Pattern[str]
    new: str
    file: str = KERNELS

    def apply(self, text: str) -> str:
        if isinstance(self.old, str):
            assert self.old in text, self.old
            return text.replace(self.old, self.new, 1)
        changed, count = self.old.subn(self.new, text, count=1)
        assert count == 1, self.old
        return changed


@dataclass(frozen=True)
class Case:
    """A changed design.

    Attributes:
        name: Of the change.
        edits: Made one after the other.
        rule: What it is against; empty for none.
        base: The design: ``small``, or one of ``lint_designs.DESIGNS``.
    """

    name: str
    edits: tuple[Edit, ...]
    rule: str = ""
    base: str = "small"

    def view(self, base: View) -> View:
        texts = dict(base.texts)
        for edit in self.edits:
            texts[edit.file] = edit.apply(texts[edit.file])
        return View(texts, base.kernels)


def lines(*parts: str) -> str:
    return "\n".join(parts)


def in_top(old: str, new: str) -> Edit:
    return Edit(old, new, TOP)


PIPELINE = "#pragma HLS pipeline II = 1 style = flp"
ACC = "#pragma HLS array_partition variable = acc complete dim = 0"
BANKS = "#pragma HLS array_partition variable = h complete dim = 2"
DEPENDENCE = "#pragma HLS dependence variable = h inter RAW distance = P::DISTANCE true"
ROM = "#pragma HLS bind_storage variable = weights type = rom_1p impl = bram"
RAM = "#pragma HLS bind_storage variable = h type = ram_2p impl = lutram"
AGGREGATE = "#pragma HLS aggregate variable = kept compact = bit"
DEPTH = "#pragma HLS stream variable=right depth=16"
PORT = "#pragma HLS interface mode=axis port=s_axis"
SUM = "for (int i = 0; i < P::WIDTH; ++i) sum.data[i] = x.data[i] + y.data[i];"
LAYER = "layer<recurrent>(left, states);"
READ = "const beat y = b.read();"


def words(name: str, old: str, new: str, file: str = KERNELS) -> Case:
    return Case(name, (Edit(old, new, file),), "pragma-words")


def place(name: str, *edits: Edit) -> Case:
    return Case(name, edits, "pragma-place")


def against(rule: str, name: str, *edits: Edit, base: str = "small") -> Case:
    return Case(name, edits, rule, base)


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

SUBSET = tuple(
    against("subset", name, *edits)
    for name, *edits in (
        (
            "new",
            Edit(READ, f"{READ}\n    int* p = new int[4];\n    sum_of(p);"),
            Edit("template <class T>", "inline void sum_of(const int*) {}\ntemplate <class T>"),
        ),
        ("counter that is volatile", Edit("  int row = 0;", "  volatile int row = 0;")),
        (
            "floating point",
            Edit(
                READ,
                f"{READ}\n    float scaled = 1;\n    if (scaled > 2) break;",
            ),
        ),
        ("delete", Edit(READ, f"{READ}\n    int* p = nullptr;\n    delete p;")),
        ("recursion", Edit("return a > b ? a : b;", "return a > b ? a : larger(b, a);")),
        (
            "recursion round about",
            Edit(
                "template <class T>",
                lines(
                    "int odd(int n);",
                    "inline int even(int n) { return n == 0 ? 1 : odd(n - 1); }",
                    "inline int odd(int n) { return even(n - 1); }",
                    "template <class T>",
                ),
            ),
            Edit("  int row = 0;", "  int row = even(3);"),
        ),
        (
            "virtual call",
            Edit(
                "template <class T>",
                "struct base {\n  virtual int get() { return 0; }\n};\ntemplate <class T>",
            ),
            Edit("  int row = 0;", "  base some;\n  base& other = some;\n  int row = other.get();"),
        ),
        (
            "address of a function",
            Edit("template <class T>", "inline int zero() { return 0; }\ntemplate <class T>"),
            Edit("  int row = 0;", "  int (*get)() = zero;\n  int row = get();"),
        ),
        ("container", Edit("#include <cstddef>", "#include <vector>\n#include <cstddef>")),
        (
            "container that is not included",
            Edit("  int row = 0;", "  std::vector<int> rows;\n  int row = 0;"),
        ),
        ("output", Edit("#include <cstddef>", "#include <cstdio>\n#include <cstddef>")),
        ("malloc", Edit("  int row = 0;", "  int* rows = (int*)malloc(4);\n  int row = 0;")),
        ("goto", Edit("  int row = 0;", "  goto begin;\nbegin:\n  int row = 0;")),
        ("exception", Edit("  int row = 0;", "  int row = 0;\n  if (row) throw row;")),
        (
            "array of any size",
            Edit("  int row = 0;", "  int row = 0;\n  int n = row + 1;\n  int rows[n];"),
        ),
        ("no top level", in_top("void gatewright_top", "void gatewright_other")),
        (
            "file that there is not",
            in_top('#include "kernels.hpp"', '#include "kernels.hpp"\n#include "more.hpp"'),
        ),
    )
)

LOOPS = tuple(
    against("bounded-loops", name, *edits)
    for name, *edits in (
        (
            "while in a pipeline",
            Edit(READ, f"{READ}\n    int n = x.data[0];\n    while (n > 0) --n;"),
        ),
        (
            "do in a pipeline",
            Edit(READ, f"{READ}\n    int n = x.data[0];\n    do --n; while (n > 0);"),
        ),
        ("bound at run time", Edit(SUM, SUM.replace("i < P::WIDTH", "i < int(x.data[0])"))),
        ("begin at run time", Edit(SUM, SUM.replace("i = 0", "i = x.data[0]"))),
        (
            "bound of an argument",
            Edit(
                "const T& b) {\n#pragma HLS inline\n",
                "const T& b) {\n#pragma HLS inline\n  for (int i = 0; i < int(a); ++i) {}\n",
            ),
        ),
    )
)

STYLES = (
    against("pipeline-style", "no style", Edit(PIPELINE, "#pragma HLS pipeline II = 1")),
    against("pipeline-style", "stalls as a whole", Edit(PIPELINE, PIPELINE.replace("flp", "stp"))),
    against("pipeline-style", "nothing but pipeline", Edit(PIPELINE, "#pragma HLS pipeline")),
    against(
        "pipeline-style",
        "no style in an emitted kernel",
        Edit(re.compile(" style = flp"), "", "hls/gatewright_v1/matvec.hpp"),
        base="both",
    ),
)

INDICES = tuple(
    against("struct-index", name, *edits)
    for name, *edits in (
        ("read at run time", Edit(SUM, f"{SUM}\n    sum.data[0] = x.data[int(y.data[0]) & 3];")),
        ("written at run time", Edit(SUM, f"{SUM}\n    sum.data[int(y.data[0]) & 3] = 0;")),
        (
            "index of an argument",
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
            Edit(SUM, f"{SUM}\n    sum.data[0] = get(x, int(y.data[0]) & 3);"),
        ),
        (
            "index of a variable",
            Edit(
                SUM,
                f"{SUM}\n    int at = 0;\n    if (y.last) at = 1;\n    sum.data[0] = x.data[at];",
            ),
        ),
    )
)

AXES = tuple(
    against("axis-ports", name, *edits)
    for name, *edits in (
        (
            "axis inside",
            in_top(
                "  hls::stream<beat> sums;",
                lines(
                    "  hls::stream<beat> sums;",
                    "  hls::stream<word> words;",
                    "  write_words<writer>(source, words);",
                    "  read_words<reader>(words, left);",
                ),
            ),
        ),
        (
            "axis handed on",
            Edit(
                "template <class T>",
                lines(
                    "inline bool is_last(const word& w) {",
                    "#pragma HLS inline",
                    "  return w.last;",
                    "}",
                    "template <class T>",
                ),
            ),
            Edit("x.last = w.last;", "x.last = is_last(w);"),
        ),
        (
            "axes kept",
            Edit(
                "    const word w = in.read();", "    word some[2];\n    const word w = in.read();"
            ),
        ),
        (
            "axis kept",
            Edit(
                "    const word w = in.read();",
                "    static word before;\n    const word w = in.read();",
            ),
        ),
    )
)

PASSES = (
    against("memory-ports", "memory of one port", Edit(RAM, RAM.replace("ram_2p", "ram_1p"))),
    against("memory-ports", "memory of one bank", Edit(f"{BANKS}\n", "")),
    against(
        "memory-ports",
        "ROM of words of one value",
        Edit("#pragma HLS array_reshape variable = weights complete dim = 2\n", ""),
    ),
    against(
        "memory-ports",
        "ROM whose words hold too little",
        Edit("weights complete dim = 2", "weights cyclic factor = 2 dim = 2"),
    ),
    against(
        "memory-ports",
        "memory that is read at three places",
        Edit("y.data[i] = h[row][i];", "y.data[i] = h[row][i] + h[(row + 1) % P::ROWS][i];"),
    ),
    against(
        "memory-banks",
        "banks by the address of run time",
        Edit(BANKS, f"{BANKS}\n{BANKS.replace('complete dim = 2', 'cyclic factor = 2 dim = 1')}"),
    ),
    against("memory-banks", "array that is turned", Edit("+ h[row][i]", "+ h[row][(i + row) % 4]")),
    against("carried-memory", "accumulator in a memory", Edit(f"{ACC}\n", "")),
    against("carried-memory", "memory without a distance", Edit(f"{DEPENDENCE}\n", "")),
    against(
        "carried-memory",
        "distance of one pass",
        Edit("static constexpr int DISTANCE = 6", "static constexpr int DISTANCE = 1"),
    ),
    against("true-distance", "distance that is too far", Edit("DISTANCE = 6", "DISTANCE = 9")),
    against(
        "true-distance",
        "no dependence where there is one",
        Edit(DEPENDENCE, "#pragma HLS dependence variable = h inter false"),
    ),
    against(
        "true-distance",
        "row that comes too soon",
        Edit("row == P::ROWS - 1 ?", "row == P::ROWS - 4 ?"),
    ),
    against(
        "true-distance",
        "row that comes of data",
        Edit("row = row == P::ROWS - 1 ? 0 : row + 1;", "row = x.data[0] & 7;"),
    ),
    against(
        "unrolled-loops",
        "loop as long as the data says",
        Edit(
            "for (int i = 0; i < P::WIDTH; ++i) sum.data",
            "for (int i = 0; i < (x.data[0] & 3); ++i) sum.data",
        ),
    ),
    against(
        "unrolled-loops",
        "loop until a value is found",
        Edit(
            "    sum.last = x.last;",
            "    sum.last = x.last;\n    while (sum.data[0] > 0) sum.data[0] -= y.data[1];",
        ),
    ),
    against(
        "rom-chain",
        "ROM that is searched",
        Edit("return weights[row][k];", "return weights[weights[row][k] & 7][k];"),
    ),
    against("interval", "product on the loop", Edit("acc[i] + sum", "acc[i] * sum")),
    against(
        "interval",
        "sum of many terms on the loop",
        Edit(
            "acc[i] = larger",
            "for (int k = 0; k < P::WIDTH; ++k) acc[i] += x.data[k];\n      acc[i] = larger",
        ),
    ),
    against(
        "interval", "distance shorter than what lies between", Edit("DISTANCE = 6", "DISTANCE = 2")
    ),
    against(
        "interval",
        "end that is known late",
        Edit(
            "    running = !x.last;\n  }\n}\n\ntemplate <class P>\nvoid write_words",
            "    running = sum.data[0] * sum.data[1] * sum.data[2] != 5;\n"
            "  }\n}\n\ntemplate <class P>\nvoid write_words",
        ),
    ),
    against(
        "interval",
        "interval that nobody counts on",
        Edit(PIPELINE, "#pragma HLS pipeline II = 2 style = flp"),
    ),
    against("interval", "two reads of a stream", Edit(READ, f"a.read();\n    {READ}")),
    against(
        "interval",
        "two writes of a stream",
        Edit("    out.write(sum);", "    out.write(sum);\n    out.write(sum);"),
    ),
)

OUTSIDE = (
    against("loops-outside", "no pipeline", Edit(PIPELINE, "")),
    against("loops-outside", "pipeline that is off", Edit(PIPELINE, "#pragma HLS pipeline off")),
    against("loops-outside", "pipeline in a comment", Edit(PIPELINE, f"// {PIPELINE}")),
    against(
        "loops-outside",
        "pipeline of simulation",
        Edit(PIPELINE, f"#ifndef __SYNTHESIS__\n{PIPELINE}\n#endif"),
    ),
    against(
        "loops-outside",
        "unroll in part",
        Edit("#pragma HLS unroll", "#pragma HLS unroll factor = 2"),
    ),
    against("loops-outside", "no unroll", Edit("#pragma HLS unroll", "")),
    against(
        "loops-outside",
        "loop without braces",
        Edit(
            "  int row = 0;", "  int row = 0;\n  for (int i = 1; i < P::WIDTH; ++i) row = row * i;"
        ),
    ),
)

COSTS = (
    against("stated-costs", "latency of a memory", Edit(RAM, f"{RAM} latency = 2")),
    *(
        against("stated-costs", name, Edit(PIPELINE, f"{PIPELINE}\n#pragma HLS {said}"))
        for name, said in (
            ("latency of a pass", "latency min = 1 max = 20"),
            ("latency of a sum", "bind_op variable = acc op = add impl = dsp latency = 4"),
            ("few multipliers", "allocation operation instances = mul limit = 4"),
            ("expressions as they are", "expression_balance off"),
            ("interval that the tool chooses", "performance target_ti = 8"),
        )
    ),
)

PLANTED: tuple[Case, ...] = (
    *(
        *WORDS,
        *PLACES,
        *NAMES,
        *NUMBERS,
        *DEPENDENCES,
        *DISTANCES,
        *ARRAYS,
        *INLINED,
        *BODIES,
        *STREAMS,
    ),
    *(
        *DEPTHS,
        *WIDTHS,
        *PORTS,
        *TWICE,
        *SUBSET,
        *LOOPS,
        *STYLES,
        *INDICES,
        *AXES,
        *PASSES,
        *OUTSIDE,
    ),
    *COSTS,
)
