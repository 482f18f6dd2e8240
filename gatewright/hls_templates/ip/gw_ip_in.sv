// An AXI4-Stream slave of BUS bits to the words of WORD bits of a core: ceil(WORD / BUS) beats a word, lowest first.
//
// Bits of the beats beyond WORD are ignored. A beat a cycle; `s_ready_o` comes from registers, and is low while `rst_i` is
// high. `word_keep_o` is what `keep_i` was as the first beat of the sequence was taken.
// A beat whose `s_keep_i` is not all ones raises `lanes_o`, an `s_last_i` before the last beat of a word `framing_o`. From
// there on every beat is taken and dropped, and the flag stays, until reset.
// `open_o` is high while a sequence is taken in part; `last_o` in the cycle in which its last beat is taken.
module gw_ip_in #(
    parameter int BUS  = 32,
    parameter int WORD = 32
) (
    input  logic             clk_i,
    input  logic             rst_i,
    input  logic             keep_i,
    input  logic             s_valid_i,
    output logic             s_ready_o,
    input  logic [  BUS-1:0] s_data_i,
    input  logic [BUS/8-1:0] s_keep_i,
    input  logic             s_last_i,
    output logic             word_valid_o,
    input  logic             word_ready_i,
    output logic [ WORD-1:0] word_data_o,
    output logic             word_last_o,
    output logic             word_keep_o,
    output logic             open_o,
    output logic             last_o,
    output logic             framing_o,
    output logic             lanes_o
);
  localparam int Beats = (WORD + BUS - 1) / BUS;

  logic take, keep_q, keep;
  logic skid_ready, valid, ready, last, whole, drop, complete, pass;
  logic [BUS-1:0] data;
  logic [Beats*BUS-1:0] beats;

  assign s_ready_o = !rst_i && skid_ready;
  assign take      = s_valid_i && s_ready_o;
  assign keep      = open_o ? keep_q : keep_i;
  assign last_o    = take && s_last_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) open_o <= 1'b0;
    else if (take) open_o <= !s_last_i;
  end

  always_ff @(posedge clk_i) begin
    if (take) keep_q <= keep;
  end

  gw_skid #(
      .WIDTH(BUS + 3)
  ) i_skid (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .valid_i(take),
      .ready_o(skid_ready),
      .data_i ({keep, s_last_i, &s_keep_i, s_data_i}),
      .valid_o(valid),
      .ready_i(ready),
      .data_o ({word_keep_o, last, whole, data})
  );

  assign drop         = framing_o || lanes_o || !whole;
  assign ready        = drop || !complete || word_ready_i;
  assign pass         = valid && ready;
  assign word_valid_o = valid && complete && !drop;
  assign word_data_o  = beats[WORD-1:0];
  assign word_last_o  = last;

  always_ff @(posedge clk_i) begin
    if (rst_i) lanes_o <= 1'b0;
    else if (pass && !framing_o && !whole) lanes_o <= 1'b1;
  end

  gw_window #(
      .COUNT    (Beats),
      .WORD_BITS(BUS)
  ) i_window (
      .clk_i  (clk_i),
      .shift_i(pass),
      .data_i (data),
      .data_o (beats)
  );

  // Bits beyond WORD.
  logic unused;
  assign unused = ^beats;

  generate if (Beats == 1) begin : gen_whole
    assign complete  = 1'b1;
    assign framing_o = 1'b0;
  end else begin : gen_parts
    localparam int IndexBits = $clog2(Beats);
    localparam int Most = Beats - 1;
    logic [IndexBits-1:0] index_q;
    logic framing_q;

    assign complete  = index_q == Most[IndexBits-1:0];
    assign framing_o = framing_q;

    always_ff @(posedge clk_i) begin
      if (rst_i) begin
        index_q   <= '0;
        framing_q <= 1'b0;
      end else if (pass) begin
        index_q <= complete ? '0 : index_q + 1'b1;
        if (last && !complete && !drop) framing_q <= 1'b1;
      end
    end
  end endgenerate

endmodule
