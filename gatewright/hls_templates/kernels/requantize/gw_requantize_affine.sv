// Requantizer, variant affine: (n * MULTIPLIER + OFFSET) >> SHIFT, clamped, in each of LANES lanes.
//
// TIES says what becomes of a half: 0 the next integer, 1 the even neighbour, 2 the odd one.
// With ROWS = 0 all channels share MULTIPLIER and OFFSET; else FILE holds, for each row of LANES
// channels, LANES multipliers (lowest bits) and then LANES offsets, and the row comes with n.
// What comes in cycle t leaves in cycle t + 4, one later with TIES, two later with ROWS; else as CUT says,
// which registers are there: three of gw_rescale, that of TIES, that of the clamp, the first of gw_rescale.
// Not for: products that leave PRODUCT_BITS, which the compiler has proven.
module gw_requantize_affine #(
    parameter int LANES = 1,
    parameter int N_BITS = 20,
    parameter bit N_SIGNED = 1'b1,
    parameter int Y_BITS = 8,
    parameter int LOW = -128,
    parameter int HIGH = 127,
    parameter int PRODUCT_BITS = 32,
    parameter int SHIFT = 0,
    parameter int TIES = 0,
    parameter int MULTIPLIER_BITS = 8,
    parameter int OFFSET_BITS = 8,
    parameter logic [63:0] MULTIPLIER = 64'd1,
    parameter logic [63:0] OFFSET = 64'd0,
    parameter int ROWS = 0,
    parameter int ROW_BITS = 1,
    parameter FILE = "",
    parameter bit [5:0] CUT = 6'b011111
) (
    input  logic                    clk_i,
    input  logic                    rst_i,
    input  logic [    ROW_BITS-1:0] row_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  logic [LANES*PRODUCT_BITS-1:0] sums;

  gw_rescale #(
      .LANES(LANES), .N_BITS(N_BITS), .N_SIGNED(N_SIGNED), .PRODUCT_BITS(PRODUCT_BITS),
      .MULTIPLIER_BITS(MULTIPLIER_BITS), .OFFSET_BITS(OFFSET_BITS),
      .MULTIPLIER(MULTIPLIER), .OFFSET(OFFSET), .ROWS(ROWS), .ROW_BITS(ROW_BITS), .FILE(FILE),
      .CUT({CUT[5], CUT[2:0]})
  ) u_rescale (.clk_i, .rst_i, .row_i, .n_i, .v_o(sums));

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic signed [PRODUCT_BITS-1:0] sum, rounded;

    assign sum = $signed(sums[lane*PRODUCT_BITS+:PRODUCT_BITS]);

    if (TIES == 0) begin : gen_up
      assign rounded = sum;
    end else begin : gen_ties
      // Half of the last bit, less one unless the quotient has to move: a tie goes to its side.
      localparam logic signed [PRODUCT_BITS-1:0] HALF = (PRODUCT_BITS'(1) << (SHIFT - 1)) - PRODUCT_BITS'(1);
      logic odd;
      assign odd = sum[SHIFT] ^ (TIES == 2);
      gw_cut #(.WIDTH(PRODUCT_BITS), .CUT(CUT[3])) u_rounded (
          .clk_i, .data_i(sum + HALF + PRODUCT_BITS'($signed({1'b0, odd}))), .data_o(rounded)
      );
    end

    gw_clamp #(.N_BITS(PRODUCT_BITS), .Y_BITS(Y_BITS), .LOW(LOW), .HIGH(HIGH), .CUT(CUT[4])) u_clamp (
        .clk_i, .n_i(rounded >>> SHIFT), .y_o(y_o[lane*Y_BITS+:Y_BITS])
    );
  end endgenerate

endmodule
