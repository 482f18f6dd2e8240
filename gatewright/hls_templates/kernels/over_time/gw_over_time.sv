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

  genvar i;
  generate for (i = 0; i < WIDTH; i++) begin : gen_value
    logic [OUT_BITS-1:0] value, acc_q, next, both;

    assign value = extended[i*OUT_BITS+:OUT_BITS];
    assign next = first_q ? value : both;
    assign out_data_o[i*OUT_BITS+:OUT_BITS] = next;

    if (MAXIMUM) begin : gen_max
      // One bit more, and signed holds either kind.
      logic signed [OUT_BITS:0] new_one, old_one;
      assign new_one = {SIGNED && value[OUT_BITS-1], value};
      assign old_one = {SIGNED && acc_q[OUT_BITS-1], acc_q};
      assign both = new_one > old_one ? value : acc_q;
    end else begin : gen_sum
      assign both = acc_q + value;
    end

    always_ff @(posedge clk_i) begin
      if (take) acc_q <= next;
    end
  end endgenerate

endmodule
