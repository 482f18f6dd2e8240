// A sum of COLUMNS signed products: products in one cycle, then an adder tree of a register a level.
// What comes in cycle t leaves in cycle t + 1 + clog2(COLUMNS). Without enable_i the products rest,
// which saves power, and time in simulation; the sums go on, whatever they are of.
//
// Not for: sums that leave Y_BITS; every partial sum fits, because the caller's range holds any
// subset of the products.
module gw_dot #(
    parameter int COLUMNS = 1,
    parameter int W_BITS = 8,
    parameter int V_BITS = 8,
    parameter int Y_BITS = 16
) (
    input  logic                             clk_i,
    input  logic                             enable_i,
    input  logic        [COLUMNS*W_BITS-1:0] weights_i,
    input  logic        [COLUMNS*V_BITS-1:0] values_i,
    output logic signed [        Y_BITS-1:0] sum_o
);

  localparam int LEVELS = $clog2(COLUMNS);
  localparam int P_BITS = W_BITS + V_BITS;

  // Node 1 is the root, the children of node n are 2n and 2n + 1.
  logic signed [Y_BITS-1:0] node_q[1:2*(1<<LEVELS)-1];

  genvar k;
  generate for (k = 0; k < (1 << LEVELS); k++) begin : gen_product
    if (k < COLUMNS) begin : gen_column
      logic signed [W_BITS-1:0] weight;
      logic signed [V_BITS-1:0] value;
      logic signed [P_BITS-1:0] product;
      logic unused;
      assign unused = &{1'b0, product};
      assign weight = $signed(weights_i[k*W_BITS+:W_BITS]);
      assign value = $signed(values_i[k*V_BITS+:V_BITS]);
      assign product = P_BITS'(weight) * P_BITS'(value);
      always_ff @(posedge clk_i) if (enable_i) node_q[(1<<LEVELS)+k] <= Y_BITS'(product);
    end else begin : gen_padding
      always_ff @(posedge clk_i) node_q[(1<<LEVELS)+k] <= '0;
    end
  end endgenerate

  genvar n;
  generate for (n = 1; n < (1 << LEVELS); n++) begin : gen_sum
    always_ff @(posedge clk_i) node_q[n] <= node_q[2*n] + node_q[2*n+1];
  end endgenerate

  assign sum_o = node_q[1];

endmodule
