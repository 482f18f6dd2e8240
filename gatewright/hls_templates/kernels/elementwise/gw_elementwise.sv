// A function of one value, and of its channel, on every value of a beat: LANES values a cycle.
//
// The function is a pipeline beside this module: values and the number of their row block leave
// through function_..._o and come back FUNCTION_LATENCY cycles later. One beat at a time: it is
// taken with its last row block, and the result is given 2 + FUNCTION_LATENCY cycles after that.
module gw_elementwise #(
    parameter int CHANNELS = 1,
    parameter int LANES = 1,
    parameter int ROWS = 1,
    parameter int X_BITS = 8,
    parameter int Y_BITS = 8,
    parameter int FUNCTION_LATENCY = 1,
    parameter int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  logic                       clk_i,
    input  logic                       rst_i,
    input  logic                       in_valid_i,
    output logic                       in_ready_o,
    input  logic [CHANNELS*X_BITS-1:0] in_data_i,
    input  logic                       in_last_i,
    input  logic                       in_keep_i,
    output logic [       ROW_BITS-1:0] function_row_o,
    output logic [   LANES*X_BITS-1:0] function_data_o,
    input  logic [   LANES*Y_BITS-1:0] function_data_i,
    output logic                       out_valid_o,
    input  logic                       out_ready_i,
    output logic [CHANNELS*Y_BITS-1:0] out_data_o,
    output logic                       out_last_o,
    output logic                       out_keep_o
);

  logic [ROW_BITS-1:0] row_q;
  logic reading_q, busy_q, issue, end_of_beat;

  assign issue = in_valid_i && (!busy_q || reading_q);
  assign end_of_beat = row_q == ROW_BITS'(ROWS - 1);
  assign in_ready_o = issue && end_of_beat;

  always_ff @(posedge clk_i) begin
    if (issue) begin
      row_q <= end_of_beat ? '0 : row_q + ROW_BITS'(1);
      reading_q <= !end_of_beat;
      busy_q <= 1'b1;
      out_last_o <= in_last_i;
      out_keep_o <= in_keep_i;
    end
    if (out_valid_o && out_ready_i) busy_q <= 1'b0;
    if (rst_i) begin
      row_q <= '0;
      reading_q <= 1'b0;
      busy_q <= 1'b0;
    end
  end

  gw_columns #(.WIDTH(CHANNELS), .COLUMNS(LANES), .BLOCKS(ROWS), .IN_BITS(X_BITS), .OUT_BITS(X_BITS)) u_columns (
      .clk_i, .block_i(row_q), .data_i(in_data_i), .data_o(function_data_o)
  );

  logic valid_q, valid;
  logic [ROW_BITS-1:0] row;
  always_ff @(posedge clk_i) begin
    valid_q <= issue && !rst_i;
    function_row_o <= row_q;
  end
  gw_delay #(.WIDTH(1), .LATENCY(FUNCTION_LATENCY), .RESET(1'b1)) u_valid (
      .clk_i, .rst_i, .data_i(valid_q), .data_o(valid)
  );
  gw_delay #(.WIDTH(ROW_BITS), .LATENCY(FUNCTION_LATENCY)) u_row (
      .clk_i, .rst_i, .data_i(function_row_o), .data_o(row)
  );

  gw_gather #(.WIDTH(CHANNELS), .LANES(LANES), .ROWS(ROWS), .IN_BITS(Y_BITS), .OUT_BITS(Y_BITS)) u_gather (
      .clk_i, .rst_i, .valid_i(valid), .row_i(row), .data_i(function_data_i),
      .valid_o(out_valid_o), .ready_i(out_ready_i), .data_o(out_data_o)
  );

endmodule
