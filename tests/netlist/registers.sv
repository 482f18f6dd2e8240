// Two products of registered factors, one of them with enables, and a product with a constant: by their
// names the registers are meant for the blocks.
module dut (
    input  logic        clk_i,
    input  logic [2:0]  go_i,
    input  logic [35:0] a_i,
    input  logic [35:0] b_i,
    output logic [35:0] y_o
);
  logic signed [17:0] a_block_q, b_block_q;
  logic signed [11:0] c_block_q, d_block_q;
  logic signed [35:0] ab_q;
  logic signed [23:0] cd_q;
  logic signed [25:0] k_q;
  initial {a_block_q, b_block_q, c_block_q, d_block_q, ab_q, cd_q, k_q} = '0;

  always_ff @(posedge clk_i) begin
    if (go_i[0]) a_block_q <= a_i[17:0];
    b_block_q <= b_i[17:0];
    if (go_i[1]) ab_q <= a_block_q * b_block_q;
    c_block_q <= a_i[35:24];
    d_block_q <= b_i[35:24];
    cd_q <= c_block_q * d_block_q;
    k_q <= c_block_q * 14'sd5743;
  end
  assign y_o = ab_q ^ 36'(cd_q) ^ 36'(k_q);
endmodule
