// Read-only memory with a registered address and a registered output: what is addressed in cycle t
// is there in cycle t + 2, which block RAMs of every vendor do at full speed.
//
// FILE holds DEPTH words in hexadecimal, relative to the folder a tool runs in. Without it, or with
// fewer, a simulation ends as it begins; the only place where a memory of a design has contents.
// Not for: addresses of DEPTH and more.
module gw_rom #(
    parameter int WIDTH = 1,
    parameter int DEPTH = 1,
    parameter FILE = "",
    parameter int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic                    clk_i,
    input  logic [ADDRESS_BITS-1:0] address_i,
    output logic [       WIDTH-1:0] data_o
);

  logic [WIDTH-1:0] words[DEPTH];
  logic [WIDTH-1:0] read_q;

`ifdef SYNTHESIS
  // yosys refuses a missing file, and warns of a short one where the range is given.
  initial $readmemh(FILE, words, 0, DEPTH - 1);
`else
  // A word that the file does not reach is left as it was, and simulators only warn. The last one is
  // tried with either bit, since the file may hold one of them.
  initial begin
    words[DEPTH-1][0] = 1'b0;
    $readmemh(FILE, words, 0, DEPTH - 1);
    if (words[DEPTH-1][0] === 1'b0) begin
      words[DEPTH-1][0] = 1'b1;
      $readmemh(FILE, words, 0, DEPTH - 1);
      if (words[DEPTH-1][0] === 1'b1)
        $fatal(1, "%s is not there, or has fewer than %0d words", FILE, DEPTH);
    end
  end
`endif

  always_ff @(posedge clk_i) begin
    read_q <= words[address_i];
    data_o <= read_q;
  end

endmodule
