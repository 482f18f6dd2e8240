// Steps by their numbers: of each sequence COUNT beats, every STRIDE-th one from beat FIRST on.
//
// The others are taken and dropped, a beat a cycle; the last one that is kept gets `last`.
// Not for: sequences that end before it, which the host refuses; of one, what comes out lacks its
// end, and the next sequence is counted from its own beginning.
module gw_select_steps #(
    parameter int BEAT_BITS = 8,
    parameter int FIRST = 0,
    parameter int STRIDE = 1,
    parameter int COUNT = 1
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

  localparam int DueBits = $clog2((FIRST > STRIDE ? FIRST : STRIDE) + 1);
  localparam int LeftBits = $clog2(COUNT + 1);

  // Beats before the next one that is kept; those that are still to be kept.
  logic [DueBits-1:0] due_q;
  logic [LeftBits-1:0] left_q;
  logic kept, taken;

  assign kept        = due_q == '0 && left_q != '0;
  assign in_ready_o  = out_ready_i || !kept;
  assign taken       = in_valid_i && in_ready_o;
  assign out_valid_o = in_valid_i && kept;
  assign out_data_o  = in_data_i;
  assign out_last_o  = left_q == LeftBits'(1);
  assign out_keep_o  = in_keep_i;

  always_ff @(posedge clk_i) begin
    if (taken) begin
      due_q <= due_q == '0 ? DueBits'(STRIDE - 1) : due_q - DueBits'(1);
      if (kept) left_q <= left_q - LeftBits'(1);
    end
    if (rst_i || (taken && in_last_i)) begin
      due_q  <= DueBits'(FIRST);
      left_q <= LeftBits'(COUNT);
    end
  end

endmodule
