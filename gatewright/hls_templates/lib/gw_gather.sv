// Row blocks of LANES values, ROWS of them in order, into one beat of WIDTH values.
//
// The beat is offered the cycle after its last row block came, until it is taken. Values keep their
// low OUT_BITS, sign and all. Not for: a row block that comes before the beat before it is taken.
module gw_gather #(
    parameter int WIDTH = 1,
    parameter int LANES = 1,
    parameter int ROWS = 1,
    parameter int IN_BITS = 8,
    parameter int OUT_BITS = 8,
    parameter int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  logic                      clk_i,
    input  logic                      rst_i,
    input  logic                      valid_i,
    input  logic [      ROW_BITS-1:0] row_i,
    input  logic [ LANES*IN_BITS-1:0] data_i,
    output logic                      valid_o,
    input  logic                      ready_i,
    output logic [WIDTH*OUT_BITS-1:0] data_o
);

  genvar i;
  generate for (i = 0; i < WIDTH; i++) begin : gen_value
    localparam int AT = (i % LANES) * IN_BITS;
    logic signed [IN_BITS-1:0] value;
    logic unused;
    assign unused = &{1'b0, value};
    assign value = $signed(data_i[AT+:IN_BITS]);
    always_ff @(posedge clk_i)
      if (valid_i && row_i == ROW_BITS'(i / LANES)) data_o[i*OUT_BITS+:OUT_BITS] <= OUT_BITS'(value);
  end endgenerate

  always_ff @(posedge clk_i) begin
    if (valid_o && ready_i) valid_o <= 1'b0;
    if (valid_i && row_i == ROW_BITS'(ROWS - 1)) valid_o <= 1'b1;
    if (rst_i) valid_o <= 1'b0;
  end

`ifndef SYNTHESIS
  always @(posedge clk_i)
    if (!rst_i) assert (!(valid_i && valid_o)) else $error("a row block came before its beat was taken");
`endif

endmodule
