// Bytes to a UART line: 8 data bits, no parity, 1 stop bit, lowest bit first.
//
// A byte is taken where `valid_i` and `ready_o` meet and is on the line for ten bits from the next cycle on.
// It does NOT queue bytes and knows no flow control of the other side.
module gw_uart_tx #(
    parameter int CLOCKS_PER_BIT = 104  // at least 2
) (
    input  logic       clk_i,
    input  logic       rst_i,
    input  logic       valid_i,
    output logic       ready_o,
    input  logic [7:0] data_i,
    output logic       tx_o
);
  localparam int TimerBits = $clog2(CLOCKS_PER_BIT);
  localparam logic [TimerBits-1:0] Whole = TimerBits'(CLOCKS_PER_BIT - 1);

  logic [TimerBits-1:0] timer_q;
  logic [3:0] left_q;  // bits of the byte that are not over
  logic [8:0] shift_q;

  assign ready_o = left_q == '0;
  assign tx_o = shift_q[0];

  always_ff @(posedge clk_i) begin
    timer_q <= timer_q - 1'b1;
    if (ready_o) begin
      timer_q <= Whole;
      if (valid_i) begin
        left_q  <= 4'd10;
        shift_q <= {data_i, 1'b0};
      end
    end else if (timer_q == '0) begin
      timer_q <= Whole;
      left_q  <= left_q - 1'b1;
      shift_q <= {1'b1, shift_q[8:1]};
    end
    if (rst_i) begin
      left_q  <= '0;
      shift_q <= '1;
    end
  end
endmodule
