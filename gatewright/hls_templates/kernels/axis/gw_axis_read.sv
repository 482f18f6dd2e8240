// AXI4-Stream words to beats: FOLDS words of LANES lanes make the WIDTH values of a time step.
//
// Lowest lane and lowest word first; each lane holds a value of BITS in its low bits. `in_last_i`
// and `in_keep_i` count with the last word of a step. A word a cycle; the last one of a step goes
// on with the beat in the cycle in which it is taken. `in_ready_o` is low while `rst_i` is high: a
// word that was taken then would be lost.
// A sequence of more than MAX_STEPS steps (0: any length) raises `too_long_o` with its first word
// too many, an `in_last_i` before the last word of a step raises `framing_o`. So does, with the last
// word of a step, one that comes before step STEPS of its sequence or not with it (0: any length), and
// `wrong_i`. From there on every word is taken and dropped, and the flag stays, until reset: no answer,
// no wrong one. While `hold_i` is high no word is taken, unless to be dropped; `step_o` is high in the
// cycle in which a step goes on. `hold_i` and `wrong_i` are for gw_axis_match, else 0.
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
    output logic                       step_o,
    output logic                       too_long_o,
    output logic                       framing_o
);

  logic drop, take, complete, misframed, cut, beyond;
  logic [LANES*BITS-1:0] word;
  logic [FOLDS*LANES*BITS-1:0] words;

  assign drop        = beyond || framing_o;
  assign in_ready_o  = !rst_i && (drop || (!hold_i && (!complete || out_ready_i)));
  assign out_valid_o = !drop && !hold_i && !misframed && complete && in_valid_i;
  assign out_data_o  = words[WIDTH*BITS-1:0];
  assign out_last_o  = in_last_i;
  assign out_keep_o  = in_keep_i;
  assign take        = in_valid_i && in_ready_o;
  assign step_o      = take && complete && !drop && !misframed;

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

  generate if (FOLDS == 1) begin : gen_whole
    assign complete = 1'b1;
  end else begin : gen_fold
    localparam int FoldBits = $clog2(FOLDS);
    logic [FoldBits-1:0] fold_q;

    assign complete = fold_q == FoldBits'(FOLDS - 1);

    always_ff @(posedge clk_i) begin
      if (rst_i) fold_q <= '0;
      else if (take) fold_q <= complete ? '0 : fold_q + 1'b1;
    end
  end endgenerate

  // `cut`: the sequence has another number of steps than STEPS.
  generate if (STEPS == 0) begin : gen_any_end
    assign cut = 1'b0;
  end else begin : gen_end
    localparam int EndBits = STEPS > 1 ? $clog2(STEPS) : 1;
    logic ends;
    logic [EndBits-1:0] step_q;

    assign ends = step_q == EndBits'(STEPS - 1);
    assign cut  = in_last_i != ends;

    always_ff @(posedge clk_i) begin
      if (rst_i) step_q <= '0;
      else if (step_o) step_q <= ends ? '0 : step_q + 1'b1;
    end
  end endgenerate

  assign misframed = complete ? cut || wrong_i : in_last_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) framing_o <= 1'b0;
    else if (take && misframed && !drop) framing_o <= 1'b1;
  end

  generate if (MAX_STEPS == 0) begin : gen_any_length
    assign beyond = 1'b0;
    assign too_long_o = 1'b0;
  end else begin : gen_limit
    localparam int StepBits = $clog2(MAX_STEPS + 1);
    logic [StepBits-1:0] steps_q;
    logic too_long_q;

    assign beyond = steps_q == StepBits'(MAX_STEPS);
    assign too_long_o = too_long_q;

    always_ff @(posedge clk_i) begin
      if (rst_i) begin
        steps_q    <= '0;
        too_long_q <= 1'b0;
      end else if (take && !framing_o) begin
        if (beyond) too_long_q <= 1'b1;
        else if (complete) steps_q <= in_last_i ? '0 : steps_q + 1'b1;
      end
    end
  end endgenerate

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
