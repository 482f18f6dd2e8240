// a + b, or a - b with SUBTRACT, in each of LANES lanes, one cycle later; at once where CUT is 0.
// Not for: results that leave Y_BITS, which the compiler has proven.
module gw_sum #(
    parameter int LANES = 1,
    parameter int A_BITS = 8,
    parameter bit A_SIGNED = 1'b1,
    parameter int B_BITS = 8,
    parameter bit B_SIGNED = 1'b1,
    parameter int Y_BITS = 9,
    parameter bit SUBTRACT = 1'b0,
    parameter bit CUT = 1'b1
) (
    input  logic                    clk_i,
    input  logic [LANES*A_BITS-1:0] a_i,
    input  logic [LANES*B_BITS-1:0] b_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  localparam int BITS = (A_BITS > B_BITS ? A_BITS : B_BITS) + 2;

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic [A_BITS-1:0] a;
    logic [B_BITS-1:0] b;
    logic signed [BITS-1:0] wide_a, wide_b, sum;
    assign a = a_i[lane*A_BITS+:A_BITS];
    assign b = b_i[lane*B_BITS+:B_BITS];
    assign wide_a = BITS'($signed({A_SIGNED && a[A_BITS-1], a}));
    assign wide_b = BITS'($signed({B_SIGNED && b[B_BITS-1], b}));
    assign sum = SUBTRACT ? wide_a - wide_b : wide_a + wide_b;
    logic unused;
    assign unused = &{1'b0, sum};
    gw_cut #(.WIDTH(Y_BITS), .CUT(CUT)) u_cut (.clk_i, .data_i(Y_BITS'(sum)), .data_o(y_o[lane*Y_BITS+:Y_BITS]));
  end endgenerate

endmodule
