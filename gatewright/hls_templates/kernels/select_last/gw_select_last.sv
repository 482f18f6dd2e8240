// Time-step selection: of each sequence, the last beat only.
//
// The others are taken and dropped, a beat a cycle. No registers.
module gw_select_last #(
    parameter int BEAT_BITS = 8
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [BEAT_BITS-1:0] in_data_i,
    input  logic                 in_last_i,
    input  logic                 in_keep_i,
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [BEAT_BITS-1:0] out_data_o,
    output logic                 out_last_o,
    output logic                 out_keep_o
);

  logic unused_clock;
  assign unused_clock = ^{clk_i, rst_i};

  assign in_ready_o   = out_ready_i || !in_last_i;
  assign out_valid_o  = in_valid_i && in_last_i;
  assign out_data_o   = in_data_i;
  assign out_last_o   = in_last_i;
  assign out_keep_o   = in_keep_i;

endmodule
