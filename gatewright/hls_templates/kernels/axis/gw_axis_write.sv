// Beats to AXI4-Stream words: the WIDTH values of a time step become FOLDS words of LANES lanes.
//
// Lowest lane and lowest word first; each lane holds a value extended to LANE_BITS, lanes beyond
// WIDTH are zero. `out_last_o` comes with the last word of the last step, `out_keep_o` with every
// word. A word a cycle; the beat is held at the input and taken with its last word.
module gw_axis_write #(
    parameter int WIDTH = 4,
    parameter int BITS = 8,
    parameter bit SIGNED = 1'b1,
    parameter int LANE_BITS = 8,
    parameter int LANES = 4,
    parameter int FOLDS = 1
) (
    input  logic                       clk_i,
    input  logic                       rst_i,
    input  logic                       in_valid_i,
    output logic                       in_ready_o,
    input  logic [     WIDTH*BITS-1:0] in_data_i,
    input  logic                       in_last_i,
    input  logic                       in_keep_i,
    output logic                       out_valid_o,
    input  logic                       out_ready_i,
    output logic [LANES*LANE_BITS-1:0] out_data_o,
    output logic                       out_last_o,
    output logic                       out_keep_o
);

  logic complete;
  logic [LANES*BITS-1:0] word;
  logic [FOLDS-1:0][LANES*BITS-1:0] words;

  assign words = (FOLDS * LANES * BITS)'(in_data_i);

  assign in_ready_o  = out_ready_i && complete;
  assign out_valid_o = in_valid_i;
  assign out_last_o  = in_last_i && complete;
  assign out_keep_o  = in_keep_i;

  gw_resize #(
      .WIDTH   (LANES),
      .IN_BITS (BITS),
      .OUT_BITS(LANE_BITS),
      .SIGNED  (SIGNED)
  ) i_resize (
      .data_i(word),
      .data_o(out_data_o)
  );

  generate if (FOLDS == 1) begin : gen_whole
    logic unused_clock;
    assign unused_clock = ^{clk_i, rst_i};

    assign complete = 1'b1;
    assign word = words[0];
  end else begin : gen_fold
    localparam int FoldBits = $clog2(FOLDS);
    logic [FoldBits-1:0] fold_q;

    assign complete = fold_q == FoldBits'(FOLDS - 1);
    assign word = words[fold_q];

    always_ff @(posedge clk_i) begin
      if (rst_i) fold_q <= '0;
      else if (out_valid_o && out_ready_i) fold_q <= complete ? '0 : fold_q + 1'b1;
    end
  end endgenerate

`ifndef SYNTHESIS
  gw_held #(
      .WIDTH(LANES * LANE_BITS + 2)
  ) i_held (
      .clk_i,
      .rst_i,
      .valid_i(out_valid_o),
      .ready_i(out_ready_i),
      .data_i ({out_data_o, out_last_o, out_keep_o})
  );
`endif

endmodule
