// Words to bytes, lowest byte first, straight from streams that hold their word until it is taken.
//
// `data_i` has a word of each of PORTS streams side by side, port 0 lowest. `load_i` (at most one bit) points at the
// first byte of a port's word; from the next cycle on `data_o` is that byte, and `next_i` goes on to the following one.
// `last_o` is high with the last byte of a word: take the word then. `load_i` = 0 is no wish, not a pause: while
// `choose_i` is high, what was pointed at is forgotten.
// It does NOT store the word. A shift register would take a flip-flop and a multiplexer a bit; a pointer with one bit
// for each byte needs half of that logic.
module gw_downsize #(
    parameter int PORTS = 1,
    parameter logic [PORTS*8-1:0] WORD_BYTES = 8'd8,  // of each port, port 0 lowest
    parameter int BYTES = 8  // their sum
) (
    input  logic               clk_i,
    input  logic               choose_i,
    input  logic [  PORTS-1:0] load_i,
    input  logic               next_i,
    input  logic [BYTES*8-1:0] data_i,
    output logic [        7:0] data_o,
    output logic               last_o
);
  logic [BYTES-1:0] at_q, first, last;

  function automatic int base_of(input int port);
    base_of = 0;
    for (int i = 0; i < port; ++i) base_of = base_of + 32'(WORD_BYTES[8*i+:8]);
  endfunction

  genvar p, n;
  generate for (p = 0; p < PORTS; ++p) begin : g_port
    localparam int Base = base_of(p);
    localparam int Bytes = 32'(WORD_BYTES[8*p+:8]);
    for (n = 0; n < Bytes; ++n) begin : g_byte
      assign first[Base+n] = n == 0 && load_i[p];
      assign last[Base+n]  = n == Bytes - 1;
    end
  end endgenerate

  assign last_o = |(at_q & last);

  function automatic logic [7:0] pointed_at(
      input logic [BYTES*8-1:0] data, input logic [BYTES-1:0] at);
    pointed_at = '0;
    for (int i = 0; i < BYTES; ++i) pointed_at = pointed_at | (data[8*i+:8] & {8{at[i]}});
  endfunction

  assign data_o = pointed_at(data_i, at_q);

  always_ff @(posedge clk_i) begin
    if (choose_i) at_q <= first;
    else if (next_i) at_q <= at_q << 1;
  end
endmodule
