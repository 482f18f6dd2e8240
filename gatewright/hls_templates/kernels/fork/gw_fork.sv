// Copies a stream to several readers: every beat to all of them in the same cycle.
//
// Output n has bit n of the ports of one bit and the n-th beat of `out_data_o`. No registers.
// Not for: letting one reader run ahead; the FIFOs behind it do that.
module gw_fork #(
    parameter int OUTPUTS = 2,
    parameter int BEAT_BITS = 8
) (
    input  logic                         clk_i,
    input  logic                         rst_i,
    input  logic                         in_valid_i,
    output logic                         in_ready_o,
    input  logic [        BEAT_BITS-1:0] in_data_i,
    input  logic                         in_last_i,
    input  logic                         in_keep_i,
    output logic [          OUTPUTS-1:0] out_valid_o,
    input  logic [          OUTPUTS-1:0] out_ready_i,
    output logic [OUTPUTS*BEAT_BITS-1:0] out_data_o,
    output logic [          OUTPUTS-1:0] out_last_o,
    output logic [          OUTPUTS-1:0] out_keep_o
);

  logic unused_clock;
  assign unused_clock = ^{clk_i, rst_i};

  assign in_ready_o   = &out_ready_i;
  assign out_valid_o  = {OUTPUTS{in_valid_i && in_ready_o}};
  assign out_data_o   = {OUTPUTS{in_data_i}};
  assign out_last_o   = {OUTPUTS{in_last_i}};
  assign out_keep_o   = {OUTPUTS{in_keep_i}};

endmodule
