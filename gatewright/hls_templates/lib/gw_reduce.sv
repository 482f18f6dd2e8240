// Of two values, in each of LANES lanes: the larger one with MAXIMUM, else their sum.
//
// No registers. Not for: sums that leave BITS, which the compiler has proven.
module gw_reduce #(
    parameter int LANES = 1,
    parameter int BITS = 8,
    parameter bit SIGNED = 1'b1,
    parameter bit MAXIMUM = 1'b0
) (
    input  logic [LANES*BITS-1:0] a_i,
    input  logic [LANES*BITS-1:0] b_i,
    output logic [LANES*BITS-1:0] y_o
);

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic [BITS-1:0] a, b;
    assign a = a_i[lane*BITS+:BITS];
    assign b = b_i[lane*BITS+:BITS];

    if (MAXIMUM) begin : gen_max
      // One bit more, and signed holds either kind.
      logic signed [BITS:0] wide_a, wide_b;
      assign wide_a = {SIGNED && a[BITS-1], a};
      assign wide_b = {SIGNED && b[BITS-1], b};
      assign y_o[lane*BITS+:BITS] = wide_b > wide_a ? b : a;
    end else begin : gen_sum
      assign y_o[lane*BITS+:BITS] = a + b;
    end
  end endgenerate

endmodule
