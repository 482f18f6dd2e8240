// c of the recurrent engine: a memory by row block, and by track where sequences take turns.
//
// `c_o` is that of the row block of `row_i` LATENCY cycles after it: what was written last on that track, or with
// `fresh_i` what a sequence begins with. Where the final c is an output (HAS_CN) all of it is read at once, so that
// it has to be registers.
// Not for: reading a row block in the cycle in which it is written.
module gw_cell_state #(
    parameter int HIDDEN = 1,
    parameter int UNITS = 1,
    parameter int ROWS = 1,
    parameter int SEQUENCES = 1,
    parameter int BITS = 8,
    parameter int LATENCY = 2,
    parameter bit HAS_CN = 1'b0,
    parameter bit HAS_C0 = 1'b0,
    parameter int C0_BITS = 8,
    parameter bit C0_SIGNED = 1'b1,
    parameter logic [HIDDEN*BITS-1:0] INITIAL = '0,
    parameter int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1,
    parameter int TRACK_BITS = SEQUENCES > 1 ? $clog2(SEQUENCES) : 1
) (
    input  logic                      clk_i,
    input  logic                      rst_i,
    input  logic [    TRACK_BITS-1:0] track_i,
    input  logic [      ROW_BITS-1:0] row_i,
    input  logic                      fresh_i,
    input  logic [HIDDEN*C0_BITS-1:0] c0_data_i,
    output logic [    UNITS*BITS-1:0] c_o,
    input  logic                      write_i,
    input  logic [    TRACK_BITS-1:0] write_track_i,
    input  logic [      ROW_BITS-1:0] write_row_i,
    input  logic [    UNITS*BITS-1:0] c_i,
    input  logic [    TRACK_BITS-1:0] final_track_i,
    output logic [   HIDDEN*BITS-1:0] final_o
);

  localparam int BLOCKS = SEQUENCES << ROW_BITS;
  localparam int DEPTH = SEQUENCES > 1 ? BLOCKS : ROWS;
  localparam int ADDRESS_BITS = SEQUENCES > 1 ? TRACK_BITS + ROW_BITS : ROW_BITS;
  logic [UNITS*BITS-1:0] read_q, start_q;
  logic [(1<<ROW_BITS)-1:0][UNITS*BITS-1:0] start;
  logic [BLOCKS-1:0][UNITS*BITS-1:0] held;
  logic [ADDRESS_BITS-1:0] block, written;
  logic [ROW_BITS-1:0] row;
  logic fresh, fresh_q;
  gw_delay #(.WIDTH(1 + ADDRESS_BITS), .LATENCY(LATENCY - 1)) u_block (
      .clk_i, .rst_i, .data_i({fresh_i, ADDRESS_BITS'({track_i, row_i})}), .data_o({fresh, block})
  );
  assign row = block[ROW_BITS-1:0];
  assign written = ADDRESS_BITS'({write_track_i, write_row_i});
  always_ff @(posedge clk_i) begin
    start_q <= start[row];
    fresh_q <= fresh;
    c_o <= fresh_q ? start_q : read_q;
  end

  genvar r;
  generate if (HAS_CN) begin : gen_registers
    for (r = 0; r < BLOCKS; r++) begin : gen_row
      if (r % (1 << ROW_BITS) < ROWS) begin : gen_register
        logic [UNITS*BITS-1:0] row_q;
        always_ff @(posedge clk_i) if (write_i && written == ADDRESS_BITS'(r)) row_q <= c_i;
        assign held[r] = row_q;
      end else begin : gen_nothing
        assign held[r] = '0;
      end
    end
    always_ff @(posedge clk_i) read_q <= held[block];
  end else begin : gen_memory
    logic [UNITS*BITS-1:0] memory_q[DEPTH];
    assign held = '0;
    always_ff @(posedge clk_i) begin
      if (write_i) memory_q[written] <= c_i;
      read_q <= memory_q[block];
    end
  end endgenerate

  genvar u;
  generate for (u = 0; u < (1 << ROW_BITS) * UNITS; u++) begin : gen_start
    localparam int AT = (u % UNITS) * BITS;
    if (u >= HIDDEN) begin : gen_padding
      assign start[u/UNITS][AT+:BITS] = '0;
    end else if (!HAS_C0) begin : gen_initial
      assign start[u/UNITS][AT+:BITS] = INITIAL[u*BITS+:BITS];
    end else if (C0_SIGNED) begin : gen_signed
      assign start[u/UNITS][AT+:BITS] = BITS'($signed(c0_data_i[u*C0_BITS+:C0_BITS]));
    end else begin : gen_unsigned
      assign start[u/UNITS][AT+:BITS] = BITS'(c0_data_i[u*C0_BITS+:C0_BITS]);
    end
  end endgenerate

  logic [ROWS*UNITS*BITS-1:0] finals;
  generate for (r = 0; r < ROWS; r++) begin : gen_final
    logic [ADDRESS_BITS-1:0] at;
    assign at = ADDRESS_BITS'({final_track_i, ROW_BITS'(r)});
    assign finals[r*UNITS*BITS+:UNITS*BITS] = held[at];
  end endgenerate
  assign final_o = finals[HIDDEN*BITS-1:0];

  logic unused;
  assign unused = ^{c0_data_i, final_track_i, finals};

endmodule
