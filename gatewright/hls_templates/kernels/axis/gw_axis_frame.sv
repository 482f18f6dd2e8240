// Counts the words of a stream as sequences of steps of FOLDS words, and tells what is wrong with them.
//
// `take_i` is high as a word is taken, and `last_i` is its `last`. `complete_o` says that the word which is there ends a
// step, `misframed_o` that its `last` is wrong, `drop_o` that it has to be taken and dropped; `step_o` is high in the
// cycle in which a step goes on.
// A sequence of more than MAX_STEPS steps (0: any length) raises `too_long_o` with its first word
// too many, a `last_i` before the last word of a step raises `framing_o`. So does, with the last
// word of a step, one that comes before step STEPS of its sequence or not with it (0: any length), and
// `wrong_i`. From there on every word is to be dropped, and the flag stays, until reset.
module gw_axis_frame #(
    parameter int FOLDS = 1,
    parameter int MAX_STEPS = 0,
    parameter int STEPS = 0
) (
    input  logic clk_i,
    input  logic rst_i,
    input  logic take_i,
    input  logic last_i,
    input  logic wrong_i,
    output logic complete_o,
    output logic misframed_o,
    output logic drop_o,
    output logic step_o,
    output logic too_long_o,
    output logic framing_o
);

  logic cut, beyond;

  assign drop_o = beyond || framing_o;
  assign step_o = take_i && complete_o && !drop_o && !misframed_o;

  generate if (FOLDS == 1) begin : gen_whole
    assign complete_o = 1'b1;
  end else begin : gen_fold
    localparam int FoldBits = $clog2(FOLDS);
    logic [FoldBits-1:0] fold_q;

    assign complete_o = fold_q == FoldBits'(FOLDS - 1);

    always_ff @(posedge clk_i) begin
      if (rst_i) fold_q <= '0;
      else if (take_i) fold_q <= complete_o ? '0 : fold_q + 1'b1;
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
    assign cut  = last_i != ends;

    always_ff @(posedge clk_i) begin
      if (rst_i) step_q <= '0;
      else if (step_o) step_q <= ends ? '0 : step_q + 1'b1;
    end
  end endgenerate

  assign misframed_o = complete_o ? cut || wrong_i : last_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) framing_o <= 1'b0;
    else if (take_i && misframed_o && !drop_o) framing_o <= 1'b1;
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
      end else if (take_i && !framing_o) begin
        if (beyond) too_long_q <= 1'b1;
        else if (complete_o) steps_q <= last_i ? '0 : steps_q + 1'b1;
      end
    end
  end endgenerate

endmodule
