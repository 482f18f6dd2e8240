// Matrix-vector product with a constant matrix and an integer bias, a tile of UNITS x COLUMNS a cycle.
//
// One beat at a time: the head of the input stream is read tile by tile and taken with the last
// one, and the result is given 5 + clog2(COLUMNS) cycles after that. WEIGHT_FILE holds the tiles of
// a row block one after the other, a word being COLUMNS weights of each unit; BIAS_FILE a word of
// UNITS biases a row block. Not for: requantization, which is a kernel of its own.
module gw_matvec #(
    parameter int INPUTS = 1,
    parameter int OUTPUTS = 1,
    parameter int UNITS = 1,
    parameter int COLUMNS = 1,
    parameter int ROWS = 1,
    parameter int BLOCKS = 1,
    parameter int X_BITS = 8,
    parameter bit X_SIGNED = 1'b1,
    parameter int W_BITS = 8,
    parameter int SUM_BITS = 16,
    parameter int BIAS_BITS = 16,
    parameter int Y_BITS = 16,
    parameter WEIGHT_FILE = "",
    parameter BIAS_FILE = ""
) (
    input  logic                      clk_i,
    input  logic                      rst_i,
    input  logic                      in_valid_i,
    output logic                      in_ready_o,
    input  logic [ INPUTS*X_BITS-1:0] in_data_i,
    input  logic                      in_last_i,
    input  logic                      in_keep_i,
    output logic                      out_valid_o,
    input  logic                      out_ready_i,
    output logic [OUTPUTS*Y_BITS-1:0] out_data_o,
    output logic                      out_last_o,
    output logic                      out_keep_o
);

  localparam int TILES = ROWS * BLOCKS;
  localparam int TILE_BITS = TILES > 1 ? $clog2(TILES) : 1;
  localparam int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 1;
  localparam int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int V_BITS = X_BITS + (X_SIGNED ? 0 : 1);

  logic [TILE_BITS-1:0] tile_q;
  logic [BLOCK_BITS-1:0] block_q;
  logic [ROW_BITS-1:0] row_q;
  logic reading_q, busy_q, issue, end_of_row, end_of_beat;

  // A beat begins when the one before it has been given; busy spans from the first tile to that.
  assign issue = in_valid_i && (!busy_q || reading_q);
  assign end_of_row = block_q == BLOCK_BITS'(BLOCKS - 1);
  assign end_of_beat = end_of_row && row_q == ROW_BITS'(ROWS - 1);
  assign in_ready_o = issue && end_of_beat;

  always_ff @(posedge clk_i) begin
    if (issue) begin
      tile_q <= end_of_beat ? '0 : tile_q + TILE_BITS'(1);
      block_q <= end_of_row ? '0 : block_q + BLOCK_BITS'(1);
      if (end_of_row) row_q <= end_of_beat ? '0 : row_q + ROW_BITS'(1);
      reading_q <= !end_of_beat;
      busy_q <= 1'b1;
      out_last_o <= in_last_i;
      out_keep_o <= in_keep_i;
    end
    if (out_valid_o && out_ready_i) busy_q <= 1'b0;
    if (rst_i) begin
      tile_q <= '0;
      block_q <= '0;
      row_q <= '0;
      reading_q <= 1'b0;
      busy_q <= 1'b0;
    end
  end

  logic [UNITS*COLUMNS*W_BITS-1:0] weights;
  gw_rom #(.WIDTH(UNITS * COLUMNS * W_BITS), .DEPTH(TILES), .FILE(WEIGHT_FILE)) u_weights (
      .clk_i, .address_i(tile_q), .data_o(weights)
  );

  logic [COLUMNS*V_BITS-1:0] values;
  gw_columns #(.WIDTH(INPUTS), .COLUMNS(COLUMNS), .BLOCKS(BLOCKS), .IN_BITS(X_BITS), .IN_SIGNED(X_SIGNED), .OUT_BITS(V_BITS)) u_columns (
      .clk_i, .block_i(block_q), .data_i(in_data_i), .data_o(values)
  );
  logic valid_q, first_q, last_q;
  logic [ROW_BITS-1:0] row_1_q;
  always_ff @(posedge clk_i) begin
    valid_q <= issue && !rst_i;
    first_q <= block_q == '0;
    last_q <= end_of_row;
    row_1_q <= row_q;
  end

  logic done;
  logic [ROW_BITS-1:0] row;
  logic [UNITS*SUM_BITS-1:0] sums;
  logic ahead, unused_ahead;
  logic [ROW_BITS-1:0] ahead_row;
  assign unused_ahead = &{1'b0, ahead, ahead_row};
  gw_mac #(
      .LANES(UNITS), .COLUMNS(COLUMNS), .ROWS(ROWS), .ACC_ROWS(1), .W_BITS(W_BITS), .V_BITS(V_BITS),
      .SUM_BITS(SUM_BITS), .BIAS_BITS(BIAS_BITS), .BIAS_FILE(BIAS_FILE)
  ) u_mac (
      .clk_i, .rst_i,
      .valid_i(valid_q), .first_i(first_q), .last_i(last_q), .row_i(row_1_q),
      .weights_i(weights), .values_i(values),
      .ahead_o(ahead), .ahead_row_o(ahead_row), .valid_o(done), .row_o(row), .sums_o(sums)
  );

  gw_gather #(.WIDTH(OUTPUTS), .LANES(UNITS), .ROWS(ROWS), .IN_BITS(SUM_BITS), .OUT_BITS(Y_BITS)) u_gather (
      .clk_i, .rst_i, .valid_i(done), .row_i(row), .data_i(sums),
      .valid_o(out_valid_o), .ready_i(out_ready_i), .data_o(out_data_o)
  );

endmodule
