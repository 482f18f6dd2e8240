// A value LATENCY cycles later. With RESET the stages begin at zero, as control signals need;
// data needs no reset and is smaller without.
module gw_delay #(
    parameter int WIDTH = 1,
    parameter int LATENCY = 1,
    parameter bit RESET = 1'b0
) (
    input  logic             clk_i,
    input  logic             rst_i,
    input  logic [WIDTH-1:0] data_i,
    output logic [WIDTH-1:0] data_o
);

  genvar i;
  generate if (LATENCY == 0) begin : gen_wire
    logic unused;
    assign unused = &{1'b0, clk_i, rst_i};
    assign data_o = data_i;
  end else begin : gen_stages
    for (i = 0; i < LATENCY; i++) begin : gen_stage
      logic [WIDTH-1:0] next, value_q;
      if (i == 0) begin : gen_first
        assign next = data_i;
      end else begin : gen_next
        assign next = gen_stage[i-1].value_q;
      end
      always_ff @(posedge clk_i) begin
        if (RESET && rst_i) value_q <= '0;
        else value_q <= next;
      end
    end
    assign data_o = gen_stage[LATENCY-1].value_q;
  end endgenerate

endmodule
