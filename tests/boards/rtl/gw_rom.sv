// Words from a file, two cycles behind their address.
module gw_rom #(
    parameter int unsigned WIDTH = 8,
    parameter int unsigned DEPTH = 16,
    parameter FILE = "rom/weights.hex"
) (
    input  logic                     clk_i,
    input  logic [$clog2(DEPTH)-1:0] address_i,
    output logic [        WIDTH-1:0] data_o
);
  logic [WIDTH-1:0] words[DEPTH];
  logic [WIDTH-1:0] read_q;
  initial $readmemh(FILE, words);
  always_ff @(posedge clk_i) begin
    read_q <= words[address_i];
    data_o <= read_q;
  end
endmodule
