// For simulation: says so where a beat that is offered changes or vanishes before it is taken.
//
// Not for: synthesis, where nothing of it is left.
module gw_held #(
    parameter int WIDTH = 1
) (
    input logic             clk_i,
    input logic             rst_i,
    input logic             valid_i,
    input logic             ready_i,
    input logic [WIDTH-1:0] data_i
);

`ifdef SYNTHESIS
  logic unused;
  assign unused = &{1'b0, clk_i, rst_i, valid_i, ready_i, data_i};
`else
  logic waits_q;
  logic [WIDTH-1:0] data_q;

  always @(posedge clk_i) begin
    waits_q <= valid_i && !ready_i && !rst_i;
    data_q  <= data_i;
    if (waits_q && !rst_i)
      assert (valid_i && data_i === data_q) else $error("it changed or vanished before it was taken");
  end
`endif

endmodule
