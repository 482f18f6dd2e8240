// A place where a pipeline may be cut: a register where CUT is 1, a wire where it is 0.
module gw_cut #(
    parameter int WIDTH = 1,
    parameter bit CUT = 1'b1
) (
    input  logic             clk_i,
    input  logic [WIDTH-1:0] data_i,
    output logic [WIDTH-1:0] data_o
);

  generate if (CUT) begin : gen_register
    always_ff @(posedge clk_i) data_o <= data_i;
  end else begin : gen_wire
    logic unused;
    assign unused = &{1'b0, clk_i};
    assign data_o = data_i;
  end endgenerate

endmodule
