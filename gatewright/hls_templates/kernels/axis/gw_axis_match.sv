// Two gw_axis_read of one sequence: what ends a sequence of one has to end that of the other, too.
//
// For each of them, A and B: `there` is high while a step is there, `step` in the cycle in which it goes on, `last` with
// the last step of a sequence. `wrong` is high while the step that is there does not agree with what has gone on at the
// other, or was there before it: it has to be held back. So no step goes on at both, last at one and not at the other, and
// no step becomes wrong that was not so when it came: what has been offered stays.
// The order is free: A may be ahead of B by two sequences, and by any number of steps of a third; `hold`
// is high where it is to wait then. With N = 2**STEP_BITS, lengths that differ by N look the same.
// Of two that come in the same cycle A is the first.
module gw_axis_match #(
    parameter int STEP_BITS = 32
) (
    input  logic clk_i,
    input  logic rst_i,
    input  logic a_there_i,
    input  logic a_step_i,
    input  logic a_last_i,
    output logic a_wrong_o,
    output logic a_hold_o,
    input  logic b_there_i,
    input  logic b_step_i,
    input  logic b_last_i,
    output logic b_wrong_o,
    output logic b_hold_o
);

  // Steps of the sequence that each is in, and the last steps of those that only the leader has ended.
  logic [STEP_BITS-1:0] a_q, b_q, ended;
  logic a_end, b_end, push, pop, room, ahead, b_leads_q, a_leads, b_leads, unlike;
  // A step that is right has been there at B for a cycle.
  logic b_waits_q;

  assign a_end   = a_step_i && a_last_i;
  assign b_end   = b_step_i && b_last_i;
  assign a_leads = ahead && !b_leads_q;
  assign b_leads = ahead && b_leads_q;
  assign unlike  = a_there_i && !ahead && a_q == b_q && a_last_i != b_last_i;

  always_comb begin
    if (b_leads) a_wrong_o = a_last_i != (a_q == ended);
    else a_wrong_o = !a_leads && ((a_last_i && b_q > a_q) || (unlike && b_waits_q));
    if (a_leads) b_wrong_o = b_last_i != (b_q == ended);
    else b_wrong_o = !b_leads && ((b_last_i && a_q > b_q) || (unlike && !b_waits_q));
  end

  assign a_hold_o = a_leads && !room;
  assign b_hold_o = b_leads && !room;
  assign pop      = (a_end && b_leads) || (b_end && a_leads);
  assign push     = ahead ? (b_leads_q ? b_end : a_end) : a_end != b_end;

  gw_skid #(
      .WIDTH(STEP_BITS)
  ) i_ended (
      .clk_i,
      .rst_i,
      .valid_i(push),
      .ready_o(room),
      .data_i (b_end && !a_leads ? b_q : a_q),
      .valid_o(ahead),
      .ready_i(pop),
      .data_o (ended)
  );

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      a_q       <= '0;
      b_q       <= '0;
      b_leads_q <= 1'b0;
      b_waits_q <= 1'b0;
    end else begin
      if (a_step_i) a_q <= a_last_i ? '0 : a_q + 1'b1;
      if (b_step_i) b_q <= b_last_i ? '0 : b_q + 1'b1;
      if (!ahead) b_leads_q <= b_end;
      b_waits_q <= b_there_i && !b_step_i && !b_wrong_o;
    end
  end

endmodule
