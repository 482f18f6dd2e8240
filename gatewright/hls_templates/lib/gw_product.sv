// a * b in each of LANES lanes, two cycles later, or as CUT says, see gw_multiply.
// Not for: results that leave Y_BITS, which the compiler has proven.
module gw_product #(
    parameter int LANES = 1,
    parameter int A_BITS = 8,
    parameter bit A_SIGNED = 1'b1,
    parameter int B_BITS = 8,
    parameter bit B_SIGNED = 1'b1,
    parameter int Y_BITS = 16,
    parameter bit [2:0] CUT = 3'b011
) (
    input  logic                    clk_i,
    input  logic [LANES*A_BITS-1:0] a_i,
    input  logic [LANES*B_BITS-1:0] b_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic [A_BITS-1:0] a;
    logic [B_BITS-1:0] b;
    assign a = a_i[lane*A_BITS+:A_BITS];
    assign b = b_i[lane*B_BITS+:B_BITS];
    gw_multiply #(.A_BITS(A_BITS + 1), .B_BITS(B_BITS + 1), .Y_BITS(Y_BITS), .CUT(CUT)) u_multiply (
        .clk_i,
        .a_i($signed({A_SIGNED && a[A_BITS-1], a})),
        .b_i($signed({B_SIGNED && b[B_BITS-1], b})),
        .y_o(y_o[lane*Y_BITS+:Y_BITS])
    );
  end endgenerate

endmodule
