// A table of ROWS rows: all bits of a row for every number of one.
//
// A beat is held at the input while its row is read, and taken with it, two cycles after it came.
// A number that no row has takes the last row; hosts refuse it.
module gw_embedding #(
    parameter int ROWS = 4,
    parameter int IN_BITS = 2,
    parameter int BEAT_BITS = 8,
    parameter FILE = ""
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [  IN_BITS-1:0] in_data_i,
    input  logic                 in_last_i,
    input  logic                 in_keep_i,
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [BEAT_BITS-1:0] out_data_o,
    output logic                 out_last_o,
    output logic                 out_keep_o
);

  localparam logic [1:0] Latency = 2'd2;

  // Cycles for which the beat has been there, as many as the memory needs at the most.
  logic [1:0] age_q;
  logic read;

  assign read        = age_q == Latency;
  assign in_ready_o  = out_ready_i && read;
  assign out_valid_o = in_valid_i && read;
  assign out_last_o  = in_last_i;
  assign out_keep_o  = in_keep_i;

  always_ff @(posedge clk_i) begin
    if (rst_i || (out_valid_o && out_ready_i)) age_q <= '0;
    else if (in_valid_i && !read) age_q <= age_q + 2'd1;
  end

  logic [IN_BITS-1:0] row;
  generate if (ROWS < 1 << IN_BITS) begin : gen_last
    assign row = in_data_i < IN_BITS'(ROWS) ? in_data_i : IN_BITS'(ROWS - 1);
  end else begin : gen_all
    assign row = in_data_i;
  end endgenerate

  gw_rom #(.WIDTH(BEAT_BITS), .DEPTH(ROWS), .FILE(FILE), .ADDRESS_BITS(IN_BITS)) u_rom (
      .clk_i,
      .address_i(row),
      .data_o(out_data_o)
  );

endmodule
