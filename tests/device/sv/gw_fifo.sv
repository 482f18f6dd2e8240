// What gw_shell needs of a FIFO, in the fewest lines: for tests that know no other design.
module gw_fifo #(
    parameter int unsigned WIDTH = 8,
    parameter int unsigned DEPTH = 512
) (
    input  logic             clk_i,
    input  logic             rst_i,
    input  logic             valid_i,
    output logic             ready_o,
    input  logic [WIDTH-1:0] data_i,
    output logic             valid_o,
    input  logic             ready_i,
    output logic [WIDTH-1:0] data_o
);
  localparam int unsigned Bits = $clog2(DEPTH);
  logic [WIDTH-1:0] memory[DEPTH];
  logic [Bits:0] write_q, read_q;
  logic fetch;

  assign ready_o = write_q - read_q != (Bits + 1)'(DEPTH);
  assign fetch   = write_q != read_q && (!valid_o || ready_i);

  always_ff @(posedge clk_i) begin
    if (valid_i && ready_o) memory[write_q[Bits-1:0]] <= data_i;
  end

  always_ff @(posedge clk_i) begin
    if (fetch) data_o <= memory[read_q[Bits-1:0]];
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && ready_o) write_q <= write_q + 1'b1;
    if (fetch) read_q <= read_q + 1'b1;
    if (fetch) valid_o <= 1'b1;
    else if (ready_i) valid_o <= 1'b0;
    if (rst_i) begin
      write_q <= '0;
      read_q  <= '0;
      valid_o <= 1'b0;
    end
  end
endmodule
