// A signed value clamped to LOW .. HIGH, as the low Y_BITS that hold that range: one cycle later, at
// once where CUT is 0.
module gw_clamp #(
    parameter int N_BITS = 8,
    parameter int Y_BITS = 8,
    parameter int LOW = -128,
    parameter int HIGH = 127,
    parameter bit CUT = 1'b1
) (
    input  logic                     clk_i,
    input  logic signed [N_BITS-1:0] n_i,
    output logic        [Y_BITS-1:0] y_o
);

  // Wide enough for the value and both ends, which Y_BITS hold with or without a sign.
  localparam int BITS = N_BITS > Y_BITS ? N_BITS : Y_BITS + 1;
  logic signed [BITS-1:0] n, clamped;

  assign n = BITS'(n_i);
  assign clamped = n < BITS'(LOW) ? BITS'(LOW) : n > BITS'(HIGH) ? BITS'(HIGH) : n;

  logic unused;
  assign unused = &{1'b0, clamped};

  gw_cut #(.WIDTH(Y_BITS), .CUT(CUT)) u_cut (.clk_i, .data_i(Y_BITS'(clamped)), .data_o(y_o));

endmodule
