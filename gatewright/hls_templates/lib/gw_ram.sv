// A memory with one write port and one read port, made to become a block RAM.
//
// `read_data_o` is what stood at `read_addr_i` at the last clock edge with `read_i`, and holds.
// Not for: reading an address in the cycle in which it is written (undefined); known contents at
// the start; reset. DEPTH >= 2.
module gw_ram #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 4
) (
    input  logic                     clk_i,
    input  logic                     write_i,
    input  logic [$clog2(DEPTH)-1:0] write_addr_i,
    input  logic [        WIDTH-1:0] write_data_i,
    input  logic                     read_i,
    input  logic [$clog2(DEPTH)-1:0] read_addr_i,
    output logic [        WIDTH-1:0] read_data_o
);

  (* no_rw_check *) logic [WIDTH-1:0] mem[DEPTH];

  always_ff @(posedge clk_i) begin
    if (write_i) mem[write_addr_i] <= write_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (read_i) read_data_o <= mem[read_addr_i];
  end

endmodule
