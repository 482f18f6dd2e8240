// The last COUNT words side by side, the oldest lowest: `data_i` and those at the COUNT - 1 clock
// edges before it at which `shift_i` was set.
//
// Not for: counting them.
module gw_window #(
    parameter int COUNT = 2,
    parameter int WORD_BITS = 8
) (
    input  logic                       clk_i,
    input  logic                       shift_i,
    input  logic [      WORD_BITS-1:0] data_i,
    output logic [COUNT*WORD_BITS-1:0] data_o
);

  generate if (COUNT == 1) begin : gen_wire
    logic unused_clock;
    assign unused_clock = ^{clk_i, shift_i};
    assign data_o = data_i;
  end else begin : gen_shift
    logic [(COUNT-1)*WORD_BITS-1:0] past_q;

    assign data_o = {data_i, past_q};

    always_ff @(posedge clk_i) begin
      if (shift_i) past_q <= data_o[COUNT*WORD_BITS-1:WORD_BITS];
    end
  end endgenerate

endmodule
