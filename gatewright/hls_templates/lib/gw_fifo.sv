// The stream between two kernels: a FIFO whose `valid_o`, `data_o` and `ready_o` come from registers.
//
// DEPTH 1: half buffer, a beat every other cycle; written in a cycle, valid in the next.
// DEPTH 2: gw_skid, a beat a cycle; written in a cycle, valid in the next.
// DEPTH > 2: RAM and a register behind it, a beat a cycle; valid two cycles after it was written;
//            holds DEPTH + 1 beats.
// A beat that is offered has to be offered unchanged until it is taken.
// Not for: crossing clocks; keeping data over a reset.
module gw_fifo #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 2
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

  generate if (DEPTH == 1) begin : gen_half
    logic             valid_q;
    logic [WIDTH-1:0] data_q;

    assign ready_o = !valid_q;
    assign valid_o = valid_q;
    assign data_o  = data_q;

    always_ff @(posedge clk_i) begin
      if (rst_i) valid_q <= 1'b0;
      else valid_q <= valid_q ? !ready_i : valid_i;
    end

    always_ff @(posedge clk_i) begin
      if (ready_o) data_q <= data_i;
    end
  end else if (DEPTH == 2) begin : gen_skid
    gw_skid #(
        .WIDTH(WIDTH)
    ) i_skid (
        .clk_i,
        .rst_i,
        .valid_i,
        .ready_o,
        .data_i,
        .valid_o,
        .ready_i,
        .data_o
    );
  end else begin : gen_ram
    localparam int AddrBits = $clog2(DEPTH);
    localparam int CountBits = $clog2(DEPTH + 1);
    localparam logic [AddrBits-1:0] Last = AddrBits'(DEPTH - 1);

    // `count_q` beats wait in the RAM; its output register has one more if `valid_q`.
    logic [ AddrBits-1:0] write_addr_q, read_addr_q;
    logic [CountBits-1:0] count_q;
    logic valid_q, write, read;

    assign ready_o = count_q != CountBits'(DEPTH);
    assign valid_o = valid_q;
    assign write   = valid_i && ready_o;
    assign read    = count_q != '0 && (!valid_q || ready_i);

    always_ff @(posedge clk_i) begin
      if (rst_i) begin
        write_addr_q <= '0;
        read_addr_q  <= '0;
        count_q      <= '0;
        valid_q      <= 1'b0;
      end else begin
        if (write) write_addr_q <= write_addr_q == Last ? '0 : write_addr_q + 1'b1;
        if (read) read_addr_q <= read_addr_q == Last ? '0 : read_addr_q + 1'b1;
        count_q <= count_q + CountBits'(write) - CountBits'(read);
        valid_q <= read || (valid_q && !ready_i);
      end
    end

    gw_ram #(
        .WIDTH(WIDTH),
        .DEPTH(DEPTH)
    ) i_ram (
        .clk_i,
        .write_i     (write),
        .write_addr_i(write_addr_q),
        .write_data_i(data_i),
        .read_i      (read),
        .read_addr_i (read_addr_q),
        .read_data_o (data_o)
    );
  end endgenerate

`ifndef SYNTHESIS
  // The contract of whoever writes.
  gw_held #(
      .WIDTH(WIDTH)
  ) i_held (
      .clk_i,
      .rst_i,
      .valid_i,
      .ready_i(ready_o),
      .data_i
  );
`endif

endmodule
