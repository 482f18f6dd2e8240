// Requantizer, variant clip: n clamped to LOW .. HIGH in each of LANES lanes, one cycle later; at once
// where CUT is 0.
module gw_requantize_clip #(
    parameter int LANES = 1,
    parameter int N_BITS = 8,
    parameter bit N_SIGNED = 1'b1,
    parameter int Y_BITS = 8,
    parameter int LOW = -128,
    parameter int HIGH = 127,
    parameter bit CUT = 1'b1
) (
    input  logic                    clk_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic [N_BITS-1:0] n;
    assign n = n_i[lane*N_BITS+:N_BITS];
    gw_clamp #(.N_BITS(N_BITS + 1), .Y_BITS(Y_BITS), .LOW(LOW), .HIGH(HIGH), .CUT(CUT)) u_clamp (
        .clk_i,
        .n_i($signed({N_SIGNED && n[N_BITS-1], n})),
        .y_o(y_o[lane*Y_BITS+:Y_BITS])
    );
  end endgenerate

endmodule
