// A design behind a serial line: frames of the host to AXI4-Streams and back. The frames are written down in
// gw_frame_rx.sv and gw_frame_tx.sv, and once more in docs/device.md.
//
//   command 0  hello: clear the design (its state too) and say what it is
//   command 1  run a sequence from the start state
//   command 3  run a sequence from the state that the last one left
//
// One frame at a time: a flag drops whatever was under way. Each frame is answered by one with its ticket, which ends
// with a status: 0 ok, 1 the check sum was wrong, 2 the sequence was too long for the design, 3 the host sent more than
// its credits, 4 no such command or port, 5 no hello since reset, 6 no state to go on from, 7 a sequence ended inside the
// words of a step.
//
// Words reach the design before the check sum is known. So an answer counts only with status 0, which is sent after the
// check sum was found right AND every output port has given its last word. Anything else (another status, a flag in the
// middle of a frame, reset) drops what is in flight: `clear_o` is a LEVEL, high whenever no frame runs and there is no
// state that is worth keeping. Then command 3 is refused with status 6 until a hello or a good run from the start.
//
// No deadlock: an output word is sent as soon as its port offers it, whatever the other ports do; input ports that take
// one beat a sequence come first in a frame (see ports.py), so that the design never waits for one that is queued behind
// another; credits go out before words. What nevertheless stops, after a torn frame, is ended by the next flag, which is
// seen on the line itself, before all buffers.
// It does NOT watch the time: a frame that is never finished stays open until the next flag.
module gw_shell #(
    parameter int CLOCKS_PER_BIT = 104,
    parameter int INPUTS = 1,
    parameter logic [INPUTS*8-1:0] IN_BYTES = 8'd8,  // of a word of each port, port 0 lowest
    parameter int IN_MAX = 8,
    parameter int OUTPUTS = 1,
    parameter logic [OUTPUTS*8-1:0] OUT_BYTES = 8'd8,
    parameter int OUT_TOTAL = 8,
    parameter logic [63:0] DIGEST = '0  // of the build, first byte lowest
) (
    input  logic                   clk_i,
    input  logic                   rst_i,
    input  logic                   uart_rx_i,
    output logic                   uart_tx_o,
    output logic                   busy_o,
    output logic                   clear_o,
    input  logic                   too_long_i,
    input  logic                   framing_i,
    output logic [     INPUTS-1:0] in_valid_o,
    input  logic [     INPUTS-1:0] in_ready_i,
    output logic [   IN_MAX*8-1:0] in_data_o,  // for all ports; a shorter word is at the top
    output logic                   in_last_o,
    output logic                   in_keep_o,
    input  logic [    OUTPUTS-1:0] out_valid_i,
    output logic [    OUTPUTS-1:0] out_ready_o,
    input  logic [OUT_TOTAL*8-1:0] out_data_i,
    input  logic [    OUTPUTS-1:0] out_last_i
);
  localparam logic [7:0] Version = 8'd1;
  localparam int Depth = 512;  // bytes: one block RAM of the smallest FPGA
  localparam int Credit = 128;
  localparam int IdentityBytes = 10;
  localparam logic [IdentityBytes*8-1:0] Identity = {8'(Depth / Credit), DIGEST, Version};

  localparam logic [7:0] Hello = 8'd0;
  localparam logic [7:0] Run = 8'd1;
  localparam logic [7:0] RunOn = 8'd3;

  localparam logic [2:0] Ok = 3'd0;
  localparam logic [2:0] Corrupt = 3'd1;
  localparam logic [2:0] TooLong = 3'd2;
  localparam logic [2:0] Overrun = 3'd3;
  localparam logic [2:0] Bad = 3'd4;
  localparam logic [2:0] NoHello = 3'd5;
  localparam logic [2:0] NoState = 3'd6;
  localparam logic [2:0] Framing = 3'd7;

  logic line_rx_valid, line_tx_valid, line_tx_ready;
  logic [7:0] line_rx, line_tx, ticket, command;
  logic start, header, credit, good, corrupt, bad, overrun, done;
  logic [INPUTS-1:0] in_valid;
  logic is_hello_q, is_run_q, is_run_on_q, fault;
  logic [2:0] fault_status;
  logic open_q;  // a frame has a header, and its answer is not complete
  logic running_q;  // words go to the design and come from it
  logic greeted_q;  // a hello since reset
  logic state_q;  // the design is as the last good frame left it
  logic good_q, finish_q;
  logic [2:0] status_q;
  logic [OUTPUTS-1:0] ended_q;  // ports that gave their last word

  gw_uart_rx #(
      .CLOCKS_PER_BIT(CLOCKS_PER_BIT)
  ) u_uart_rx (
      .clk_i,
      .rst_i,
      .rx_i   (uart_rx_i),
      .valid_o(line_rx_valid),
      .data_o (line_rx)
  );

  gw_frame_rx #(
      .INPUTS    (INPUTS),
      .WORD_BYTES(IN_BYTES),
      .MAX_BYTES (IN_MAX),
      .DEPTH     (Depth),
      .CREDIT    (Credit)
  ) u_frame_rx (
      .clk_i,
      .rst_i,
      .line_valid_i(line_rx_valid),
      .line_data_i (line_rx),
      .drop_i      (finish_q),
      .start_o     (start),
      .header_o    (header),
      .ticket_o    (ticket),
      .command_o   (command),
      .credit_o    (credit),
      .good_o      (good),
      .corrupt_o   (corrupt),
      .bad_o       (bad),
      .overrun_o   (overrun),
      .in_valid_o  (in_valid),
      .in_ready_i  (in_valid_o & in_ready_i),
      .in_data_o,
      .in_last_o
  );

  // Not a cycle later: a word that is dropped must not be seen to vanish.
  assign clear_o = !running_q && !state_q;
  assign in_valid_o = in_valid & {INPUTS{running_q}};
  assign in_keep_o = command[1];
  always_ff @(posedge clk_i) begin  // the header is a cycle later, too
    is_hello_q <= command == Hello;
    is_run_q <= command == Run || command == RunOn;
    is_run_on_q <= command == RunOn;
  end

  always_comb begin
    fault = 1'b1;
    fault_status = Ok;
    if (header && !is_hello_q && !is_run_q) fault_status = Bad;
    else if (header && is_run_q && !greeted_q) fault_status = NoHello;
    else if (header && is_run_on_q && !state_q) fault_status = NoState;
    else if (overrun) fault_status = Overrun;
    else if (bad) fault_status = Bad;
    else if (corrupt) fault_status = Corrupt;
    else if (running_q && too_long_i) fault_status = TooLong;
    else if (running_q && framing_i) fault_status = Framing;
    else fault = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    ended_q <= ended_q | (out_valid_i & out_ready_o & out_last_i);
    if (good) good_q <= 1'b1;
    if (header) begin
      open_q <= 1'b1;
      ended_q <= '0;
      good_q <= 1'b0;
      running_q <= is_run_q;
      if (is_hello_q) state_q <= 1'b0;
    end
    if (open_q && !finish_q && good_q && (is_hello_q || ended_q == '1)) begin
      finish_q  <= 1'b1;
      status_q  <= Ok;
      running_q <= 1'b0;
      state_q   <= 1'b1;
      greeted_q <= 1'b1;  // a run has been greeted before
    end
    if (fault && (header || (open_q && !finish_q))) begin
      finish_q  <= 1'b1;
      status_q  <= fault_status;
      running_q <= 1'b0;
      state_q   <= 1'b0;
    end
    if (done || start) begin
      open_q   <= 1'b0;
      finish_q <= 1'b0;
    end
    if (start && running_q) begin
      running_q <= 1'b0;
      state_q   <= 1'b0;
    end
    if (rst_i) begin
      open_q <= 1'b0;
      finish_q <= 1'b0;
      running_q <= 1'b0;
      greeted_q <= 1'b0;
      state_q <= 1'b0;
    end
  end

  gw_frame_tx #(
      .OUTPUTS       (OUTPUTS),
      .WORD_BYTES    (OUT_BYTES),
      .TOTAL_BYTES   (OUT_TOTAL),
      .IDENTITY_BYTES(IdentityBytes),
      .IDENTITY      (Identity)
  ) u_frame_tx (
      .clk_i,
      .rst_i,
      .abort_i     (start),
      .open_i      (header),
      .ticket_i    (ticket),
      .credit_i    (credit),
      .identify_i  (is_hello_q),
      .finish_i    (finish_q),
      .status_i    (8'(status_q)),
      .done_o      (done),
      .out_valid_i (out_valid_i & {OUTPUTS{running_q}}),
      .out_ready_o,
      .out_data_i,
      .out_last_i,
      .line_valid_o(line_tx_valid),
      .line_ready_i(line_tx_ready),
      .line_data_o (line_tx)
  );

  gw_uart_tx #(
      .CLOCKS_PER_BIT(CLOCKS_PER_BIT)
  ) u_uart_tx (
      .clk_i,
      .rst_i,
      .valid_i(line_tx_valid),
      .ready_o(line_tx_ready),
      .data_i (line_tx),
      .tx_o   (uart_tx_o)
  );

  assign busy_o = open_q;
endmodule
