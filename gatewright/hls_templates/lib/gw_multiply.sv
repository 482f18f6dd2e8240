// A signed product, two cycles later, or as CUT says: which of its two registers are there, that of the
// product first, and whether a third one stands in front of the product: a DSP block takes it in, see
// boards/block_registers.py.
//
// Where `a` fits the 18 bits of a DSP block it is one product and a register that the tools may move
// into the block. A wider one is two products of halves of `a`, and their sum.
// A `b` of more than 18 bits is left to the tools, which take a block more and a sum for it.
// Not for: products wider than Y_BITS; the caller proves that there are none.
module gw_multiply #(
    parameter int A_BITS = 8,
    parameter int B_BITS = 8,
    parameter int Y_BITS = A_BITS + B_BITS,
    parameter bit [2:0] CUT = 3'b011
) (
    input  logic                     clk_i,
    input  logic signed [A_BITS-1:0] a_i,
    input  logic signed [B_BITS-1:0] b_i,
    output logic signed [Y_BITS-1:0] y_o
);

  localparam int DSP_BITS = 18;
  localparam int P_BITS = A_BITS + B_BITS;

  logic signed [A_BITS-1:0] a;
  logic signed [B_BITS-1:0] b;
  generate if (CUT[2]) begin : gen_block
    logic signed [A_BITS-1:0] a_block_q;
    logic signed [B_BITS-1:0] b_block_q;
    always_ff @(posedge clk_i) begin
      a_block_q <= a_i;
      b_block_q <= b_i;
    end
    assign a = a_block_q;
    assign b = b_block_q;
  end else begin : gen_operands
    assign a = a_i;
    assign b = b_i;
  end endgenerate

  generate if (A_BITS <= DSP_BITS) begin : gen_whole
    logic signed [P_BITS-1:0] product;
    logic unused;
    assign unused = &{1'b0, product};
    if (CUT[0]) begin : gen_product  // beside the product: a DSP block takes it in
      always_ff @(posedge clk_i) product <= P_BITS'(a) * P_BITS'(b);
    end else begin : gen_wire
      assign product = P_BITS'(a) * P_BITS'(b);
    end
    gw_cut #(.WIDTH(Y_BITS), .CUT(CUT[1])) u_y (.clk_i, .data_i(Y_BITS'(product)), .data_o(y_o));
  end else begin : gen_halves
    // The lower half is unsigned: with a zero in front it is a signed factor, too.
    localparam int LOW = DSP_BITS - 1;
    localparam int HIGH_BITS = P_BITS - LOW;
    logic signed [LOW+B_BITS:0] low_product;
    logic signed [HIGH_BITS-1:0] high_product;
    logic signed [A_BITS-LOW-1:0] high;
    logic signed [LOW:0] low;
    logic signed [P_BITS-1:0] sum;
    assign low = $signed({1'b0, a[LOW-1:0]});
    assign high = $signed(a[A_BITS-1:LOW]);
    assign sum = P_BITS'($signed({high_product, LOW'(0)})) + P_BITS'(low_product);
    logic unused;
    assign unused = &{1'b0, sum};
    logic signed [LOW+B_BITS:0] low_next;
    logic signed [HIGH_BITS-1:0] high_next;
    assign low_next = (LOW + B_BITS + 1)'(low) * (LOW + B_BITS + 1)'(b);
    assign high_next = HIGH_BITS'(high) * HIGH_BITS'(b);
    if (CUT[0]) begin : gen_products
      always_ff @(posedge clk_i) begin
        low_product  <= low_next;
        high_product <= high_next;
      end
    end else begin : gen_wires
      assign low_product  = low_next;
      assign high_product = high_next;
    end
    gw_cut #(.WIDTH(Y_BITS), .CUT(CUT[1])) u_y (.clk_i, .data_i(Y_BITS'(sum)), .data_o(y_o));
  end endgenerate

endmodule
