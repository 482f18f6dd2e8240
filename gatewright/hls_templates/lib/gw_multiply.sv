// A signed product, two cycles later.
//
// Where `a` fits the 18 bits of a DSP block it is one product and a register that the tools may move
// into the block. A wider one is two products of halves of `a`, and their sum.
// A `b` of more than 18 bits is left to the tools, which take a block more and a sum for it.
// Not for: products wider than Y_BITS; the caller proves that there are none.
module gw_multiply #(
    parameter int A_BITS = 8,
    parameter int B_BITS = 8,
    parameter int Y_BITS = A_BITS + B_BITS
) (
    input  logic                     clk_i,
    input  logic signed [A_BITS-1:0] a_i,
    input  logic signed [B_BITS-1:0] b_i,
    output logic signed [Y_BITS-1:0] y_o
);

  localparam int DSP_BITS = 18;
  localparam int P_BITS = A_BITS + B_BITS;

  generate if (A_BITS <= DSP_BITS) begin : gen_whole
    logic signed [P_BITS-1:0] product_q;
    logic unused;
    assign unused = &{1'b0, product_q};
    always_ff @(posedge clk_i) begin
      product_q <= P_BITS'(a_i) * P_BITS'(b_i);
      y_o <= Y_BITS'(product_q);
    end
  end else begin : gen_halves
    // The lower half is unsigned: with a zero in front it is a signed factor, too.
    localparam int LOW = DSP_BITS - 1;
    localparam int HIGH_BITS = P_BITS - LOW;
    logic signed [LOW+B_BITS:0] low_q;
    logic signed [HIGH_BITS-1:0] high_q;
    logic signed [A_BITS-LOW-1:0] high;
    logic signed [LOW:0] low;
    logic signed [P_BITS-1:0] sum;
    assign low = $signed({1'b0, a_i[LOW-1:0]});
    assign high = $signed(a_i[A_BITS-1:LOW]);
    assign sum = P_BITS'($signed({high_q, LOW'(0)})) + P_BITS'(low_q);
    logic unused;
    assign unused = &{1'b0, sum};
    always_ff @(posedge clk_i) begin
      low_q <= (LOW + B_BITS + 1)'(low) * (LOW + B_BITS + 1)'(b_i);
      high_q <= HIGH_BITS'(high) * HIGH_BITS'(b_i);
      y_o <= Y_BITS'(sum);
    end
  end endgenerate

endmodule
