// Bytes to words, lowest byte first; words may have fewer bytes than the register, each as many as `bytes_i` says.
//
// A word stands in the TOP bytes of `data_o` while `full_o` is high, until `take_i`; no byte is taken meanwhile
// (`ready_o` is low). `bytes_i` (at least 1) must not change within a word. `rst_i` drops a word that is begun.
module gw_upsize #(
    parameter int BYTES = 8  // of the longest word
) (
    input  logic                       clk_i,
    input  logic                       rst_i,
    input  logic [$clog2(BYTES+1)-1:0] bytes_i,
    input  logic                       valid_i,
    output logic                       ready_o,
    input  logic [                7:0] data_i,
    output logic                       full_o,
    input  logic                       take_i,
    output logic [        BYTES*8-1:0] data_o
);
  localparam int CountBits = $clog2(BYTES + 1);

  logic [CountBits-1:0] count_q, next;
  logic [BYTES*8-1:0] shifted;

  assign ready_o = !full_o;
  assign next = count_q + 1'b1;

  generate if (BYTES == 1) begin : g_byte
    assign shifted = data_i;
  end else begin : g_bytes
    assign shifted = {data_i, data_o[BYTES*8-1:8]};
  end endgenerate

  always_ff @(posedge clk_i) begin
    if (take_i) full_o <= 1'b0;
    if (valid_i && ready_o) begin
      data_o  <= shifted;
      full_o  <= next == bytes_i;
      count_q <= next == bytes_i ? '0 : next;
    end
    if (rst_i) begin
      full_o  <= 1'b0;
      count_q <= '0;
    end
  end
endmodule
