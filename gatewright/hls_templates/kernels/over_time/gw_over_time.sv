// Reduction over time: of each sequence, the sum or the largest of its beats, value by value.
//
// A beat a cycle; the result goes on in the cycle in which the last one is taken.
// Not for: dividing by the number of steps; telling which step was the largest; sequences longer than
// OUT_BITS were made for, which the host refuses.
module gw_over_time #(
    parameter int WIDTH = 2,
    parameter int IN_BITS = 8,
    parameter int OUT_BITS = 16,
    parameter bit SIGNED = 1'b1,
    parameter bit MAXIMUM = 1'b0
) (
    input  logic                      clk_i,
    input  logic                      rst_i,
    input  logic                      in_valid_i,
    output logic                      in_ready_o,
    input  logic [ WIDTH*IN_BITS-1:0] in_data_i,
    input  logic                      in_last_i,
    input  logic                      in_keep_i,
    output logic                      out_valid_o,
    input  logic                      out_ready_i,
    output logic [WIDTH*OUT_BITS-1:0] out_data_o,
    output logic                      out_last_o,
    output logic                      out_keep_o
);

  logic first_q, take;
  logic [WIDTH*OUT_BITS-1:0] extended;

  assign in_ready_o  = out_ready_i || !in_last_i;
  assign out_valid_o = in_valid_i && in_last_i;
  assign out_last_o  = in_last_i;
  assign out_keep_o  = in_keep_i;
  assign take        = in_valid_i && in_ready_o;

  always_ff @(posedge clk_i) begin
    if (rst_i) first_q <= 1'b1;
    else if (take) first_q <= in_last_i;
  end

  gw_resize #(
      .WIDTH   (WIDTH),
      .IN_BITS (IN_BITS),
      .OUT_BITS(OUT_BITS),
      .SIGNED  (SIGNED)
  ) i_resize (
      .data_i(in_data_i),
      .data_o(extended)
  );

  logic [WIDTH*OUT_BITS-1:0] acc_q, both;
  gw_reduce #(
      .LANES  (WIDTH),
      .BITS   (OUT_BITS),
      .SIGNED (SIGNED),
      .MAXIMUM(MAXIMUM)
  ) i_reduce (
      .a_i(acc_q),
      .b_i(extended),
      .y_o(both)
  );

  assign out_data_o = first_q ? extended : both;
  always_ff @(posedge clk_i) begin
    if (take) acc_q <= out_data_o;
  end

endmodule
