// Beats from tracks, in the order in which their sequences came.
//
// What the recurrent engine gives is put into a queue of its track, where there is room since room_o was looked at
// as the step began (begin_i). The queue of the sequence that came first is given out up to its last beat, then that
// of the next one: order_valid_i tells the tracks.
// DEPTH: beats that a track holds. ORDERS: sequences that may be under way.
module gw_tracks_out #(
    parameter int SEQUENCES = 2,
    parameter int WIDTH = 8,
    parameter int DEPTH = 4,
    parameter int ORDERS = 4,
    parameter int TRACK_BITS = $clog2(SEQUENCES)
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 order_valid_i,
    output logic                 order_ready_o,
    input  logic [TRACK_BITS-1:0] order_track_i,
    input  logic                 begin_i,
    input  logic [TRACK_BITS-1:0] begin_track_i,
    output logic [SEQUENCES-1:0] room_o,
    input  logic                 put_valid_i,
    input  logic [TRACK_BITS-1:0] put_track_i,
    input  logic [    WIDTH-1:0] put_data_i,
    input  logic                 put_last_i,
    input  logic                 put_keep_i,
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [    WIDTH-1:0] out_data_o,
    output logic                 out_last_o,
    output logic                 out_keep_o
);

  localparam int COUNT_BITS = $clog2(DEPTH + 1);

  logic ordered, take;
  logic [TRACK_BITS-1:0] track;
  logic [SEQUENCES-1:0] valid, last, keep;
  logic [SEQUENCES-1:0][WIDTH-1:0] data;

  gw_fifo #(
      .WIDTH(TRACK_BITS),
      .DEPTH(ORDERS)
  ) u_order (
      .clk_i,
      .rst_i,
      .valid_i(order_valid_i),
      .ready_o(order_ready_o),
      .data_i (order_track_i),
      .valid_o(ordered),
      .ready_i(take && out_last_o),
      .data_o (track)
  );

  assign out_valid_o = ordered && valid[track];
  assign out_data_o = data[track];
  assign out_last_o = last[track];
  assign out_keep_o = keep[track];
  assign take = out_valid_o && out_ready_i;

  genvar n;
  generate for (n = 0; n < SEQUENCES; n++) begin : gen_track
    // Beats that are in the queue or on the way there.
    logic [COUNT_BITS-1:0] count_q;
    logic begins, gives, unused_ready;

    assign begins = begin_i && begin_track_i == TRACK_BITS'(n);
    assign gives = take && track == TRACK_BITS'(n);
    assign room_o[n] = count_q != COUNT_BITS'(DEPTH);

    always_ff @(posedge clk_i)
      if (rst_i) count_q <= '0;
      else count_q <= count_q + COUNT_BITS'(begins) - COUNT_BITS'(gives);

    gw_fifo #(
        .WIDTH(WIDTH + 2),
        .DEPTH(DEPTH)
    ) u_beats (
        .clk_i,
        .rst_i,
        .valid_i(put_valid_i && put_track_i == TRACK_BITS'(n)),
        .ready_o(unused_ready),
        .data_i ({put_keep_i, put_last_i, put_data_i}),
        .valid_o(valid[n]),
        .ready_i(gives),
        .data_o ({keep[n], last[n], data[n]})
    );

`ifndef SYNTHESIS
    always @(posedge clk_i)
      if (!rst_i && put_valid_i && put_track_i == TRACK_BITS'(n))
        assert (unused_ready) else $error("a track has no room for what it began");
`endif
  end endgenerate

endmodule
