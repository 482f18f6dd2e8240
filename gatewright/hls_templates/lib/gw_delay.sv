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
    logic [WIDTH-1:0] stages_q[LATENCY];
    for (i = 0; i < LATENCY; i++) begin : gen_stage
      logic [WIDTH-1:0] next;
      if (i == 0) begin : gen_first
        assign next = data_i;
      end else begin : gen_next
        assign next = stages_q[i-1];
      end
      always_ff @(posedge clk_i) begin
        if (RESET && rst_i) stages_q[i] <= '0;
        else stages_q[i] <= next;
      end
    end
    assign data_o = stages_q[LATENCY-1];
  end endgenerate

endmodule
