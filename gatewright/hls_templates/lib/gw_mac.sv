// The multipliers of a tile and their accumulators: LANES sums of COLUMNS products, row by row.
//
// Control and operands come in cycle t, the weights they belong to in cycle t + 1. A row block
// begins with `first` from its bias and ends with `last`: its sums leave in cycle t + 3 + TREE, and
// ahead_o with its row says so a cycle before. TREE is the registers of the adder tree, CUT says
// behind which of its levels, see gw_dot; with OPERAND_CUT all of that is a cycle later. ACC_ROWS is 1
// where the tiles of a row block follow each other without those of another between them, else ROWS.
// Not for: more than one tile a cycle; sums that leave SUM_BITS, which the compiler has proven.
module gw_mac #(
    parameter int LANES = 1,
    parameter int COLUMNS = 1,
    parameter int ROWS = 1,
    parameter int ACC_ROWS = 1,
    parameter int W_BITS = 8,
    parameter int V_BITS = 8,
    parameter int SUM_BITS = 16,
    parameter int BIAS_BITS = 16,
    parameter BIAS_FILE = "",
    parameter int TREE = $clog2(COLUMNS),
    parameter logic [31:0] CUT = '1,
    parameter bit OPERAND_CUT = 1'b0,
    parameter int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  logic                            clk_i,
    input  logic                            rst_i,
    input  logic                            valid_i,
    input  logic                            first_i,
    input  logic                            last_i,
    input  logic [            ROW_BITS-1:0] row_i,
    input  logic [LANES*COLUMNS*W_BITS-1:0] weights_i,
    input  logic [      COLUMNS*V_BITS-1:0] values_i,
    output logic                            ahead_o,
    output logic [            ROW_BITS-1:0] ahead_row_o,
    output logic                            valid_o,
    output logic [            ROW_BITS-1:0] row_o,
    output logic [      LANES*SUM_BITS-1:0] sums_o
);

  localparam int LATENCY = TREE + int'(OPERAND_CUT);

  // The bias arrives with the sum of the products: it is addressed two cycles before.
  logic [ROW_BITS-1:0] bias_row, row;
  logic [LANES*BIAS_BITS-1:0] biases;
  logic valid, first, last;
  gw_delay #(.WIDTH(ROW_BITS), .LATENCY(LATENCY)) u_bias_row (.clk_i, .rst_i, .data_i(row_i), .data_o(bias_row));
  gw_delay #(.WIDTH(ROW_BITS), .LATENCY(2)) u_row (.clk_i, .rst_i, .data_i(bias_row), .data_o(row));
  gw_delay #(.WIDTH(3), .LATENCY(LATENCY + 2), .RESET(1'b1)) u_control (
      .clk_i, .rst_i,
      .data_i({valid_i, first_i, last_i}),
      .data_o({valid, first, last})
  );
  gw_rom #(.WIDTH(LANES * BIAS_BITS), .DEPTH(ROWS), .FILE(BIAS_FILE)) u_biases (
      .clk_i, .address_i(bias_row), .data_o(biases)
  );

  // Operands are registered once for every SHARE lanes, with whether they count. One register for
  // all of them would feed multipliers all over a device, and those wires would be its slowest path.
  localparam int SHARE = 4;
  genvar copy;
  generate for (copy = 0; copy < (LANES + SHARE - 1) / SHARE; copy++) begin : gen_operands
    (* keep *) logic [COLUMNS*V_BITS-1:0] values_q;
    (* keep *) logic enable_q;
    always_ff @(posedge clk_i) begin
      values_q <= values_i;
      enable_q <= valid_i;
    end
  end endgenerate

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic signed [SUM_BITS-1:0] products, start, sum_q;
    logic signed [BIAS_BITS-1:0] bias;

    gw_dot #(.COLUMNS(COLUMNS), .W_BITS(W_BITS), .V_BITS(V_BITS), .Y_BITS(SUM_BITS), .CUT(CUT), .OPERAND_CUT(OPERAND_CUT)) u_dot (
        .clk_i,
        .enable_i(gen_operands[lane/SHARE].enable_q),
        .weights_i(weights_i[lane*COLUMNS*W_BITS+:COLUMNS*W_BITS]),
        .values_i(gen_operands[lane/SHARE].values_q),
        .sum_o(products)
    );

    logic unused;
    assign unused = &{1'b0, bias};
    assign bias = $signed(biases[lane*BIAS_BITS+:BIAS_BITS]);
    assign start = SUM_BITS'(bias);
    assign sums_o[lane*SUM_BITS+:SUM_BITS] = sum_q;

    if (ACC_ROWS == 1) begin : gen_one
      always_ff @(posedge clk_i) if (valid) sum_q <= (first ? start : sum_q) + products;
    end else begin : gen_rows
      logic signed [SUM_BITS-1:0] rows_q[ROWS];
      always_ff @(posedge clk_i)
        if (valid) begin
          sum_q <= (first ? start : rows_q[row]) + products;
          rows_q[row] <= (first ? start : rows_q[row]) + products;
        end
    end
  end endgenerate

  assign ahead_o = valid && last && !rst_i;
  assign ahead_row_o = row;
  always_ff @(posedge clk_i) begin
    valid_o <= ahead_o;
    row_o   <= row;
  end

endmodule
