// Requantizer, variant affine where nothing has to be multiplied: (n + OFFSET) >> SHIFT, clamped, in
// each of LANES lanes, as scales that are powers of two need it.
//
// TIES says what becomes of a half: 0 the next integer, 1 the even neighbour, 2 the odd one. With
// TIES, OFFSET is a multiple of 2^SHIFT, so that n alone tells which neighbour is even.
// What comes in cycle t leaves in cycle t + 2, or sooner: CUT says which of its registers are there,
// that of the sum first.
// Not for: sums that leave SUM_BITS, which the compiler has proven.
module gw_requantize_shift #(
    parameter int LANES = 1,
    parameter int N_BITS = 20,
    parameter bit N_SIGNED = 1'b1,
    parameter int Y_BITS = 8,
    parameter int LOW = -128,
    parameter int HIGH = 127,
    parameter int SUM_BITS = 22,
    parameter int SHIFT = 1,
    parameter int TIES = 0,
    parameter logic [63:0] OFFSET = 64'd0,
    parameter bit [1:0] CUT = 2'b11
) (
    input  logic                    clk_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  // Half of the last bit, less one unless the quotient has to move: a tie goes to its side.
  localparam logic [SUM_BITS-1:0] HALF = TIES == 0 ? '0 : (SUM_BITS'(1) << (SHIFT - 1)) - SUM_BITS'(1);
  localparam logic [SUM_BITS-1:0] ADDED = OFFSET[SUM_BITS-1:0] + HALF;
  localparam bit TURNED = OFFSET[SHIFT] ^ (TIES == 2);

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic [N_BITS-1:0] narrow;
    logic signed [SUM_BITS-1:0] n, sum;
    logic carry;

    assign narrow = n_i[lane*N_BITS+:N_BITS];
    assign n = SUM_BITS'($signed({N_SIGNED && narrow[N_BITS-1], narrow}));
    assign carry = TIES != 0 && (n[SHIFT] ^ TURNED);
    gw_cut #(.WIDTH(SUM_BITS), .CUT(CUT[0])) u_sum (
        .clk_i, .data_i(n + $signed(ADDED) + SUM_BITS'($signed({1'b0, carry}))), .data_o(sum)
    );

    gw_clamp #(.N_BITS(SUM_BITS), .Y_BITS(Y_BITS), .LOW(LOW), .HIGH(HIGH), .CUT(CUT[1])) u_clamp (
        .clk_i, .n_i(sum >>> SHIFT), .y_o(y_o[lane*Y_BITS+:Y_BITS])
    );
  end endgenerate

endmodule
