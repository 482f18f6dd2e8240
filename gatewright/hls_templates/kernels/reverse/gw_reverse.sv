// Reversal of time: the beats of a sequence from the last to the first.
//
// Fills a RAM with a sequence, a beat a cycle, then reads it back, a beat a cycle. The next sequence
// may come in once the first beat of this one has been read, while it still waits at the output.
// Not for: sequences of more than MAX_STEPS beats, which gw_axis_read lets nobody see the end of.
module gw_reverse #(
    parameter int BEAT_BITS = 8,
    parameter int MAX_STEPS = 4
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [BEAT_BITS-1:0] in_data_i,
    input  logic                 in_last_i,
    input  logic                 in_keep_i,
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [BEAT_BITS-1:0] out_data_o,
    output logic                 out_last_o,
    output logic                 out_keep_o
);

  localparam int Depth = MAX_STEPS > 1 ? MAX_STEPS : 2;
  localparam int AddrBits = $clog2(Depth);
  localparam int CountBits = $clog2(Depth + 1);

  // `count_q` beats are in the RAM; its output register has one that was read, if `out_valid_q`.
  logic [CountBits-1:0] count_q, top;
  logic filling_q, keep_q, out_valid_q, out_last_q, out_keep_q;
  logic take, read, bottom;

  assign in_ready_o  = filling_q;
  assign out_valid_o = out_valid_q;
  assign out_last_o  = out_last_q;
  assign out_keep_o  = out_keep_q;
  assign take        = in_valid_i && filling_q;
  assign read        = !filling_q && (!out_valid_q || out_ready_i);
  assign top         = count_q - 1'b1;
  assign bottom      = top == '0;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      count_q     <= '0;
      filling_q   <= 1'b1;
      out_valid_q <= 1'b0;
    end else begin
      if (take) count_q <= count_q + 1'b1;
      else if (read) count_q <= top;
      if (take) filling_q <= !in_last_i;
      else if (read) filling_q <= bottom;
      out_valid_q <= read || (out_valid_q && !out_ready_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) keep_q <= in_keep_i;
    if (read) begin
      out_last_q <= bottom;
      out_keep_q <= keep_q;
    end
  end

  gw_ram #(
      .WIDTH(BEAT_BITS),
      .DEPTH(Depth)
  ) i_ram (
      .clk_i,
      .write_i     (take),
      .write_addr_i(count_q[AddrBits-1:0]),
      .write_data_i(in_data_i),
      .read_i      (read),
      .read_addr_i (top[AddrBits-1:0]),
      .read_data_o (out_data_o)
  );

`ifndef SYNTHESIS
  always @(posedge clk_i)
    if (!rst_i && take)
      assert (count_q != CountBits'(MAX_STEPS)) else $error("a sequence is longer than MAX_STEPS");
`endif

endmodule
