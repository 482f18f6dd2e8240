"""What the kernels were like before anybody read the documents: small copies, by what is wrong.

The numbers are those of the list that was made then: 1 states in registers, 2 sums in memories,
3 ROMs without pragmas, 4 arrays of structs, 5 additions on the loop, 6 pipelines without style,
7 helpers that are no longer inlined, 8 hls::axis inside, 11 chains of ROM reads, 12 run-time
indices into structs. 9 and 10 were the project's, not the C++'s.
"""

from __future__ import annotations

from lint_cases import ACC, BANKS, PIPELINE, RAM, ROM, Case, Edit, lines

_HELPER = "template <class T>\nT larger"
_PICKER = lines(
    "template <int N>",
    "struct picker {",
    "  template <class F, class... R>",
    "  static decltype(auto) get(F&, R&... rest) {",
    "    return picker<N - 1>::get(rest...);",
    "  }",
    "};",
    "template <>",
    "struct picker<0> {",
    "  template <class F, class... R>",
    "  static F& get(F& first, R&...) {",
    "    return first;",
    "  }",
    "};",
    "",
    _HELPER,
)
_FORK = lines(
    "template <class B>",
    "void write_all(const B&) {}",
    "",
    "template <class B, class... S>",
    "void write_all(const B& value, hls::stream<B>& first, S&... rest) {",
    "  first.write(value);",
    "  write_all(value, rest...);",
    "}",
    "",
    "template <class P>\nvoid read_words",
)
_ARGMAX = lines(
    "int best = 0;",
    "    for (int c = 1; c < P::WIDTH; ++c) {",
    "      if (x.data[c] > x.data[best]) best = c;",
    "    }",
    "    sum.data[0] = best;",
    "    sum.last = x.last;",
)
_THRESHOLDS = lines(
    "int count = 0;",
    "      for (int level = 2; level >= 0; --level) {",
    "        const int candidate = count + (1 << level);",
    "        if (x.data[i] >= weights[candidate][0]) count = candidate;",
    "      }",
    "      y.data[i] = count;",
)

OLD = (
    Case("1: h", (Edit(BANKS, BANKS.replace("2", "0")), Edit(f"{RAM}\n", "")), "dependence"),
    Case(
        "2: acc",
        (
            Edit("ap_int<16> acc[P::WIDTH];", "ap_int<16> acc[1][P::WIDTH];"),
            Edit(ACC, ACC.replace(" dim = 0", "")),
            Edit("    acc[i] = 0;", "    acc[0][i] = 0;"),
            Edit("acc[i] = larger(ap_int<16>(acc[i] + sum), sum);", "acc[0][i] = acc[0][i] + sum;"),
            Edit("h[row][i] = acc[i].range", "h[row][i] = acc[0][i].range"),
        ),
        "carried-memory",
    ),
    Case(
        "3: weights",
        (
            Edit("#pragma HLS array_reshape variable = weights complete dim = 2\n", ""),
            Edit(f"{ROM}\n", ""),
        ),
        "memory-ports",
    ),
    Case(
        "4: kept",
        (Edit("#pragma HLS aggregate variable = kept compact = bit\n", ""),),
        "struct-arrays",
    ),
    Case(
        "5: sums",
        (
            Edit(
                "acc[i] = larger",
                lines(
                    "for (int k = 0; k < P::WIDTH; ++k) acc[i] += x.data[k] * P::weight(row, k);",
                    "      acc[i] = larger",
                ),
            ),
        ),
        "interval",
    ),
    Case("6: pipeline", (Edit(PIPELINE, "#pragma HLS pipeline II = 1"),), "pipeline-style"),
    Case("7: weight", (Edit("k) {\n#pragma HLS inline\n", "k) {\n"),), "inline"),
    Case(
        "7: picker",
        (
            Edit(_HELPER, _PICKER),
            Edit("const beat y = b.read();", "const beat y = picker<1>::get(a, b).read();"),
        ),
        "inline",
    ),
    Case(
        "7: write_all",
        (
            Edit("template <class P>\nvoid read_words", _FORK),
            Edit(
                lines("#pragma HLS inline", "  first.write(value);", "  second.write(value);"),
                lines(
                    "#pragma HLS inline", "  write_all<B, hls::stream<B>>(value, first, second);"
                ),
            ),
        ),
        "inline",
    ),
    Case(
        "8: word",
        (
            Edit(
                _HELPER,
                lines(
                    "template <class W>",
                    "ap_int<8> get_lane(const W& w, int lane) {",
                    "#pragma HLS inline",
                    "  return w.data.range(8 * lane + 7, 8 * lane);",
                    "}",
                    "",
                    _HELPER,
                ),
            ),
            Edit("x.data[i] = w.data.range(8 * i + 7, 8 * i);", "x.data[i] = get_lane(w, i);"),
        ),
        "axis-ports",
    ),
    Case("11: thresholds", (Edit("y.data[i] = h[row][i];", _THRESHOLDS),), "rom-chain"),
    Case("12: argmax", (Edit("sum.last = x.last;", _ARGMAX),), "struct-index"),
)
