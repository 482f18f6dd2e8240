// A sum of COLUMNS signed products: products in one cycle, then an adder tree. CUT says behind which of
// its levels a register is, that of the products' sums first; without it, behind each. What comes in
// cycle t leaves in cycle t + 1 and one more for each of them, and for OPERAND_CUT, which puts a register
// in front of the products, which DSP blocks take in, see boards/block_registers.py. Without enable_i the products rest, which saves
// power, and time in simulation; the sums go on, whatever they are of. With OPERAND_CUT they go on too:
// few of the blocks that stand together may have enables of their own.
//
// Not for: sums that leave Y_BITS; every partial sum fits, because the caller's range holds any
// subset of the products.
module gw_dot #(
    parameter int COLUMNS = 1,
    parameter int W_BITS = 8,
    parameter int V_BITS = 8,
    parameter int Y_BITS = 16,
    parameter logic [31:0] CUT = '1,
    parameter bit OPERAND_CUT = 1'b0
) (
    input  logic                             clk_i,
    input  logic                             enable_i,
    input  logic        [COLUMNS*W_BITS-1:0] weights_i,
    input  logic        [COLUMNS*V_BITS-1:0] values_i,
    output logic signed [        Y_BITS-1:0] sum_o
);

  localparam int LEVELS = $clog2(COLUMNS);
  localparam int P_BITS = W_BITS + V_BITS;

  localparam int LEAVES = 1 << LEVELS;

  // Weights of up to so many bits are added up in lookup tables: a DSP block would be lost on them.
  localparam int NARROW = 4;

  logic enable;
  assign enable = OPERAND_CUT || enable_i;

  logic [COLUMNS*W_BITS-1:0] weights;
  logic [COLUMNS*V_BITS-1:0] values;
  generate if (OPERAND_CUT) begin : gen_block
    logic [COLUMNS*W_BITS-1:0] weights_block_q;
    logic [COLUMNS*V_BITS-1:0] values_block_q;
    always_ff @(posedge clk_i) begin
      weights_block_q <= weights_i;
      values_block_q  <= values_i;
    end
    assign weights = weights_block_q;
    assign values  = values_block_q;
  end else begin : gen_operands
    assign weights = weights_i;
    assign values  = values_i;
  end endgenerate

  genvar b, k, n;
  generate for (k = 0; k < LEAVES; k++) begin : gen_product
    logic signed [Y_BITS-1:0] node_q;
    if (k < COLUMNS) begin : gen_column
      logic signed [W_BITS-1:0] weight;
      logic signed [V_BITS-1:0] value;
      logic signed [P_BITS-1:0] product;
      logic unused;
      assign unused = &{1'b0, product};
      assign weight = $signed(weights[k*W_BITS+:W_BITS]);
      assign value = $signed(values[k*V_BITS+:V_BITS]);
      if (W_BITS > NARROW) begin : gen_multiply
        assign product = P_BITS'(weight) * P_BITS'(value);
      end else begin : gen_add
        // A value or nothing for each bit of the weight; the sign's counts negative.
        for (b = 0; b < W_BITS; b++) begin : gen_bit
          logic signed [P_BITS-1:0] term, sum;
          assign term = weight[b] ? P_BITS'(value) <<< b : P_BITS'(0);
          if (b == 0) begin : gen_first
            assign sum = W_BITS == 1 ? -term : term;
          end else begin : gen_next
            assign sum = b == W_BITS - 1 ? gen_bit[b-1].sum - term : gen_bit[b-1].sum + term;
          end
        end
        assign product = gen_bit[W_BITS-1].sum;
      end
      always_ff @(posedge clk_i) if (enable) node_q <= Y_BITS'(product);
    end else begin : gen_padding
      assign node_q = '0;
    end
  end endgenerate

  // Sum 1 is the root, the children of sum n are 2n and 2n + 1; products stand behind the sums.
  generate for (n = LEAVES - 1; n > 0; n = n - 1) begin : gen_sum
    // Sums 2^d .. 2^(d+1) - 1 are of one level, and the root's is the last.
    localparam int LEVEL = LEVELS - $clog2(n + 1);
    logic signed [Y_BITS-1:0] sum, node;
    if (2 * n < LEAVES) begin : gen_of_sums
      assign sum = gen_sum[2*n].node + gen_sum[2*n+1].node;
    end else begin : gen_of_products
      assign sum = gen_product[2*n-LEAVES].node_q + gen_product[2*n+1-LEAVES].node_q;
    end
    gw_cut #(.WIDTH(Y_BITS), .CUT(CUT[LEVEL])) u_cut (.clk_i, .data_i(sum), .data_o(node));
  end endgenerate

  generate if (LEVELS == 0) begin : gen_one
    assign sum_o = gen_product[0].node_q;
  end else begin : gen_root
    assign sum_o = gen_sum[1].node;
  end endgenerate

endmodule
