// The largest, or the sum, of KERNEL groups of a beat's WIDTH values, value by value.
//
// No registers. Not for: dividing a sum; many groups at a fast clock: they are a chain.
module gw_groups #(
    parameter int WIDTH = 2,
    parameter int KERNEL = 2,
    parameter int IN_BITS = 8,
    parameter int OUT_BITS = 9,
    parameter bit SIGNED = 1'b1,
    parameter bit MAXIMUM = 1'b0
) (
    input  logic                            clk_i,
    input  logic                            rst_i,
    input  logic                            in_valid_i,
    output logic                            in_ready_o,
    input  logic [KERNEL*WIDTH*IN_BITS-1:0] in_data_i,
    input  logic                            in_last_i,
    input  logic                            in_keep_i,
    output logic                            out_valid_o,
    input  logic                            out_ready_i,
    output logic [      WIDTH*OUT_BITS-1:0] out_data_o,
    output logic                            out_last_o,
    output logic                            out_keep_o
);

  logic unused_clock;
  assign unused_clock = ^{clk_i, rst_i};

  assign in_ready_o  = out_ready_i;
  assign out_valid_o = in_valid_i;
  assign out_last_o  = in_last_i;
  assign out_keep_o  = in_keep_i;

  logic [KERNEL*WIDTH*OUT_BITS-1:0] extended;
  gw_resize #(
      .WIDTH   (KERNEL * WIDTH),
      .IN_BITS (IN_BITS),
      .OUT_BITS(OUT_BITS),
      .SIGNED  (SIGNED)
  ) i_resize (
      .data_i(in_data_i),
      .data_o(extended)
  );

  // What the groups up to k give, from group 0 on.
  logic [KERNEL*WIDTH*OUT_BITS-1:0] upto;
  assign upto[WIDTH*OUT_BITS-1:0] = extended[WIDTH*OUT_BITS-1:0];
  assign out_data_o = upto[KERNEL*WIDTH*OUT_BITS-1-:WIDTH*OUT_BITS];

  genvar k;
  generate for (k = 1; k < KERNEL; k++) begin : gen_group
    gw_reduce #(
        .LANES  (WIDTH),
        .BITS   (OUT_BITS),
        .SIGNED (SIGNED),
        .MAXIMUM(MAXIMUM)
    ) i_reduce (
        .a_i(upto[(k-1)*WIDTH*OUT_BITS+:WIDTH*OUT_BITS]),
        .b_i(extended[k*WIDTH*OUT_BITS+:WIDTH*OUT_BITS]),
        .y_o(upto[k*WIDTH*OUT_BITS+:WIDTH*OUT_BITS])
    );
  end endgenerate

endmodule
