"""What instantiates two builds: a module around them, and a test bench with golden vectors."""

from __future__ import annotations

from pair import NAMES

AROUND, BENCH = "both", "tb"
SEQUENCES = 16
"""Of golden vectors."""

_PLAYER = """
module player #(
    parameter GIVEN = "",
    parameter WANTED = ""
) (
    input  logic        aclk,
    input  logic        aresetn,
    output logic [15:0] word,
    output logic        valid,
    input  logic        ready,
    output logic        last,
    input  logic [31:0] answer,
    input  logic        answered,
    output integer      seen,
    output integer      wrong
);
  integer given, wanted, found, lane, value, step, sequence_, at, score;
  initial begin
    seen = 0;
    wrong = 0;
    valid = 0;
    last = 0;
    given = $fopen(GIVEN, "r");
    wanted = $fopen(WANTED, "r");
    if (given == 0 || wanted == 0) $fatal(1, "no golden vectors");
    while (!aresetn) @(negedge aclk);
    @(negedge aclk);  // tready, which follows aresetn, is there now
    for (sequence_ = 0; sequence_ < SEQUENCES; sequence_ = sequence_ + 1)
      for (step = 0; step < 4; step = step + 1) begin
        for (lane = 0; lane < 2; lane = lane + 1) begin
          found = $fscanf(given, "%d", value);
          if (found != 1) $fatal(1, "golden vectors end early");
          word[lane*8+:8] = value[7:0];
        end
        valid = 1;
        last = step == 3;
        while (!ready) @(negedge aclk);
        @(negedge aclk);
        valid = 0;
      end
  end
  always @(negedge aclk)
    if (answered === 1'b1) begin
      for (at = 0; at < 2; at = at + 1) begin
        found = $fscanf(wanted, "%d", score);
        value = $signed(answer[at*16+:16]);
        if (found != 1 || value !== score) wrong = wrong + 1;
      end
      seen = seen + 1;
    end
endmodule
"""
_PORTS = (
    ("input", "[15:0] ", "word"),
    ("input", "", "valid"),
    ("output", "", "ready"),
    ("input", "", "last"),
    ("output", "[31:0] ", "answer"),
    ("output", "", "answered"),
)


def around(rom_dir: str = "{}/rtl/") -> str:
    """A module of both builds, side by side.

    Args:
        rom_dir: The parameter of each, with its name; empty to leave it out.
    """
    ports = ["input logic aclk", "input logic aresetn"]
    ports += [f"{way} logic {bits}{n}_{port}" for n in NAMES for way, bits, port in _PORTS]
    placed = ""
    for name in NAMES:
        told = f'#(.ROM_DIR("{rom_dir.format(name)}")) ' if rom_dir else ""
        placed += f"""  {name}_top {told}u_{name} (
      .aclk(aclk), .aresetn(aresetn), .clear(1'b0), .too_long(), .framing(),
      .s_axis_tdata({name}_word), .s_axis_tvalid({name}_valid), .s_axis_tready({name}_ready),
      .s_axis_tlast({name}_last), .s_axis_tuser(1'b0),
      .m_axis_tdata({name}_answer), .m_axis_tvalid({name}_answered), .m_axis_tready(1'b1),
      .m_axis_tlast()
  );
"""
    joined = ",\n  ".join(ports)
    return f"module {AROUND} (\n  {joined}\n);\n{placed}endmodule\n"


def bench(golden: str = "") -> str:
    """Prints, of each build, its answers and how many of its integers are others.

    Args:
        golden: What the paths of golden vectors begin with.
    """
    body = ""
    for name in NAMES:
        wires = "".join(f"  logic {bits}{name}_{port};\n" for _, bits, port in _PORTS)
        pins = ", ".join(f".{port}({name}_{port})" for _, _, port in _PORTS)
        given, wanted = (f"{golden}{name}/hls/golden/{p}.dat" for p in ("s_axis", "m_axis"))
        files = f'.GIVEN("{given}"), .WANTED("{wanted}")'
        body += (
            f"{wires}  integer {name}_seen, {name}_wrong;\n"
            f"  player #({files}) p_{name} (\n    .aclk(aclk), .aresetn(aresetn), {pins},\n"
            f"    .seen({name}_seen), .wrong({name}_wrong)\n  );\n"
        )
    pins = ", ".join(f".{n}_{port}({n}_{port})" for n in NAMES for _, _, port in _PORTS)
    done = " && ".join(f"{name}_seen == {SEQUENCES}" for name in NAMES)
    says = "".join(
        f'    $display("{name} %0d answers, %0d wrong", {name}_seen, {name}_wrong);\n'
        for name in NAMES
    )
    return (
        "`timescale 1ns / 1ns\n"
        + _PLAYER.replace("SEQUENCES", str(SEQUENCES))
        + f"""
module {BENCH};
  logic aclk = 0, aresetn = 0;
{body}  {AROUND} u_both (.aclk(aclk), .aresetn(aresetn), {pins});
  always #5 aclk = !aclk;
  initial begin
    repeat (4) @(negedge aclk);
    aresetn = 1;
    #1000000 $fatal(1, "no answer");
  end
  always @(negedge aclk) if ({done}) begin
{says}    $finish;
  end
endmodule
"""
    )


RIGHT = [f"{name} {SEQUENCES} answers, 0 wrong" for name in NAMES]
"""What it prints."""
