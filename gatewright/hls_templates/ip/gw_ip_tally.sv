// Sequences that have passed all of PORTS ports: `all_o` is high in the cycle in which the last port ends one.
//
// `last_i` has a bit a port, high in each cycle in which that port ends a sequence. `even_o` is low while a port is ahead
// of another, by at most 65,535 sequences.
module gw_ip_tally #(
    parameter int PORTS = 1
) (
    input  logic             clk_i,
    input  logic             rst_i,
    input  logic [PORTS-1:0] last_i,
    output logic             all_o,
    output logic             even_o
);

  genvar port;
  generate if (PORTS == 1) begin : gen_one
    logic unused;
    assign unused = ^{clk_i, rst_i};
    assign all_o  = last_i[0];
    assign even_o = 1'b1;
  end else begin : gen_several
    logic [PORTS-1:0] reached, ahead;

    assign all_o  = &reached;
    assign even_o = !(|ahead);

    for (port = 0; port < PORTS; port = port + 1) begin : gen_port
      logic [15:0] ahead_q;

      assign ahead[port]   = |ahead_q;
      assign reached[port] = ahead[port] || last_i[port];

      always_ff @(posedge clk_i) begin
        if (rst_i) ahead_q <= '0;
        else if (last_i[port] && !all_o) ahead_q <= ahead_q + 1'b1;
        else if (!last_i[port] && all_o) ahead_q <= ahead_q - 1'b1;
      end
    end
  end endgenerate

endmodule
