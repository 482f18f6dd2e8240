// What a stream between kernels promises: gw_fifo of any DEPTH, with gw_skid inside for DEPTH 2.
//
// Beats are counted in and out, and one that the solver picks is followed: what shows when its turn
// comes is what went in. With valid and ready given exactly by the count, no beat is lost, doubled or
// reordered, and the latencies of the timing model hold. Proven by induction: the i_ assertions say
// where in the registers and the RAM the beats are.
module fifo_proof #(
    parameter int unsigned DEPTH = 2
) (
    input logic       clk_i,
    input logic       rst_i,
    input logic       valid_i,
    input logic [1:0] data_i,
    input logic       ready_i,
    input logic       pick_i
);

  logic ready_o, valid_o;
  logic [1:0] data_o;

  gw_fifo #(
      .WIDTH(2),
      .DEPTH(DEPTH)
  ) i_dut (.*);

  localparam int unsigned Holds = DEPTH > 2 ? DEPTH + 1 : DEPTH;

  logic started_q = 1'b0;  // there was a reset
  logic [3:0] inside_q;    // beats taken and not given
  logic pushed_q;          // one of them in the last cycle
  logic push, pop;

  assign push = valid_i && ready_o;
  assign pop  = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    started_q <= started_q || rst_i;
    inside_q  <= rst_i ? '0 : inside_q + 4'(push) - 4'(pop);
    pushed_q  <= !rst_i && push;
  end

  // The beat that is followed, and how many are before it.
  logic followed_q;
  logic [1:0] data_q;
  logic [3:0] ahead_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) followed_q <= 1'b0;
    else if (!followed_q) begin
      followed_q <= push && pick_i;
      data_q <= data_i;
      ahead_q <= inside_q - 4'(pop);
    end else if (pop) begin
      followed_q <= ahead_q != '0;
      ahead_q <= ahead_q - 1'b1;
    end
  end

  // The cycle before, for what must not change under a stall.
  logic in_stalled_q, out_stalled_q;
  logic [1:0] in_data_q, out_data_q;

  always_ff @(posedge clk_i) begin
    in_stalled_q  <= !rst_i && valid_i && !ready_o;
    out_stalled_q <= !rst_i && valid_o && !ready_i;
    in_data_q     <= data_i;
    out_data_q    <= data_o;
  end

  // Where the followed beat is, if it does not show.
  logic found;

  if (DEPTH == 1) begin : gen_half
    assign found = 1'b1;
  end else if (DEPTH == 2) begin : gen_skid
    assign found = i_dut.gen_skid.i_skid.spare_q == data_q;

    always_comb begin
      if (started_q && !rst_i) begin
        i_spare : assert (i_dut.gen_skid.i_skid.spare_valid_q == (inside_q == 4'd2));
      end
    end
  end else begin : gen_ram
    logic [3:0] head, at;
    assign head  = 4'(i_dut.gen_ram.read_addr_q);
    assign at    = head + ahead_q - 4'(valid_o);
    assign found = i_dut.gen_ram.i_ram.mem[at<4'(DEPTH)?at : at-4'(DEPTH)] == data_q;

    logic [3:0] tail;
    assign tail = head + 4'(i_dut.gen_ram.count_q);

    always_comb begin
      if (started_q && !rst_i) begin
        i_count : assert (4'(i_dut.gen_ram.count_q) + 4'(valid_o) == inside_q);
        i_head : assert (head < 4'(DEPTH));
        i_tail : assert (4'(i_dut.gen_ram.write_addr_q) == (tail < 4'(DEPTH) ? tail : tail - 4'(DEPTH)));
        i_room : assert (4'(i_dut.gen_ram.count_q) <= 4'(DEPTH));
      end
    end
  end

  always_comb begin
    if (!started_q) assume (rst_i);
    if (started_q && !rst_i) begin
      if (in_stalled_q) assume (valid_i && data_i == in_data_q);

      a_holds : assert (inside_q <= 4'(Holds));
      a_valid : assert (valid_o == (inside_q > 4'(DEPTH > 2 && pushed_q)));
      a_ready : assert (ready_o == (inside_q - 4'(DEPTH > 2 && valid_o) < 4'(DEPTH)));
      a_order : assert (!(followed_q && valid_o && ahead_q == '0) || data_o == data_q);
      a_stable : assert (!out_stalled_q || (valid_o && data_o == out_data_q));
      i_ahead : assert (!followed_q || ahead_q < inside_q);
      i_found : assert (!followed_q || (valid_o && ahead_q == '0) || found);
    end
  end

endmodule
