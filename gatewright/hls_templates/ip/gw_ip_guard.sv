// Lets the words of an input through to a kernel that would take wrong sequences for right ones.
//
// What is wrong, by FOLDS, MAX_STEPS, STEPS and `wrong_i`, is told by gw_axis_frame. From there on every word is taken and
// dropped, and the flag stays, until reset: no answer, no wrong one. While `hold_i` is high no word is taken, unless to be
// dropped. `there_o` is high while the last word of a step is there, `step_o` in the cycle in which it goes on. `hold_i` and
// `wrong_i` are for gw_axis_match, else 0.
// Only the handshake is here, the data pass by its side. `in_ready_o` is low while `rst_i` is high. Adds no cycle.
module gw_ip_guard #(
    parameter int FOLDS = 1,
    parameter int MAX_STEPS = 0,
    parameter int STEPS = 0
) (
    input  logic clk_i,
    input  logic rst_i,
    input  logic in_valid_i,
    output logic in_ready_o,
    input  logic in_last_i,
    input  logic hold_i,
    input  logic wrong_i,
    output logic there_o,
    output logic step_o,
    output logic out_valid_o,
    input  logic out_ready_i,
    output logic too_long_o,
    output logic framing_o
);

  logic drop, misframed, complete;

  assign in_ready_o  = !rst_i && (drop || (!hold_i && (misframed || out_ready_i)));
  assign out_valid_o = !rst_i && in_valid_i && !drop && !hold_i && !misframed;
  assign there_o     = in_valid_i && complete && !drop;

  gw_axis_frame #(
      .FOLDS    (FOLDS),
      .MAX_STEPS(MAX_STEPS),
      .STEPS    (STEPS)
  ) i_frame (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .take_i     (in_valid_i && in_ready_o),
      .last_i     (in_last_i),
      .wrong_i    (wrong_i),
      .complete_o (complete),
      .misframed_o(misframed),
      .drop_o     (drop),
      .step_o     (step_o),
      .too_long_o (too_long_o),
      .framing_o  (framing_o)
  );

endmodule
