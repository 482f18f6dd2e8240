// The reset of a kernel of Vitis HLS: CYCLES cycles (2 at least) of it for each `rst_i`, however short that is.
//
// `rst_no` comes from a register, a cycle behind `rst_i`. `run_o` is low from the first cycle of `rst_i` until the kernel has
// seen `rst_no` high, as AXI4-Stream asks of who offers: meanwhile nothing goes into it, and what it offers counts for nothing.
module gw_ip_hold #(
    parameter int CYCLES = 16
) (
    input  logic clk_i,
    input  logic rst_i,
    output logic rst_no,
    output logic run_o
);
  localparam int Bits = $clog2(CYCLES);
  localparam int Most = CYCLES - 1;

  logic ran_q;
  logic [Bits-1:0] left_q;

  assign run_o = ran_q && !rst_i;

  always_ff @(posedge clk_i) begin
    rst_no <= !rst_i && left_q == '0;
    ran_q  <= !rst_i && rst_no;
    if (rst_i) left_q <= Most[Bits-1:0];
    else if (left_q != '0) left_q <= left_q - 1'b1;
  end

endmodule
