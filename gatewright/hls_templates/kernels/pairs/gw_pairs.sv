// Two streams value by value: a function of two values on every pair of a beat, LANES a cycle.
//
// Both beats are taken together, and what is made of them goes its way in gw_elementwise, which says
// when. A lane of function_data_o is a value of a (lowest bits) and one of b.
// Not for: inputs with different numbers of beats; `last` and `keep` are those of a.
module gw_pairs #(
    parameter int CHANNELS = 1,
    parameter int LANES = 1,
    parameter int ROWS = 1,
    parameter int A_BITS = 8,
    parameter int B_BITS = 8,
    parameter int Y_BITS = 9,
    parameter int FUNCTION_LATENCY = 1,
    parameter int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  logic                             clk_i,
    input  logic                             rst_i,
    input  logic                             a_valid_i,
    output logic                             a_ready_o,
    input  logic [      CHANNELS*A_BITS-1:0] a_data_i,
    input  logic                             a_last_i,
    input  logic                             a_keep_i,
    input  logic                             b_valid_i,
    output logic                             b_ready_o,
    input  logic [      CHANNELS*B_BITS-1:0] b_data_i,
    input  logic                             b_last_i,
    input  logic                             b_keep_i,
    output logic [             ROW_BITS-1:0] function_row_o,
    output logic [LANES*(A_BITS+B_BITS)-1:0] function_data_o,
    input  logic [         LANES*Y_BITS-1:0] function_data_i,
    output logic                             out_valid_o,
    input  logic                             out_ready_i,
    output logic [      CHANNELS*Y_BITS-1:0] out_data_o,
    output logic                             out_last_o,
    output logic                             out_keep_o
);

  localparam int Bits = A_BITS + B_BITS;

  logic unused;
  assign unused = b_last_i ^ b_keep_i;

  logic [CHANNELS*Bits-1:0] both;
  genvar i;
  generate for (i = 0; i < CHANNELS; i++) begin : gen_pair
    assign both[i*Bits+:A_BITS] = a_data_i[i*A_BITS+:A_BITS];
    assign both[i*Bits+A_BITS+:B_BITS] = b_data_i[i*B_BITS+:B_BITS];
  end endgenerate

  logic taken;
  assign a_ready_o = taken;
  assign b_ready_o = taken;

  gw_elementwise #(
      .CHANNELS        (CHANNELS),
      .LANES           (LANES),
      .ROWS            (ROWS),
      .X_BITS          (Bits),
      .Y_BITS          (Y_BITS),
      .FUNCTION_LATENCY(FUNCTION_LATENCY)
  ) u_elementwise (
      .clk_i,
      .rst_i,
      .in_valid_i(a_valid_i && b_valid_i),
      .in_ready_o(taken),
      .in_data_i (both),
      .in_last_i (a_last_i),
      .in_keep_i (a_keep_i),
      .function_row_o,
      .function_data_o,
      .function_data_i,
      .out_valid_o,
      .out_ready_i,
      .out_data_o,
      .out_last_o,
      .out_keep_o
  );

endmodule
