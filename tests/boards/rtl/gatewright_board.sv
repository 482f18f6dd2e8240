// A design of the size of a test: bits from the line select weights, LANES products a cycle are added up, and a
// slow product of the sum decides what is sent. It stands where a build's shell and kernels stand.
module gatewright_board #(
    parameter int unsigned CLOCKS_PER_BIT = 104
) (
    input  logic clk_i,
    input  logic rst_i,
    input  logic uart_rx_i,
    output logic uart_tx_o,
    output logic led_o
);
  localparam int unsigned Lanes = test_pkg::LANES;
  logic [$clog2(CLOCKS_PER_BIT)-1:0] timer_q;
  logic [7:0] x_q;
  logic [Lanes*8-1:0] weights;
  logic signed [15:0] product_q[Lanes];
  logic signed [23:0] sum, sum_q;

  gw_rom #(
      .WIDTH(Lanes * 8),
      .DEPTH(256)
  ) u_rom (
      .clk_i,
      .address_i(x_q),
      .data_o(weights)
  );

  always_comb begin
    sum = sum_q;
    for (int i = 0; i < Lanes; i++) sum = sum + 24'(product_q[i]);
  end

  always_ff @(posedge clk_i) begin
    timer_q <= timer_q + 1'b1;
    if (timer_q == '0) x_q <= {x_q[6:0], uart_rx_i};
    for (int i = 0; i < Lanes; i++) product_q[i] <= $signed(x_q ^ 8'(i)) * $signed(weights[8*i+:8]);
    sum_q <= rst_i ? '0 : sum;
    uart_tx_o <= ^sum_q;
  end
  assign led_o = sum_q[23];
endmodule
