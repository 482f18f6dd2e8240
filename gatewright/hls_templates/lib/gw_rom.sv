// Read-only memory with a registered address and a registered output: what is addressed in cycle t
// is there in cycle t + 2, which block RAMs of every vendor do at full speed.
//
// FILE holds DEPTH words in hexadecimal, relative to the folder a tool runs in.
// Not for: addresses of DEPTH and more.
module gw_rom #(
    parameter int unsigned WIDTH = 1,
    parameter int unsigned DEPTH = 1,
    parameter FILE = "",
    localparam int unsigned ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic                    clk_i,
    input  logic [ADDRESS_BITS-1:0] address_i,
    output logic [       WIDTH-1:0] data_o
);

  logic [WIDTH-1:0] words[DEPTH];
  logic [WIDTH-1:0] read_q;

  initial $readmemh(FILE, words);

  always_ff @(posedge clk_i) begin
    read_q <= words[address_i];
    data_o <= read_q;
  end

endmodule
