"""Defects of what is done in a pass, and of loops that are no pipelines."""

from __future__ import annotations

import re

from lint_cases import (
    ACC,
    BANKS,
    DEPENDENCE,
    PIPELINE,
    RAM,
    READ,
    SUM,
    Edit,
    against,
    in_top,
    lines,
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
        ("no top level", in_top("void gatewright_hls", "void gatewright_other")),
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
