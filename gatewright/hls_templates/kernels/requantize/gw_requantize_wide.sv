// Requantizer, variant wide: a MULTIPLIER of two limbs, clamp((n * m + r) >> SHIFT) with
// m = MULTIPLIER * 2^LIMB + LOW_MULTIPLIER and r likewise, in each of LANES lanes.
//
// The low product gives its carry, floor((n * LOW_MULTIPLIER + LOW_OFFSET) / 2^LIMB), to the high
// one. ROWS, ROW_BITS and FILE as in gw_rescale, LOW_FILE for the low limb.
// What comes in cycle t leaves in cycle t + 5, two later with ROWS.
// Not for: sums that leave SUM_BITS, which the compiler has proven.
module gw_requantize_wide #(
    parameter int LANES = 1,
    parameter int N_BITS = 20,
    parameter bit N_SIGNED = 1'b1,
    parameter int Y_BITS = 8,
    parameter int LOW = -128,
    parameter int HIGH = 127,
    parameter int SHIFT = 0,
    parameter int LIMB = 17,
    parameter int SUM_BITS = 33,
    parameter int PRODUCT_BITS = 32,
    parameter int MULTIPLIER_BITS = 8,
    parameter int OFFSET_BITS = 8,
    parameter logic [63:0] MULTIPLIER = 64'd1,
    parameter logic [63:0] OFFSET = 64'd0,
    parameter int LOW_PRODUCT_BITS = 38,
    parameter int LOW_MULTIPLIER_BITS = 17,
    parameter int LOW_OFFSET_BITS = 18,
    parameter logic [63:0] LOW_MULTIPLIER = 64'd0,
    parameter logic [63:0] LOW_OFFSET = 64'd0,
    parameter int ROWS = 0,
    parameter int ROW_BITS = 1,
    parameter FILE = "",
    parameter LOW_FILE = ""
) (
    input  logic                    clk_i,
    input  logic                    rst_i,
    input  logic [    ROW_BITS-1:0] row_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  logic [LANES*PRODUCT_BITS-1:0] highs;
  logic [LANES*LOW_PRODUCT_BITS-1:0] lows;

  gw_rescale #(
      .LANES(LANES), .N_BITS(N_BITS), .N_SIGNED(N_SIGNED), .PRODUCT_BITS(PRODUCT_BITS),
      .MULTIPLIER_BITS(MULTIPLIER_BITS), .OFFSET_BITS(OFFSET_BITS),
      .MULTIPLIER(MULTIPLIER), .OFFSET(OFFSET), .ROWS(ROWS), .ROW_BITS(ROW_BITS), .FILE(FILE)
  ) u_high (.clk_i, .rst_i, .row_i, .n_i, .v_o(highs));

  gw_rescale #(
      .LANES(LANES), .N_BITS(N_BITS), .N_SIGNED(N_SIGNED), .PRODUCT_BITS(LOW_PRODUCT_BITS),
      .MULTIPLIER_BITS(LOW_MULTIPLIER_BITS), .OFFSET_BITS(LOW_OFFSET_BITS),
      .MULTIPLIER(LOW_MULTIPLIER), .OFFSET(LOW_OFFSET), .ROWS(ROWS), .ROW_BITS(ROW_BITS), .FILE(LOW_FILE)
  ) u_low (.clk_i, .rst_i, .row_i, .n_i, .v_o(lows));

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic signed [PRODUCT_BITS-1:0] high;
    logic signed [LOW_PRODUCT_BITS-1:0] low, carry;
    logic signed [SUM_BITS-1:0] sum_q;

    assign high = $signed(highs[lane*PRODUCT_BITS+:PRODUCT_BITS]);
    assign low = $signed(lows[lane*LOW_PRODUCT_BITS+:LOW_PRODUCT_BITS]);
    assign carry = low >>> LIMB;
    always_ff @(posedge clk_i) sum_q <= SUM_BITS'(high) + SUM_BITS'(carry);

    gw_clamp #(.N_BITS(SUM_BITS), .Y_BITS(Y_BITS), .LOW(LOW), .HIGH(HIGH)) u_clamp (
        .clk_i, .n_i(sum_q >>> SHIFT), .y_o(y_o[lane*Y_BITS+:Y_BITS])
    );

    logic unused;
    assign unused = &{1'b0, carry};
  end endgenerate

endmodule
