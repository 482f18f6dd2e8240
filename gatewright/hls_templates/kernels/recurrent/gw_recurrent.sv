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
// COLUMN_CUT: whether a register stands behind the choice of columns. TREE, TREE_CUT: how many behind
// the levels of the adder tree, and behind which. OPERAND_CUT: one more in front of the products.
// Not for: schedules that read h earlier than TAIL_LATENCY + 4 + COLUMN_CUT + OPERAND_CUT + TREE cycles
// after the tile it comes from; the compiler keeps that distance.
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
    parameter int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  logic                            clk_i,
    input  logic                            rst_i,
    input  logic                            x_valid_i,
    output logic                            x_ready_o,
    input  logic [       INPUTS*X_BITS-1:0] x_data_i,
    input  logic                            x_last_i,
    input  logic                            x_keep_i,
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
    input  logic [        UNITS*H_BITS-1:0] tail_h_i,
    input  logic [        UNITS*C_BITS-1:0] tail_c_i
);

  localparam int SLOT_BITS = SLOTS > 1 ? $clog2(SLOTS) : 1;
  localparam int TILE_BITS = TILES > 1 ? $clog2(TILES) : 1;
  localparam int BLOCKS = X_BLOCKS > H_BLOCKS ? X_BLOCKS : H_BLOCKS;
  localparam int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 1;
  localparam int PADDED = ROWS * UNITS;

  // ---- Slots: which one is issued, and for which step.

  logic [SLOT_BITS-1:0] slot_q;
  logic begins, issue, starts, retires;
  logic x_held_q, begun_q, state_q, fresh_q, read_q;
  logic [1:0] pending_q, done_q;
  logic given_q, finals_q;
  logic fresh, read;

  assign begins = slot_q == '0;
  assign starts = begins && x_valid_i && !x_held_q && pending_q < 2'd2
      && (begun_q || !given_q) && (begun_q || !finals_q)
      && (begun_q || !HAS_H0 || h0_valid_i) && (begun_q || !HAS_C0 || c0_valid_i);
  assign issue = !begins || starts;
  // The step that begins, or the one that is going on: whether its state is the initial one, and
  // the bank it reads.
  assign fresh = begins ? !begun_q && !(x_keep_i && state_q) : fresh_q;
  assign read = begins ? !read_q : read_q;

  always_ff @(posedge clk_i) begin
    if (issue) slot_q <= slot_q == SLOT_BITS'(SLOTS - 1) ? '0 : slot_q + SLOT_BITS'(1);
    if (starts) begin
      fresh_q <= fresh;
      read_q <= read;
      begun_q <= !x_last_i;
      state_q <= 1'b1;
      x_held_q <= 1'b1;
    end
    if (x_ready_o) x_held_q <= 1'b0;
    pending_q <= pending_q + 2'(starts) - 2'(retires);
    if (rst_i) begin
      slot_q <= '0;
      begun_q <= 1'b0;
      state_q <= 1'b0;
      x_held_q <= 1'b0;
      read_q <= 1'b0;
      pending_q <= '0;
    end
  end

  // ---- Schedule, two cycles behind the slots.

  logic [ROW_BITS-1:0] row;
  logic [BLOCK_BITS-1:0] column;
  logic valid, active, first, last, hidden, releases, entry_active, entry_release, fresh_2, read_2;
  gw_rom #(.WIDTH(5 + ROW_BITS + BLOCK_BITS), .DEPTH(SLOTS), .FILE(SCHEDULE_FILE)) u_schedule (
      .clk_i, .address_i(slot_q),
      .data_o({entry_active, entry_release, last, first, hidden, row, column})
  );
  gw_delay #(.WIDTH(1), .LATENCY(2), .RESET(1'b1)) u_valid (.clk_i, .rst_i, .data_i(issue), .data_o(valid));
  gw_delay #(.WIDTH(2), .LATENCY(2)) u_step (.clk_i, .rst_i, .data_i({fresh, read}), .data_o({fresh_2, read_2}));
  assign active = valid && entry_active;
  assign releases = active && entry_release;
  assign x_ready_o = releases;

  logic [TILE_BITS-1:0] tile_q, tile;
  assign tile = !active ? tile_q : tile_q == TILE_BITS'(TILES - 1) ? '0 : tile_q + TILE_BITS'(1);
  always_ff @(posedge clk_i) tile_q <= rst_i ? '0 : tile;
  logic [UNITS*GATES*COLUMNS*W_BITS-1:0] weights;
  // From some tiles on, lookup tables as wide as this are slower than the products they are read for.
  localparam int FEW_TILES = 16;
  gw_rom #(.WIDTH(UNITS * GATES * COLUMNS * W_BITS), .DEPTH(TILES), .FILE(WEIGHT_FILE), .BLOCK(OPERAND_CUT && TILES > FEW_TILES)) u_weights (
      .clk_i, .address_i(COLUMN_CUT ? tile_q : tile), .data_o(weights)
  );

  // ---- Operands: a register behind each choice of columns, or none; that behind the choice of x or h is
  // in gw_mac.

  logic [1:0][PADDED*H_BITS-1:0] h_q;
  logic [COLUMNS*V_BITS-1:0] from_x, from_start, values;
  logic [1:0][COLUMNS*V_BITS-1:0] from_bank;
  logic active_3, first_3, last_3, hidden_3, fresh_3, read_3;
  logic [ROW_BITS-1:0] row_3;

  gw_columns #(.WIDTH(INPUTS), .COLUMNS(COLUMNS), .BLOCKS(BLOCKS), .IN_BITS(X_BITS), .IN_SIGNED(X_SIGNED), .OUT_BITS(V_BITS), .CUT(COLUMN_CUT)) u_from_x (
      .clk_i, .block_i(column), .data_i(x_data_i), .data_o(from_x)
  );
  genvar bank;
  generate for (bank = 0; bank < 2; bank++) begin : gen_from_bank
    gw_columns #(.WIDTH(HIDDEN), .COLUMNS(COLUMNS), .BLOCKS(BLOCKS), .IN_BITS(H_BITS), .IN_SIGNED(H_SIGNED), .OUT_BITS(V_BITS), .CUT(COLUMN_CUT)) u_columns (
        .clk_i, .block_i(column), .data_i(h_q[bank][HIDDEN*H_BITS-1:0]), .data_o(from_bank[bank])
    );
  end endgenerate
  logic unused_states;
  assign unused_states = &{1'b0, h0_data_i, c0_data_i};
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

  gw_cut #(.WIDTH(6 + ROW_BITS), .CUT(COLUMN_CUT)) u_tile (
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

  // Rows leave the multipliers and the tail step by step, so counting them tells the step, whose
  // parity is the bank that it writes.
  logic [ROW_BITS-1:0] summing_rows_q, done_rows_q;
  logic summing_q, writing_q, giving_q, done, step_summing, completes;
  logic [1:0] fresh_by_bank_q;
  assign step_summing = summing && summing_rows_q == ROW_BITS'(ROWS - 1);
  assign completes = done && done_rows_q == ROW_BITS'(ROWS - 1);
  always_ff @(posedge clk_i) begin
    if (starts) fresh_by_bank_q[!read] <= fresh;
    if (summing) summing_rows_q <= step_summing ? '0 : summing_rows_q + ROW_BITS'(1);
    if (step_summing) summing_q <= !summing_q;
    if (done) done_rows_q <= completes ? '0 : done_rows_q + ROW_BITS'(1);
    if (completes) writing_q <= !writing_q;
    if (retires) giving_q <= !giving_q;
    if (rst_i) begin
      summing_rows_q <= '0;
      done_rows_q <= '0;
      summing_q <= 1'b0;
      writing_q <= 1'b0;
      giving_q <= 1'b0;
    end
  end

  gw_delay #(.WIDTH(1), .LATENCY(TAIL_LATENCY), .RESET(1'b1)) u_done (.clk_i, .rst_i, .data_i(summed), .data_o(done));
  gw_delay #(.WIDTH(ROW_BITS), .LATENCY(TAIL_LATENCY)) u_done_row (
      .clk_i, .rst_i, .data_i(tail_row_o), .data_o(tail_done_row_o)
  );
  assign tail_valid_o = done;

  genvar r;
  generate for (r = 0; r < ROWS; r++) begin : gen_row
    for (bank = 0; bank < 2; bank++) begin : gen_bank
      always_ff @(posedge clk_i)
        if (done && writing_q == 1'(bank) && tail_done_row_o == ROW_BITS'(r))
          h_q[bank][r*UNITS*H_BITS+:UNITS*H_BITS] <= tail_h_i;
    end
  end endgenerate

  // ---- c: a memory by row block, read so that it is there TAIL_C_LATENCY cycles behind the sums. Where the
  // final c is an output all of it is read at once, so that it has to be registers.

  logic [UNITS*C_BITS-1:0] c_read_q, c_start_q;
  logic [(1<<ROW_BITS)-1:0][UNITS*C_BITS-1:0] c_start, c_q;
  logic [ROW_BITS-1:0] c_row;
  logic c_fresh, c_fresh_q;
  gw_delay #(.WIDTH(1 + ROW_BITS), .LATENCY(TAIL_C_LATENCY - 1)) u_c_row (
      .clk_i, .rst_i, .data_i({fresh_by_bank_q[summing_q], summing_row}), .data_o({c_fresh, c_row})
  );
  always_ff @(posedge clk_i) begin
    c_start_q <= c_start[c_row];
    c_fresh_q <= c_fresh;
    tail_c_o <= c_fresh_q ? c_start_q : c_read_q;
  end

  generate if (HAS_CN) begin : gen_c_registers
    for (r = 0; r < (1 << ROW_BITS); r++) begin : gen_c_row
      if (r < ROWS) begin : gen_register
        logic [UNITS*C_BITS-1:0] row_q;
        always_ff @(posedge clk_i) if (done && tail_done_row_o == ROW_BITS'(r)) row_q <= tail_c_i;
        assign c_q[r] = row_q;
      end else begin : gen_nothing
        assign c_q[r] = '0;
      end
    end
    always_ff @(posedge clk_i) c_read_q <= c_q[c_row];
  end else begin : gen_c_memory
    logic [UNITS*C_BITS-1:0] memory_q[ROWS];
    assign c_q = '0;
    always_ff @(posedge clk_i) begin
      if (done) memory_q[tail_done_row_o] <= tail_c_i;
      c_read_q <= memory_q[c_row];
    end
  end endgenerate

  genvar u;
  generate for (u = 0; u < (1 << ROW_BITS) * UNITS; u++) begin : gen_c_start
    localparam int AT = (u % UNITS) * C_BITS;
    if (u >= HIDDEN) begin : gen_padding
      assign c_start[u/UNITS][AT+:C_BITS] = '0;
    end else if (!HAS_C0) begin : gen_initial
      assign c_start[u/UNITS][AT+:C_BITS] = INITIAL_C[u*C_BITS+:C_BITS];
    end else if (C0_SIGNED) begin : gen_signed
      assign c_start[u/UNITS][AT+:C_BITS] = C_BITS'($signed(c0_data_i[u*C0_BITS+:C0_BITS]));
    end else begin : gen_unsigned
      assign c_start[u/UNITS][AT+:C_BITS] = C_BITS'(c0_data_i[u*C0_BITS+:C0_BITS]);
    end
  end endgenerate

  // ---- Outputs: a step that is complete waits in its bank until each of them has been taken.

  logic [1:0] last_q, first_q, keep_q;
  logic out_taken_q, hn_taken_q, cn_taken_q, gives, last_given;
  always_ff @(posedge clk_i) begin
    if (starts) begin
      last_q[!read] <= x_last_i;
      first_q[!read] <= !begun_q;
      keep_q[!read] <= x_keep_i;
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
    done_q <= done_q + 2'(completes) - 2'(retires);
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
    if (starts && !begun_q) given_q <= HAS_H0 || HAS_C0;
    if (starts && x_last_i) finals_q <= HAS_CN;
    if (rst_i) begin
      given_q <= 1'b0;
      finals_q <= 1'b0;
    end
  end

  logic [HIDDEN*H_BITS-1:0] given;
  assign given = giving_q ? h_q[1][HIDDEN*H_BITS-1:0] : h_q[0][HIDDEN*H_BITS-1:0];
  generate for (u = 0; u < HIDDEN; u++) begin : gen_out
    logic [H_BITS-1:0] h;
    logic [C_BITS-1:0] c;
    logic unused;
    assign unused = &{1'b0, h, c};
    assign h = given[u*H_BITS+:H_BITS];
    assign c = c_q[u/UNITS][(u%UNITS)*C_BITS+:C_BITS];
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
    if (!rst_i) assert (!(releases && !x_valid_i)) else $error("x is gone before its last tile has read it");
`endif

endmodule
