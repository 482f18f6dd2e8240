// Bytes from a UART line: 8 data bits, no parity, 1 stop bit, lowest bit first.
//
// `valid_o` is high for one cycle with each byte. A byte is sampled in the middle of its bits, counted from the
// falling edge of its start bit, so the two clocks may differ by some 4 %. The line may be asynchronous, and low for as
// long as it likes: a break is one byte without stop bit.
// It does NOT hold a byte for a slow reader, nor report a byte without stop bit: that byte is dropped, which the
// check sum of the frame around it tells.
module gw_uart_rx #(
    parameter int CLOCKS_PER_BIT = 104  // at least 4
) (
    input  logic       clk_i,
    input  logic       rst_i,
    input  logic       rx_i,
    output logic       valid_o,
    output logic [7:0] data_o
);
  localparam int TimerBits = $clog2(CLOCKS_PER_BIT);
  localparam logic [TimerBits-1:0] Whole = TimerBits'(CLOCKS_PER_BIT - 1);
  localparam logic [TimerBits-1:0] Half = TimerBits'(CLOCKS_PER_BIT / 2 - 1);
  localparam logic [3:0] StartBit = 4'd0;
  localparam logic [3:0] StopBit = 4'd9;

  logic [2:0] line_q;  // two against metastability, one to see an edge
  logic busy_q;
  logic [TimerBits-1:0] timer_q;
  logic [3:0] bit_q;
  logic sample;

  assign sample = busy_q && timer_q == '0;

  always_ff @(posedge clk_i) begin
    line_q <= {line_q[1:0], rx_i};
    valid_o <= 1'b0;
    timer_q <= timer_q - 1'b1;
    if (!busy_q) begin
      busy_q <= line_q[2] && !line_q[1];
      timer_q <= Half;
      bit_q <= StartBit;
    end else if (sample) begin
      timer_q <= Whole;
      bit_q <= bit_q + 1'b1;
      if (bit_q == StartBit) begin
        busy_q <= !line_q[1];  // a start bit that is over by its middle was a glitch
      end else if (bit_q == StopBit) begin
        busy_q <= 1'b0;
        valid_o <= line_q[1];
      end else begin
        data_o <= {line_q[1], data_o[7:1]};
      end
    end
    if (rst_i) begin
      line_q <= '1;
      busy_q <= 1'b0;
      valid_o <= 1'b0;
    end
  end
endmodule
