// Words to bytes, lowest byte first, straight from a stream that holds its word until it is taken.
//
// `data_i` is any number of words side by side, `BYTES` bytes in all. `load_i` points at the word that begins at byte
// `base_i` and ends before byte `base_i + bytes_i`; from then on `data_o` is its next byte and `next_i` goes on.
// `last_o` is high with the last byte of the word: take the word then. It does NOT store the word: it is a
// multiplexer, which is a third of the logic of a shift register.
module gw_downsize #(
    parameter int unsigned BYTES = 8
) (
    input  logic                       clk_i,
    input  logic                       load_i,
    input  logic [$clog2(BYTES+1)-1:0] base_i,
    input  logic [$clog2(BYTES+1)-1:0] bytes_i,
    input  logic                       next_i,
    input  logic [        BYTES*8-1:0] data_i,
    output logic [                7:0] data_o,
    output logic                       last_o
);
  localparam int unsigned CountBits = $clog2(BYTES + 1);

  logic [CountBits-1:0] index_q, end_q, next;

  // A power of two of bytes, so that the index is the select of a plain multiplexer.
  logic [(8<<CountBits)-1:0] padded;

  assign padded = (8 << CountBits)'(data_i);
  assign data_o = padded[{index_q, 3'b000}+:8];
  assign next   = index_q + 1'b1;
  assign last_o = next == end_q;

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      index_q <= base_i;
      end_q   <= base_i + bytes_i;
    end else if (next_i) begin
      index_q <= next;
    end
  end
endmodule
