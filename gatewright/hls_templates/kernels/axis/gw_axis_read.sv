// AXI4-Stream words to beats: FOLDS words of LANES lanes make the WIDTH values of a time step.
//
// Lowest lane and lowest word first; each lane holds a value of BITS in its low bits. `in_last_i`
// and `in_keep_i` count with the last word of a step. A word a cycle; the last one of a step goes
// on with the beat in the cycle in which it is taken. `in_ready_o` is low while `rst_i` is high: a
// word that was taken then would be lost.
// What is wrong with a sequence, by MAX_STEPS, STEPS and `wrong_i`, is told by gw_axis_frame. From there on
// every word is taken and dropped, and the flag stays, until reset: no answer, no wrong one. While `hold_i`
// is high no word is taken, unless to be dropped. `there_o` is high while a step is there whole, `step_o` in the cycle in
// which it goes on.
// `hold_i` and `wrong_i` are for gw_axis_match, else 0.
module gw_axis_read #(
    parameter int WIDTH = 4,
    parameter int BITS = 8,
    parameter int LANE_BITS = 8,
    parameter int LANES = 4,
    parameter int FOLDS = 1,
    parameter int MAX_STEPS = 0,
    parameter int STEPS = 0
) (
    input  logic                       clk_i,
    input  logic                       rst_i,
    input  logic                       in_valid_i,
    output logic                       in_ready_o,
    input  logic [LANES*LANE_BITS-1:0] in_data_i,
    input  logic                       in_last_i,
    input  logic                       in_keep_i,
    output logic                       out_valid_o,
    input  logic                       out_ready_i,
    output logic [     WIDTH*BITS-1:0] out_data_o,
    output logic                       out_last_o,
    output logic                       out_keep_o,
    input  logic                       hold_i,
    input  logic                       wrong_i,
    output logic                       there_o,
    output logic                       step_o,
    output logic                       too_long_o,
    output logic                       framing_o
);

  logic drop, take, complete, misframed;
  logic [LANES*BITS-1:0] word;
  logic [FOLDS*LANES*BITS-1:0] words;

  assign in_ready_o  = !rst_i && (drop || (!hold_i && (!complete || out_ready_i)));
  assign out_valid_o = there_o && !hold_i && !misframed;
  assign out_data_o  = words[WIDTH*BITS-1:0];
  assign out_last_o  = in_last_i;
  assign out_keep_o  = in_keep_i;
  assign take        = in_valid_i && in_ready_o;
  assign there_o     = !drop && complete && in_valid_i;

  gw_resize #(
      .WIDTH   (LANES),
      .IN_BITS (LANE_BITS),
      .OUT_BITS(BITS)
  ) i_resize (
      .data_i(in_data_i),
      .data_o(word)
  );

  gw_window #(
      .COUNT    (FOLDS),
      .WORD_BITS(LANES * BITS)
  ) i_window (
      .clk_i,
      .shift_i(take),
      .data_i (word),
      .data_o (words)
  );

  // Lanes beyond WIDTH.
  logic unused_lanes;
  assign unused_lanes = ^words;

  gw_axis_frame #(
      .FOLDS    (FOLDS),
      .MAX_STEPS(MAX_STEPS),
      .STEPS    (STEPS)
  ) i_frame (
      .clk_i,
      .rst_i,
      .take_i     (take),
      .last_i     (in_last_i),
      .wrong_i,
      .complete_o (complete),
      .misframed_o(misframed),
      .drop_o     (drop),
      .step_o,
      .too_long_o,
      .framing_o
  );

`ifndef SYNTHESIS
  // The contract of whoever writes.
  gw_held #(
      .WIDTH(LANES * LANE_BITS + 2)
  ) i_held (
      .clk_i,
      .rst_i,
      .valid_i(in_valid_i),
      .ready_i(in_ready_o),
      .data_i ({in_data_i, in_last_i, in_keep_i})
  );
`endif

endmodule
