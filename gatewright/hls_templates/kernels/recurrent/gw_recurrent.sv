// The recurrent engine: one layer in one direction, any cell.
//
// SCHEDULE_FILE lists the SLOTS of a time step, one a cycle: a tile of UNITS hidden units x all
// GATES x COLUMNS inputs, or nothing. A word is {active, release, last, first, hidden, row,
// column}; `release` marks the last tile that reads x. The sums of a row block that is done go down
// the cell's tail, a pipeline of TAIL_LATENCY cycles beside this module (tail_..._o, tail_..._i),
// and come back as h and c; c of the step before is given
// to it TAIL_C_LATENCY cycles after the sums. h has two banks: a step reads one and writes the other.
// A step begins when x is there and the step before the last one has been taken from the output, so
// nothing inside ever stalls. A sequence begins with `keep` from the state there is, else from the
// beats of h0 and c0 (HAS_H0, HAS_C0) or INITIAL_H and INITIAL_C; they are taken with its first
// step even where `keep` overrules them, and a first sequence after reset keeps nothing.
// Outputs: `out` h of every step (HAS_OUT), `hn`, `cn` the final state of a sequence.
// SEQUENCES of them may be under way at once, each on a track: x_track_i says whose step x is, start_o when it
// begins, out_track_o whose the answer is, and steps come back in the order in which they began. h and c are
// there once for each track. Of one track, steps begin STEP_DISTANCE cycles apart or more, which whoever gives x sees to,
// as that what is done is taken at once. (gw_tracks_in, gw_tracks_out.)
// COLUMN_CUT: whether a register stands behind the choice of columns. TREE, TREE_CUT: how many behind the levels of
// the adder tree, and behind which. OPERAND_CUT: one more in front of the products; tables of more than 16 tiles,
// slower than that, are block RAM then. Not for: schedules that read h earlier than TAIL_LATENCY + 4 + COLUMN_CUT +
// OPERAND_CUT + TREE cycles after the tile it comes from; the compiler keeps that distance.
module gw_recurrent #(
    parameter int INPUTS = 1,
    parameter int HIDDEN = 1,
    parameter int GATES = 4,
    parameter int UNITS = 1,
    parameter int COLUMNS = 1,
    parameter int ROWS = 1,
    parameter int X_BLOCKS = 1,
    parameter int H_BLOCKS = 1,
    parameter int SLOTS = 2,
    parameter int TILES = 2,
    parameter int ACC_ROWS = 1,
    parameter int X_BITS = 8,
    parameter bit X_SIGNED = 1'b1,
    parameter int H_BITS = 8,
    parameter bit H_SIGNED = 1'b1,
    parameter int C_BITS = 8,
    parameter bit C_SIGNED = 1'b1,
    parameter int V_BITS = 8,
    parameter int W_BITS = 8,
    parameter int SUM_BITS = 20,
    parameter int BIAS_BITS = 16,
    parameter int TAIL_LATENCY = 1,
    parameter int TAIL_C_LATENCY = 2,
    parameter bit COLUMN_CUT = 1'b1,
    parameter int TREE = $clog2(COLUMNS),
    parameter int SEQUENCES = 1,
    parameter logic [31:0] TREE_CUT = '1,
    parameter bit OPERAND_CUT = 1'b0,
    parameter bit HAS_H0 = 1'b0,
    parameter bit HAS_C0 = 1'b0,
    parameter bit HAS_OUT = 1'b1,
    parameter bit HAS_HN = 1'b0,
    parameter bit HAS_CN = 1'b0,
    parameter int H0_BITS = 8,
    parameter bit H0_SIGNED = 1'b1,
    parameter int C0_BITS = 8,
    parameter bit C0_SIGNED = 1'b1,
    parameter int OUT_BITS = 8,
    parameter int HN_BITS = 8,
    parameter int CN_BITS = 8,
    parameter logic [HIDDEN*H_BITS-1:0] INITIAL_H = '0,
    parameter logic [HIDDEN*C_BITS-1:0] INITIAL_C = '0,
    parameter SCHEDULE_FILE = "",
    parameter WEIGHT_FILE = "",
    parameter BIAS_FILE = "",
    parameter int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1,
    parameter int TRACK_BITS = SEQUENCES > 1 ? $clog2(SEQUENCES) : 1
) (
    input  logic                            clk_i,
    input  logic                            rst_i,
    input  logic                            x_valid_i,
    output logic                            x_ready_o,
    input  logic [       INPUTS*X_BITS-1:0] x_data_i,
    input  logic                            x_last_i,
    input  logic                            x_keep_i,
    input  logic [           TRACK_BITS-1:0] x_track_i,
    output logic                            start_o,
    input  logic                            h0_valid_i,
    output logic                            h0_ready_o,
    input  logic [      HIDDEN*H0_BITS-1:0] h0_data_i,
    input  logic                            c0_valid_i,
    output logic                            c0_ready_o,
    input  logic [      HIDDEN*C0_BITS-1:0] c0_data_i,
    output logic                            out_valid_o,
    input  logic                            out_ready_i,
    output logic [     HIDDEN*OUT_BITS-1:0] out_data_o,
    output logic                            out_last_o,
    output logic                            out_keep_o,
    output logic [           TRACK_BITS-1:0] out_track_o,
    output logic                            hn_valid_o,
    input  logic                            hn_ready_i,
    output logic [      HIDDEN*HN_BITS-1:0] hn_data_o,
    output logic                            cn_valid_o,
    input  logic                            cn_ready_i,
    output logic [      HIDDEN*CN_BITS-1:0] cn_data_o,
    output logic [            ROW_BITS-1:0] tail_row_o,
    output logic [UNITS*GATES*SUM_BITS-1:0] tail_sums_o,
    output logic [        UNITS*C_BITS-1:0] tail_c_o,
    output logic                            tail_valid_o,
    output logic [            ROW_BITS-1:0] tail_done_row_o,
    output logic [           TRACK_BITS-1:0] tail_done_track_o,
    input  logic [        UNITS*H_BITS-1:0] tail_h_i,
    input  logic [        UNITS*C_BITS-1:0] tail_c_i
);

  localparam int SLOT_BITS = SLOTS > 1 ? $clog2(SLOTS) : 1;
  localparam int TILE_BITS = TILES > 1 ? $clog2(TILES) : 1;
  localparam int BLOCKS = X_BLOCKS > H_BLOCKS ? X_BLOCKS : H_BLOCKS;
  localparam int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 1;
  localparam int PADDED = ROWS * UNITS;
  // Two banks of h for each track, and as many steps that have begun and are not yet given.
  localparam int BANKS = 2 * SEQUENCES;
  localparam int BANK_BITS = $clog2(BANKS);
  localparam int STEPS = 1 << BANK_BITS;
  localparam int COUNT_BITS = BANK_BITS + 1;

  // ---- Slots: which one is issued, and for which step.

  logic [SLOT_BITS-1:0] slot_q;
  logic begins, issue, starts, retires;
  logic x_held_q, fresh_q;
  logic [SEQUENCES-1:0] begun_q, state_q, half_q;
  logic [COUNT_BITS-1:0] pending_q, done_q;
  logic given_q, finals_q, begun, fresh;
  logic [BANK_BITS-1:0] read_q, read;

  assign begins = slot_q == '0;
  assign begun = begun_q[x_track_i];
  assign starts = begins && x_valid_i && !x_held_q && pending_q < COUNT_BITS'(BANKS)
      && (begun || !given_q) && (begun || !finals_q)
      && (begun || !HAS_H0 || h0_valid_i) && (begun || !HAS_C0 || c0_valid_i);
  assign issue = !begins || starts;
  assign start_o = starts;
  // The step that begins, or the one that is going on: whether its state is the initial one, and
  // the bank it reads.
  assign fresh = begins ? !begun && !(x_keep_i && state_q[x_track_i]) : fresh_q;
  assign read = begins ? BANK_BITS'({x_track_i, !half_q[x_track_i]}) : read_q;

  always_ff @(posedge clk_i) begin
    if (issue) slot_q <= slot_q == SLOT_BITS'(SLOTS - 1) ? '0 : slot_q + SLOT_BITS'(1);
    if (starts) begin
      fresh_q <= fresh;
      read_q <= read;
      half_q[x_track_i] <= read[0];
      begun_q[x_track_i] <= !x_last_i;
      state_q[x_track_i] <= 1'b1;
      x_held_q <= 1'b1;
    end
    if (x_ready_o) x_held_q <= 1'b0;
    pending_q <= pending_q + COUNT_BITS'(starts) - COUNT_BITS'(retires);
    if (rst_i) begin
      slot_q <= '0;
      begun_q <= '0;
      state_q <= '0;
      x_held_q <= 1'b0;
      half_q <= '0;
      pending_q <= '0;
    end
  end

  // ---- Schedule, two cycles behind the slots.

  logic [ROW_BITS-1:0] row;
  logic [BLOCK_BITS-1:0] column;
  logic valid, active, first, last, hidden, releases, entry_active, entry_release, fresh_2;
  logic [BANK_BITS-1:0] read_2, read_3;
  gw_rom #(.WIDTH(5 + ROW_BITS + BLOCK_BITS), .DEPTH(SLOTS), .FILE(SCHEDULE_FILE)) u_schedule (
      .clk_i, .address_i(slot_q),
      .data_o({entry_active, entry_release, last, first, hidden, row, column})
  );
  gw_delay #(.WIDTH(1), .LATENCY(2), .RESET(1'b1)) u_valid (.clk_i, .rst_i, .data_i(issue), .data_o(valid));
  gw_delay #(.WIDTH(1 + BANK_BITS), .LATENCY(2)) u_step (.clk_i, .rst_i, .data_i({fresh, read}), .data_o({fresh_2, read_2}));
  assign active = valid && entry_active;
  assign releases = active && entry_release;
  assign x_ready_o = releases;

  logic [TILE_BITS-1:0] tile_q, tile;
  assign tile = !active ? tile_q : tile_q == TILE_BITS'(TILES - 1) ? '0 : tile_q + TILE_BITS'(1);
  always_ff @(posedge clk_i) tile_q <= rst_i ? '0 : tile;
  logic [UNITS*GATES*COLUMNS*W_BITS-1:0] weights;
  gw_rom #(.WIDTH(UNITS * GATES * COLUMNS * W_BITS), .DEPTH(TILES), .FILE(WEIGHT_FILE), .BLOCK(OPERAND_CUT && TILES > 16)) u_weights (
      .clk_i, .address_i(COLUMN_CUT ? tile_q : tile), .data_o(weights)
  );

  // ---- Operands: a register behind each choice of columns, or none; that behind the choice of x or h is
  // in gw_mac.

  logic [BANKS-1:0][PADDED*H_BITS-1:0] h_q;
  logic [COLUMNS*V_BITS-1:0] from_x, from_start, values;
  logic [BANKS-1:0][COLUMNS*V_BITS-1:0] from_bank;
  logic active_3, first_3, last_3, hidden_3, fresh_3;
  logic [ROW_BITS-1:0] row_3;

  gw_columns #(.WIDTH(INPUTS), .COLUMNS(COLUMNS), .BLOCKS(BLOCKS), .IN_BITS(X_BITS), .IN_SIGNED(X_SIGNED), .OUT_BITS(V_BITS), .CUT(COLUMN_CUT)) u_from_x (
      .clk_i, .block_i(column), .data_i(x_data_i), .data_o(from_x)
  );
  genvar bank;
  generate for (bank = 0; bank < BANKS; bank++) begin : gen_from_bank
    gw_columns #(.WIDTH(HIDDEN), .COLUMNS(COLUMNS), .BLOCKS(BLOCKS), .IN_BITS(H_BITS), .IN_SIGNED(H_SIGNED), .OUT_BITS(V_BITS), .CUT(COLUMN_CUT)) u_columns (
        .clk_i, .block_i(column), .data_i(h_q[bank][HIDDEN*H_BITS-1:0]), .data_o(from_bank[bank])
    );
  end endgenerate
  generate if (HAS_H0) begin : gen_h0
    gw_columns #(.WIDTH(HIDDEN), .COLUMNS(COLUMNS), .BLOCKS(BLOCKS), .IN_BITS(H0_BITS), .IN_SIGNED(H0_SIGNED), .OUT_BITS(V_BITS), .CUT(COLUMN_CUT)) u_columns (
        .clk_i, .block_i(column), .data_i(h0_data_i), .data_o(from_start)
    );
  end else if (|INITIAL_H) begin : gen_initial
    gw_columns #(.WIDTH(HIDDEN), .COLUMNS(COLUMNS), .BLOCKS(BLOCKS), .IN_BITS(H_BITS), .IN_SIGNED(H_SIGNED), .OUT_BITS(V_BITS), .CUT(COLUMN_CUT)) u_columns (
        .clk_i, .block_i(column), .data_i(INITIAL_H), .data_o(from_start)
    );
  end else begin : gen_zero
    assign from_start = '0;
  end endgenerate

  gw_cut #(.WIDTH(5 + BANK_BITS + ROW_BITS), .CUT(COLUMN_CUT)) u_tile (
      .clk_i,
      .data_i({active && !rst_i, first, last, hidden, fresh_2, read_2, row}),
      .data_o({active_3, first_3, last_3, hidden_3, fresh_3, read_3, row_3})
  );
  always_comb begin
    if (!hidden_3) values = from_x;
    else if (fresh_3) values = from_start;
    else values = from_bank[read_3];
  end

  // ---- Sums, and the tail.
  logic summed, summing;
  logic [ROW_BITS-1:0] summing_row;
  gw_mac #(
      .LANES(UNITS * GATES), .COLUMNS(COLUMNS), .ROWS(ROWS), .ACC_ROWS(ACC_ROWS), .W_BITS(W_BITS),
      .V_BITS(V_BITS), .SUM_BITS(SUM_BITS), .BIAS_BITS(BIAS_BITS), .BIAS_FILE(BIAS_FILE),
      .TREE(TREE), .CUT(TREE_CUT), .OPERAND_CUT(OPERAND_CUT)
  ) u_mac (
      .clk_i, .rst_i,
      .valid_i(active_3), .first_i(first_3), .last_i(last_3), .row_i(row_3),
      .weights_i(weights), .values_i(values),
      .ahead_o(summing), .ahead_row_o(summing_row), .valid_o(summed), .row_o(tail_row_o), .sums_o(tail_sums_o)
  );

  // Rows leave the multipliers and the tail step by step, so counting them tells the step. Of one track alone its
  // number is the bank that it writes.
  logic [ROW_BITS-1:0] summing_rows_q, done_rows_q;
  logic [BANK_BITS-1:0] starting_q, summing_q, writing_q, giving_q, written, given_bank;
  logic [STEPS-1:0][BANK_BITS-1:0] bank_q;
  logic [TRACK_BITS-1:0] summing_track;
  logic [STEPS-1:0] fresh_by_step_q;
  logic done, step_summing, completes;
  generate if (SEQUENCES == 1) begin : gen_one_track
    logic unused;
    assign unused = ^bank_q;
    assign written = writing_q;
    assign given_bank = giving_q;
    assign summing_track = '0;
    assign tail_done_track_o = '0;
    assign out_track_o = '0;
  end else begin : gen_tracks
    assign written = bank_q[writing_q];
    assign given_bank = bank_q[giving_q];
    assign summing_track = TRACK_BITS'(bank_q[summing_q] >> 1);
    assign tail_done_track_o = TRACK_BITS'(written >> 1);
    assign out_track_o = TRACK_BITS'(given_bank >> 1);
  end endgenerate
  assign step_summing = summing && summing_rows_q == ROW_BITS'(ROWS - 1);
  assign completes = done && done_rows_q == ROW_BITS'(ROWS - 1);
  always_ff @(posedge clk_i) begin
    if (starts) begin
      fresh_by_step_q[starting_q] <= fresh;
      bank_q[starting_q] <= read ^ BANK_BITS'(1);
      starting_q <= starting_q + BANK_BITS'(1);
    end
    if (summing) summing_rows_q <= step_summing ? '0 : summing_rows_q + ROW_BITS'(1);
    if (step_summing) summing_q <= summing_q + BANK_BITS'(1);
    if (done) done_rows_q <= completes ? '0 : done_rows_q + ROW_BITS'(1);
    if (completes) writing_q <= writing_q + BANK_BITS'(1);
    if (retires) giving_q <= giving_q + BANK_BITS'(1);
    if (rst_i) begin
      starting_q <= '0;
      summing_rows_q <= '0;
      done_rows_q <= '0;
      summing_q <= '0;
      writing_q <= '0;
      giving_q <= '0;
    end
  end

  gw_delay #(.WIDTH(1), .LATENCY(TAIL_LATENCY), .RESET(1'b1)) u_done (.clk_i, .rst_i, .data_i(summed), .data_o(done));
  gw_delay #(.WIDTH(ROW_BITS), .LATENCY(TAIL_LATENCY)) u_done_row (
      .clk_i, .rst_i, .data_i(tail_row_o), .data_o(tail_done_row_o)
  );
  assign tail_valid_o = done;

  genvar r;
  generate for (r = 0; r < ROWS; r++) begin : gen_row
    for (bank = 0; bank < BANKS; bank++) begin : gen_bank
      always_ff @(posedge clk_i)
        if (done && written == BANK_BITS'(bank) && tail_done_row_o == ROW_BITS'(r))
          h_q[bank][r*UNITS*H_BITS+:UNITS*H_BITS] <= tail_h_i;
    end
  end endgenerate

  // ---- c, read so that it is there TAIL_C_LATENCY cycles behind the sums.

  logic [HIDDEN*C_BITS-1:0] final_c;
  gw_cell_state #(
      .HIDDEN(HIDDEN), .UNITS(UNITS), .ROWS(ROWS), .SEQUENCES(SEQUENCES), .BITS(C_BITS),
      .LATENCY(TAIL_C_LATENCY), .HAS_CN(HAS_CN), .HAS_C0(HAS_C0), .C0_BITS(C0_BITS),
      .C0_SIGNED(C0_SIGNED), .INITIAL(INITIAL_C)
  ) u_c (
      .clk_i, .rst_i, .c0_data_i,
      .track_i(summing_track), .row_i(summing_row), .fresh_i(fresh_by_step_q[summing_q]), .c_o(tail_c_o),
      .write_i(done), .write_track_i(tail_done_track_o), .write_row_i(tail_done_row_o), .c_i(tail_c_i),
      .final_track_i(out_track_o), .final_o(final_c)
  );

  // ---- Outputs: a step that is complete waits in its bank until each of them has been taken.

  logic [STEPS-1:0] last_q, first_q, keep_q;
  logic out_taken_q, hn_taken_q, cn_taken_q, gives, last_given;
  always_ff @(posedge clk_i) begin
    if (starts) begin
      last_q[starting_q] <= x_last_i;
      first_q[starting_q] <= !begun;
      keep_q[starting_q] <= x_keep_i;
    end
  end

  assign gives = done_q != '0;
  assign last_given = last_q[giving_q];
  assign out_valid_o = HAS_OUT && gives && !out_taken_q;
  assign hn_valid_o = HAS_HN && gives && last_given && !hn_taken_q;
  assign cn_valid_o = HAS_CN && gives && last_given && !cn_taken_q;
  assign retires = gives && (!out_valid_o || out_ready_i) && (!hn_valid_o || hn_ready_i)
      && (!cn_valid_o || cn_ready_i);
  assign out_last_o = last_given;
  assign out_keep_o = keep_q[giving_q];

  always_ff @(posedge clk_i) begin
    done_q <= done_q + COUNT_BITS'(completes) - COUNT_BITS'(retires);
    out_taken_q <= !retires && (out_taken_q || (out_valid_o && out_ready_i));
    hn_taken_q <= !retires && (hn_taken_q || (hn_valid_o && hn_ready_i));
    cn_taken_q <= !retires && (cn_taken_q || (cn_valid_o && cn_ready_i));
    if (rst_i) begin
      done_q <= '0;
      out_taken_q <= 1'b0;
      hn_taken_q <= 1'b0;
      cn_taken_q <= 1'b0;
    end
  end

  // A given state stays until the first step, which may still read it, is complete. The final c
  // stays until it is taken.
  logic releases_state;
  assign releases_state = completes && first_q[writing_q];
  assign h0_ready_o = HAS_H0 && releases_state;
  assign c0_ready_o = HAS_C0 && releases_state;
  always_ff @(posedge clk_i) begin
    if (releases_state) given_q <= 1'b0;
    if (retires && last_given) finals_q <= 1'b0;
    if (starts && !begun) given_q <= HAS_H0 || HAS_C0;
    if (starts && x_last_i) finals_q <= HAS_CN && SEQUENCES == 1;
    if (rst_i) begin
      given_q <= 1'b0;
      finals_q <= 1'b0;
    end
  end

  logic [PADDED*H_BITS-1:0] given;
  assign given = h_q[given_bank];
  logic unused_state;
  assign unused_state = ^{h0_data_i, given};
  genvar u;
  generate for (u = 0; u < HIDDEN; u++) begin : gen_out
    logic [H_BITS-1:0] h;
    logic [C_BITS-1:0] c;
    logic unused;
    assign unused = &{1'b0, h, c};
    assign h = given[u*H_BITS+:H_BITS];
    assign c = final_c[u*C_BITS+:C_BITS];
    if (H_SIGNED) begin : gen_h_signed
      assign out_data_o[u*OUT_BITS+:OUT_BITS] = OUT_BITS'($signed(h));
      assign hn_data_o[u*HN_BITS+:HN_BITS] = HN_BITS'($signed(h));
    end else begin : gen_h_unsigned
      assign out_data_o[u*OUT_BITS+:OUT_BITS] = OUT_BITS'(h);
      assign hn_data_o[u*HN_BITS+:HN_BITS] = HN_BITS'(h);
    end
    if (C_SIGNED) begin : gen_c_signed
      assign cn_data_o[u*CN_BITS+:CN_BITS] = CN_BITS'($signed(c));
    end else begin : gen_c_unsigned
      assign cn_data_o[u*CN_BITS+:CN_BITS] = CN_BITS'(c);
    end
  end endgenerate

`ifndef SYNTHESIS
  always @(posedge clk_i)
    if (!rst_i && SEQUENCES == 1) assert (!(releases && !x_valid_i)) else $error("x is gone before its last tile has read it");
`endif

endmodule
