// Columns block * COLUMNS and following of WIDTH values, one cycle later, or at once where CUT is 0:
// the operands of a tile.
// Values are extended from IN_BITS to OUT_BITS; columns beyond WIDTH are zero.
module gw_columns #(
    parameter int WIDTH = 1,
    parameter int COLUMNS = 1,
    parameter int BLOCKS = 1,
    parameter int IN_BITS = 8,
    parameter bit IN_SIGNED = 1'b1,
    parameter int OUT_BITS = 8,
    parameter bit CUT = 1'b1,
    parameter int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 1
) (
    input  logic                        clk_i,
    input  logic [      BLOCK_BITS-1:0] block_i,
    input  logic [   WIDTH*IN_BITS-1:0] data_i,
    output logic [COLUMNS*OUT_BITS-1:0] data_o
);

  localparam int WORD_BITS = COLUMNS * IN_BITS;

  // A word a block, up to a power of two, so that every choice is one of a word that is there.
  logic [(1 << BLOCK_BITS)-1:0][WORD_BITS-1:0] words;
  logic [WORD_BITS-1:0] chosen;

  assign words = ((1 << BLOCK_BITS) * WORD_BITS)'(data_i);
  gw_cut #(.WIDTH(WORD_BITS), .CUT(CUT)) u_cut (.clk_i, .data_i(words[block_i]), .data_o(chosen));

  gw_resize #(.WIDTH(COLUMNS), .IN_BITS(IN_BITS), .OUT_BITS(OUT_BITS), .SIGNED(IN_SIGNED)) u_resize (
      .data_i(chosen), .data_o
  );

endmodule
