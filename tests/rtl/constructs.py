"""What the SystemVerilog of builds does without, since a common tool refuses or misreads it.

``docs/readers.md`` says who does, and where that is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
STRING = re.compile(r'"[^"\n]*"')
SIMULATED = re.compile(
    r"`ifndef SYNTHESIS\b.*?`endif|(?<=`ifdef SYNTHESIS\n)(?P<kept>.*?)`else.*?`endif", re.DOTALL
)
ATTRIBUTE = re.compile(r"\(\*.*?\*\)", re.DOTALL)
HEADER = re.compile(r"\bmodule\s+\w+\s*(?:#\s*\(.*?\)\s*)?\(\s*\n(.*?)\n\s*\)\s*;", re.DOTALL)


def code(text: str) -> str:
    """A source without comments and strings."""
    return STRING.sub('""', COMMENT.sub("", text))


def synthesized(text: str) -> str:
    """What synthesizers see of it."""
    return SIMULATED.sub(lambda found: found["kept"] or "", code(text))


def ports(text: str) -> str:
    """The ports of its modules, one a line."""
    headers = HEADER.findall(ATTRIBUTE.sub("", code(text)))
    return "\n".join(port.strip() for header in headers for port in header.split(","))


@dataclass(frozen=True)
class Construct:
    """What is not used.

    Attributes:
        name: As the page has it.
        pattern: What it is found by, line by line.
        example: Where it is found.
        part: What is searched of a source.
    """

    name: str
    pattern: str
    example: str
    part: Callable[[str], str] = code

    def found(self, text: str) -> list[str]:
        """The lines of a source that have it."""
        flags = re.MULTILINE | re.DOTALL
        return [found[0].strip() for found in re.finditer(self.pattern, self.part(text), flags)]


CONSTRUCTS = (
    Construct(
        "unsigned parameters",
        r"\b(?:parameter|localparam)\s+\w+\s+unsigned\b",
        "localparam int unsigned N = 1;",
    ),
    Construct(
        "parameters of several dimensions",
        r"\b(?:parameter|localparam)\s+(?:\w+\s*)?\[[^\]]*\]\s*\[",
        "parameter logic [1:0][7:0] N = 1",
    ),
    Construct(
        "parameters that are types or strings",
        r"\bparameter\s+(?:type|string)\b",
        "module a #(parameter type T = logic) ();",
    ),
    Construct(
        "`localparam` among the parameters",
        r"#\s*\([^;]*\blocalparam\b[^;]*\)\s*\(",
        "module a #(parameter int N = 1, localparam int M = N) (input logic a);",
    ),
    Construct("`genvar` in a loop", r"\bfor\s*\(\s*genvar\b", "for (genvar i = 0; i < 2; i++)"),
    Construct(
        "generated blocks outside of `generate`",
        r"^  (?:for|if|case)\b",
        "  if (N == 1) begin : gen_one",
    ),
    Construct(
        "generated blocks without a name",
        r"\bgenerate\s+(?:for|if)\b[^\n]*(?<!: )\bbegin\s*$|^  end else begin\s*$",
        "  generate if (N == 1) begin\n",
    ),
    Construct(
        "a port without its direction",
        r"^(?!input\b|output\b|inout\b)\S.*$",
        "module a (\n  input logic a,\n  logic b\n);",
        ports,
    ),
    Construct(
        "concurrent assertions",
        r"\b(?:assert|assume|cover)\s+property\b",
        "assert property (@(posedge clk) a);",
    ),
    Construct(
        "types of one's own",
        r"\b(?:typedef|enum|struct|union)\b",
        "typedef enum logic {A, B} state_e;",
    ),
    Construct(
        "loops in `always_comb`",
        r"\balways_comb\b(?:(?!\balways|\bassign\b|\bendmodule).)*?\bfor\s*\(",
        "always_comb begin\n  a = 0;\n  for (int i = 0; i < 2; ++i) a = a + b[i];",
    ),
    Construct("`return`", r"\breturn\b", "return a;"),
    Construct("assignment patterns", r"'\{", "a = '{default: 0};"),
    Construct("`import`", r"\bimport\b", "import a_pkg::*;"),
    Construct("interfaces", r"\b(?:interface|modport)\b", "interface a;"),
    Construct(
        "`inside`, `unique`, `priority`",
        r"\b(?:inside|unique0?|priority)\b",
        "unique case (a)",
    ),
    Construct("streaming operators", r"\{\s*(?:<<|>>)", "a = {<< {b}};"),
    Construct("reals", r"\b(?:real|shortreal|realtime)\b", "real a;"),
    Construct(
        "waiting, forcing, forking",
        r"\b(?:force|release|wait|fork|forever|disable)\b",
        "forever begin",
        synthesized,
    ),
    Construct(
        "severity tasks in what is synthesized",
        r"\$(?:fatal|error|warning|info)\b",
        '`ifdef SYNTHESIS\n$error("a");\n`else\n`endif\n',
        synthesized,
    ),
)
