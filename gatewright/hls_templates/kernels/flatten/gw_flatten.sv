// Flattening over time: STEPS beats become one beat of all their values, the first step lowest.
//
// A beat a cycle; the last one goes on with the others in the cycle in which it is taken.
// Not for: sequences of another length than STEPS, which the host refuses; what comes out for one is
// meaningless, the next sequence is not affected.
module gw_flatten #(
    parameter int BEAT_BITS = 8,
    parameter int STEPS = 2
) (
    input  logic                       clk_i,
    input  logic                       rst_i,
    input  logic                       in_valid_i,
    output logic                       in_ready_o,
    input  logic [      BEAT_BITS-1:0] in_data_i,
    input  logic                       in_last_i,
    input  logic                       in_keep_i,
    output logic                       out_valid_o,
    input  logic                       out_ready_i,
    output logic [STEPS*BEAT_BITS-1:0] out_data_o,
    output logic                       out_last_o,
    output logic                       out_keep_o
);

  logic unused_reset;
  assign unused_reset = rst_i;

  assign in_ready_o   = out_ready_i || !in_last_i;
  assign out_valid_o  = in_valid_i && in_last_i;
  assign out_last_o   = in_last_i;
  assign out_keep_o   = in_keep_i;

  gw_window #(
      .COUNT    (STEPS),
      .WORD_BITS(BEAT_BITS)
  ) i_window (
      .clk_i,
      .shift_i(in_valid_i && in_ready_o),
      .data_i (in_data_i),
      .data_o (out_data_o)
  );

endmodule
