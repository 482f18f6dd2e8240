// Sequences that come one after the other, to tracks from which the recurrent engine takes steps in turn.
//
// A sequence goes to the track behind that of the one before, or, with `keep`, to the same one, where the state
// is that it goes on from. order_valid_o tells the track of each sequence as its first beat is taken, which
// waits for order_ready_i.
// A track may begin where it has a beat, room for what comes of it (room_i, and last_room_i for the last step of a
// sequence), and began STEP_DISTANCE cycles ago or longer. x_valid_o and what is beside it are those of the first such track behind
// the one that began last; x_data_o is that of the track that began last, until x_ready_i takes it.
// DEPTH: beats that a track holds.
module gw_tracks_in #(
    parameter int SEQUENCES = 2,
    parameter int WIDTH = 8,
    parameter int DEPTH = 4,
    parameter int STEP_DISTANCE = 2,
    parameter int TRACK_BITS = $clog2(SEQUENCES)
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [    WIDTH-1:0] in_data_i,
    input  logic                 in_last_i,
    input  logic                 in_keep_i,
    output logic                 order_valid_o,
    input  logic                 order_ready_i,
    output logic [TRACK_BITS-1:0] order_track_o,
    input  logic [SEQUENCES-1:0] room_i,
    input  logic [SEQUENCES-1:0] last_room_i,
    output logic                 x_valid_o,
    input  logic                 x_ready_i,
    output logic [    WIDTH-1:0] x_data_o,
    output logic                 x_last_o,
    output logic                 x_keep_o,
    output logic [TRACK_BITS-1:0] x_track_o,
    input  logic                 start_i
);

  localparam int WAIT_BITS = $clog2(STEP_DISTANCE);
  localparam logic [TRACK_BITS-1:0] Final = TRACK_BITS'(SEQUENCES - 1);

  // ---- In: the track of a sequence is told before its first beat goes there.

  logic open_q, take;
  logic [TRACK_BITS-1:0] fill_q, track;
  logic [SEQUENCES-1:0] ready, valid, last, keep, waits;
  logic [SEQUENCES-1:0][WIDTH-1:0] data;

  assign track = open_q || in_keep_i ? fill_q : fill_q == Final ? '0 : fill_q + TRACK_BITS'(1);
  assign in_ready_o = !rst_i && ready[track] && (open_q || order_ready_i);
  assign take = in_valid_i && in_ready_o;
  assign order_valid_o = take && !open_q;
  assign order_track_o = track;

  always_ff @(posedge clk_i) begin
    if (take) begin
      open_q <= !in_last_i;
      fill_q <= track;
    end
    if (rst_i) begin
      open_q <= 1'b0;
      fill_q <= Final;
    end
  end

  // ---- Out: whose turn it is.

  logic [TRACK_BITS-1:0] began_q;
  logic [SEQUENCES-1:0] may;

  genvar n;
  generate for (n = 0; n < SEQUENCES; n++) begin : gen_track
    logic [WAIT_BITS-1:0] wait_q;
    logic begins;

    assign begins = start_i && x_track_o == TRACK_BITS'(n);
    assign waits[n] = wait_q != '0;
    assign may[n] = valid[n] && !waits[n] && room_i[n] && (last_room_i[n] || !last[n]);

    always_ff @(posedge clk_i) begin
      if (rst_i) wait_q <= '0;
      else if (begins) wait_q <= WAIT_BITS'(STEP_DISTANCE - 1);
      else if (waits[n]) wait_q <= wait_q - WAIT_BITS'(1);
    end

    gw_fifo #(
        .WIDTH(WIDTH + 2),
        .DEPTH(DEPTH)
    ) u_beats (
        .clk_i,
        .rst_i,
        .valid_i(take && track == TRACK_BITS'(n)),
        .ready_o(ready[n]),
        .data_i ({in_keep_i, in_last_i, in_data_i}),
        .valid_o(valid[n]),
        .ready_i(x_ready_i && began_q == TRACK_BITS'(n)),
        .data_o ({keep[n], last[n], data[n]})
    );
  end endgenerate

  // The first one behind that which began last; if there is none, the first of all.
  logic [SEQUENCES-1:0] behind, turn, first;

  assign turn = |(may & behind) ? may & behind : may;
  assign first = turn & (~turn + SEQUENCES'(1));
  assign x_valid_o = |may;
  generate for (n = 0; n < SEQUENCES; n++) begin : gen_behind
    assign behind[n] = n > int'(began_q);
  end endgenerate

  genvar b;
  generate for (b = 0; b < TRACK_BITS; b++) begin : gen_number
    logic [SEQUENCES-1:0] has_bit;
    for (n = 0; n < SEQUENCES; n++) begin : gen_bit
      assign has_bit[n] = 1'(n >> b);
    end
    assign x_track_o[b] = |(first & has_bit);
  end endgenerate

  assign x_last_o = last[x_track_o];
  assign x_keep_o = keep[x_track_o];
  assign x_data_o = data[began_q];

  always_ff @(posedge clk_i)
    if (rst_i) began_q <= Final;
    else if (start_i) began_q <= x_track_o;

endmodule
