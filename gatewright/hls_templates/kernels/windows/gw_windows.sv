// Windows over time: KERNEL steps side by side, every DILATION-th one, from each STRIDE-th on.
//
// A beat a cycle; a window goes on in the cycle in which its last step is taken, or STRIDE - 1 - AFTER
// beats later, when it is known whether another one follows. BEFORE and AFTER steps of PAD stand
// before and behind a sequence: those behind it take a cycle each, in which no beat is taken.
// A sequence with `keep` goes on from the steps of the one before, if there was one: its first window
// is STRIDE behind the last one of that, and no step of PAD stands before it.
// Not for: windows that hold no step of a sequence (BEFORE, AFTER below the span of a window);
// sequences without a whole window, of which nothing comes; going on from a sequence whose last
// window holds steps behind it.
module gw_windows #(
    parameter int BEAT_BITS = 8,
    parameter int KERNEL = 2,
    parameter int DILATION = 1,
    parameter int STRIDE = 1,
    parameter int BEFORE = 0,
    parameter int AFTER = 0,
    parameter logic [BEAT_BITS-1:0] PAD = '0
) (
    input  logic                        clk_i,
    input  logic                        rst_i,
    input  logic                        in_valid_i,
    output logic                        in_ready_o,
    input  logic [       BEAT_BITS-1:0] in_data_i,
    input  logic                        in_last_i,
    input  logic                        in_keep_i,
    output logic                        out_valid_o,
    input  logic                        out_ready_i,
    output logic [KERNEL*BEAT_BITS-1:0] out_data_o,
    output logic                        out_last_o,
    output logic                        out_keep_o
);

  localparam int Late = STRIDE - 1 > AFTER ? STRIDE - 1 - AFTER : 0;
  localparam int Held = DILATION * (KERNEL - 1) + 1 + Late;
  localparam int Behind = AFTER + Late;
  localparam int First = Held - 1 - BEFORE;
  localparam int DueBits = $clog2((Held > STRIDE + Late ? Held : STRIDE + Late) + 1);
  localparam int BehindBits = $clog2(Behind + 2);

  // Cycles before the next window; cycles after the one of the last beat, those that the sequence
  // before had.
  logic [DueBits-1:0] due_q, later_q;
  logic [BehindBits-1:0] behind_q;
  logic fresh_q, ended_q, keep_q, there_q;
  logic [DueBits-1:0] due;
  logic anew, whole, step, ended, over, done;

  assign anew        = fresh_q && !(in_keep_i && there_q);
  assign due         = !fresh_q ? due_q : anew ? DueBits'(First) : DueBits'(STRIDE - 1) + later_q;
  assign whole       = due == '0;
  assign step        = (ended_q || in_valid_i) && (!whole || out_ready_i);
  assign ended       = ended_q || in_last_i;
  assign over        = ended && int'(behind_q) < STRIDE;
  assign done        = over && (whole || behind_q == '0);
  assign in_ready_o  = !ended_q && (!whole || out_ready_i);
  assign out_valid_o = whole && (ended_q || in_valid_i);
  assign out_last_o  = over;
  assign out_keep_o  = ended_q ? keep_q : in_keep_i;

  always_ff @(posedge clk_i) begin
    if (step) begin
      due_q <= whole ? DueBits'(STRIDE - 1) : due - DueBits'(1);
      if (ended) behind_q <= behind_q - BehindBits'(1);
      ended_q <= ended;
      fresh_q <= 1'b0;
      if (!ended_q) keep_q <= in_keep_i;
    end
    if (rst_i) there_q <= 1'b0;
    else if (step && done) there_q <= 1'b1;
    if (step && done) later_q <= DueBits'(Behind) - DueBits'(behind_q);
    if (rst_i || (step && done)) begin
      behind_q <= BehindBits'(Behind);
      ended_q  <= 1'b0;
      fresh_q  <= 1'b1;
    end
  end

  // The steps of a window and those between them, the oldest lowest.
  logic [(Held-1)*BEAT_BITS-1:0] past_q, past, kept;
  logic [Held*BEAT_BITS-1:0] held;

  assign past = !fresh_q ? past_q : anew ? {(Held - 1) {PAD}} : kept;
  assign held = {ended_q ? PAD : in_data_i, past};
  always_ff @(posedge clk_i) begin
    if (step) past_q <= held[Held*BEAT_BITS-1:BEAT_BITS];
  end

  // What is kept are the steps as they are with the last beat, before others stand behind them.
  generate if (Late > 0) begin : gen_kept
    logic [(Held-1)*BEAT_BITS-1:0] kept_q;
    assign kept = kept_q;
    always_ff @(posedge clk_i) begin
      if (step && !ended_q) kept_q <= held[Held*BEAT_BITS-1:BEAT_BITS];
    end
  end else begin : gen_same
    assign kept = past_q;
  end endgenerate

  genvar k;
  generate for (k = 0; k < KERNEL; k++) begin : gen_step
    assign out_data_o[k*BEAT_BITS+:BEAT_BITS] = held[k*DILATION*BEAT_BITS+:BEAT_BITS];
  end endgenerate

endmodule
