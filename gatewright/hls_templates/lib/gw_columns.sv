// Columns block * COLUMNS and following of WIDTH values, one cycle later: the operands of a tile.
// Values are extended from IN_BITS to OUT_BITS; columns beyond WIDTH are zero.
module gw_columns #(
    parameter int unsigned WIDTH = 1,
    parameter int unsigned COLUMNS = 1,
    parameter int unsigned BLOCKS = 1,
    parameter int unsigned IN_BITS = 8,
    parameter bit IN_SIGNED = 1'b1,
    parameter int unsigned OUT_BITS = 8,
    parameter int unsigned BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 1
) (
    input  logic                        clk_i,
    input  logic [      BLOCK_BITS-1:0] block_i,
    input  logic [   WIDTH*IN_BITS-1:0] data_i,
    output logic [COLUMNS*OUT_BITS-1:0] data_o
);

  for (genvar k = 0; k < COLUMNS; k++) begin : gen_column
    logic [IN_BITS-1:0] choice[1 << BLOCK_BITS];
    logic [IN_BITS-1:0] chosen_q;
    for (genvar b = 0; b < (1 << BLOCK_BITS); b++) begin : gen_block
      if (b * COLUMNS + k < WIDTH && b < BLOCKS) begin : gen_value
        assign choice[b] = data_i[(b*COLUMNS+k)*IN_BITS+:IN_BITS];
      end else begin : gen_padding
        assign choice[b] = '0;
      end
    end
    always_ff @(posedge clk_i) chosen_q <= choice[block_i];
    if (IN_SIGNED) begin : gen_signed
      assign data_o[k*OUT_BITS+:OUT_BITS] = OUT_BITS'($signed(chosen_q));
    end else begin : gen_unsigned
      assign data_o[k*OUT_BITS+:OUT_BITS] = OUT_BITS'(chosen_q);
    end
  end

endmodule
