// Two gw_axis_read, of one word and of two a step, that a gw_axis_match holds against each other.
//
// Draws of sequences that are of one length at both, or of which one is not. What is read goes on in
// any order: with equal lengths all of it, and no flag; else all sequences before the one that is not, a
// flag, and never the same step at both with `last` at one of them only.
module match_bench;
  localparam int DRAWS = 400;
  localparam int SEQUENCES = 8;

  logic clk = 0, rst = 1;
  logic [1:0] valid, ready, last, out_valid, out_ready, out_last, hold, wrong, there, step, framing, taken, offered;
  int lengths[2][SEQUENCES];
  int seed, broken, draw, cycle, quiet, port, n, wait_in[2], wait_out[2];
  int sequence_in[2], word_in[2], steps_out[2], ends_out[2], most_ahead;
  logic ended[2][SEQUENCES*6];  // `last` of each step that went on

  function int drawn(input int most);
    drawn = $unsigned($random(seed)) % most;
  endfunction

  gw_axis_read #(.WIDTH(1), .LANES(1)) i_a (
      .clk_i(clk), .rst_i(rst), .in_valid_i(valid[0]), .in_ready_o(ready[0]), .in_data_i(8'd0),
      .in_last_i(last[0]), .in_keep_i(1'b0), .out_valid_o(out_valid[0]), .out_ready_i(out_ready[0]),
      .out_data_o(), .out_last_o(out_last[0]), .out_keep_o(), .hold_i(hold[0]), .wrong_i(wrong[0]),
      .there_o(there[0]), .step_o(step[0]), .too_long_o(), .framing_o(framing[0])
  );
  gw_axis_read #(.WIDTH(2), .LANES(1), .FOLDS(2)) i_b (
      .clk_i(clk), .rst_i(rst), .in_valid_i(valid[1]), .in_ready_o(ready[1]), .in_data_i(8'd0),
      .in_last_i(last[1]), .in_keep_i(1'b0), .out_valid_o(out_valid[1]), .out_ready_i(out_ready[1]),
      .out_data_o(), .out_last_o(out_last[1]), .out_keep_o(), .hold_i(hold[1]), .wrong_i(wrong[1]),
      .there_o(there[1]), .step_o(step[1]), .too_long_o(), .framing_o(framing[1])
  );
  gw_axis_match #(.STEP_BITS(3)) i_match (
      .clk_i(clk), .rst_i(rst),
      .a_there_i(there[0]), .a_step_i(step[0]), .a_last_i(last[0]), .a_wrong_o(wrong[0]), .a_hold_o(hold[0]),
      .b_there_i(there[1]), .b_step_i(step[1]), .b_last_i(last[1]), .b_wrong_o(wrong[1]), .b_hold_o(hold[1])
  );

  task fail(input [8*40-1:0] what);
    begin
      $display("FAIL %0s: draw %0d, broken %0d, cycle %0d", what, draw, broken, cycle);
      $fatal;
    end
  endtask

  task offer;
    for (port = 0; port < 2; port = port + 1) begin
      if (!valid[port] && sequence_in[port] < SEQUENCES && drawn(wait_in[port]) == 0) begin
        valid[port] = 1;
        last[port] = word_in[port] == lengths[port][sequence_in[port]] * (port + 1) - 1;
      end
      out_ready[port] = drawn(wait_out[port]) == 0;
    end
  endtask

  task move;
    for (port = 0; port < 2; port = port + 1) begin
      if (step[port] !== (out_valid[port] && out_ready[port])) fail("step");
      if (offered[port] && !out_valid[port]) fail("withdrawn");
      offered[port] = out_valid[port] && !out_ready[port];
      if (out_valid[port] && out_ready[port]) begin
        ended[port][steps_out[port]] = out_last[port];
        steps_out[port] = steps_out[port] + 1;
        if (out_last[port]) ends_out[port] = ends_out[port] + 1;
        quiet = 0;
      end
    end
    for (port = 0; port < 2; port = port + 1)
      if (valid[port] && ready[port]) begin
        quiet = 0;
        word_in[port] = last[port] ? 0 : word_in[port] + 1;
        sequence_in[port] = sequence_in[port] + int'(last[port]);
      end
    if (ends_out[0] - ends_out[1] > most_ahead) most_ahead = ends_out[0] - ends_out[1];
    if (ends_out[1] - ends_out[0] > most_ahead) most_ahead = ends_out[1] - ends_out[0];
    for (n = 0; n < steps_out[0] && n < steps_out[1]; n = n + 1)
      if (ended[0][n] !== ended[1][n]) fail("both went on");
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    most_ahead = 0;
    for (draw = 0; draw < DRAWS; draw = draw + 1) begin
      for (n = 0; n < SEQUENCES; n = n + 1) begin
        lengths[0][n] = 1 + drawn(drawn(2) == 0 ? 1 : 5);
        lengths[1][n] = lengths[0][n];
      end
      broken = drawn(4) == 0 ? SEQUENCES : drawn(SEQUENCES);
      if (broken < SEQUENCES)
        while (lengths[0][broken] == lengths[1][broken]) lengths[drawn(2)][broken] = 1 + drawn(5);
      for (port = 0; port < 2; port = port + 1) begin
        wait_in[port]  = 1 << drawn(5);
        wait_out[port] = 1 << drawn(5);
        {sequence_in[port], word_in[port], steps_out[port], ends_out[port]} = '0;
      end
      valid = '0;
      last = '0;
      out_ready = '0;
      offered = '0;
      rst = 1;
      repeat (2) begin
        #5 clk = 1;
        #5 clk = 0;
      end
      rst = 0;
      quiet = 0;
      for (cycle = 0; quiet < 200; cycle = cycle + 1) begin
        quiet = quiet + 1;
        offer;
        #4 move;
        taken = valid & ready;
        #1 clk = 1;
        #5 clk = 0;
        valid = valid & ~taken;
      end
      if (framing[0] !== 1'b0 && framing[0] !== 1'b1) fail("unknown");
      if ((|framing) !== (broken < SEQUENCES)) fail("flag");
      if (ends_out[0] < broken || ends_out[1] < broken) fail("lost");
      if (broken == SEQUENCES && steps_out[0] != steps_out[1]) fail("lost");
      if (sequence_in[0] < broken || sequence_in[1] < broken) fail("stuck");
    end
    if (most_ahead != 2) fail("ahead");
    $display("PASS");
    $finish;
  end
endmodule
