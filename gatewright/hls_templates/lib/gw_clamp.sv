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
  logic signed [BITS-1:0] n;
  logic [Y_BITS-1:0] y;

  assign n = BITS'(n_i);

  genvar i;
  generate if (LOW == -(1 << (Y_BITS - 1)) && HIGH == (1 << (Y_BITS - 1)) - 1) begin : gen_signed
    // The whole range of a signed word: the bits above it are those of its sign, or it is left.
    logic fits;
    assign fits = &n[BITS-1:Y_BITS-1] || !(|n[BITS-1:Y_BITS-1]);
    for (i = 0; i < Y_BITS; i++) begin : gen_bit
      assign y[i] = fits ? n[i] : n[BITS-1] ^ (i != Y_BITS - 1);
    end
  end else if (LOW == 0 && HIGH == (1 << Y_BITS) - 1) begin : gen_unsigned
    logic above;
    assign above = |n[BITS-1:Y_BITS];
    assign y = n[BITS-1] ? '0 : n[Y_BITS-1:0] | {Y_BITS{above}};
  end else begin : gen_any
    logic signed [BITS-1:0] clamped;
    logic unused;
    assign unused = &{1'b0, clamped};
    assign clamped = n < BITS'(LOW) ? BITS'(LOW) : n > BITS'(HIGH) ? BITS'(HIGH) : n;
    assign y = Y_BITS'(clamped);
  end endgenerate

  gw_cut #(.WIDTH(Y_BITS), .CUT(CUT)) u_cut (.clk_i, .data_i(y), .data_o(y_o));

endmodule
