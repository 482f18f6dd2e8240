// A design with ports of every kind, small enough to be followed by hand (tests/device/designs.py has it in Python).
//
// A step is three signed bytes in two words of two lanes. Its sum goes into a running total of 16 bits, which begins
// at the first lane of `s_axis_1_start`, or goes on from where it was if `s_axis_tuser` is set.
//   m_axis            once: the total at the end and the number of steps
//   m_axis_1_totals   every step: the total
//   m_axis_2_echo     once, at the beginning: both lanes of the start, exchanged
// A last word that is the first of its step raises framing. Each step takes as many cycles as the square of its third value; more than 300 steps are too long.
module gatewright_top (
    input  logic        aclk,
    input  logic        aresetn,
    input  logic        clear,
    output logic        too_long,
    output logic        framing,
    input  logic [15:0] s_axis_tdata,
    input  logic        s_axis_tvalid,
    output logic        s_axis_tready,
    input  logic        s_axis_tlast,
    input  logic        s_axis_tuser,
    input  logic [31:0] s_axis_1_start_tdata,
    input  logic        s_axis_1_start_tvalid,
    output logic        s_axis_1_start_tready,
    input  logic        s_axis_1_start_tlast,
    input  logic        s_axis_1_start_tuser,
    output logic [31:0] m_axis_tdata,
    output logic        m_axis_tvalid,
    input  logic        m_axis_tready,
    output logic        m_axis_tlast,
    output logic [15:0] m_axis_1_totals_tdata,
    output logic        m_axis_1_totals_tvalid,
    input  logic        m_axis_1_totals_tready,
    output logic        m_axis_1_totals_tlast,
    output logic [31:0] m_axis_2_echo_tdata,
    output logic        m_axis_2_echo_tvalid,
    input  logic        m_axis_2_echo_tready,
    output logic        m_axis_2_echo_tlast
);
  typedef enum logic [2:0] {
    Start,
    Echo,
    First,
    Second,
    Wait,
    Total,
    Final
  } state_e;

  state_e state_q;
  logic [15:0] total_q, count_q;
  logic [13:0] wait_q;
  logic last_q;
  logic [31:0] start_q;

  function automatic logic [15:0] extended(input logic [7:0] value);
    return {{8{value[7]}}, value};
  endfunction

  logic [15:0] third;
  assign third = extended(s_axis_tdata[7:0]);

  assign s_axis_1_start_tready = aresetn && !clear && state_q == Start;
  assign s_axis_tready = aresetn && !clear && (state_q == First || state_q == Second);
  assign m_axis_2_echo_tvalid = state_q == Echo;
  assign m_axis_2_echo_tdata = {start_q[15:0], start_q[31:16]};
  assign m_axis_2_echo_tlast = 1'b1;
  assign m_axis_1_totals_tvalid = state_q == Total;
  assign m_axis_1_totals_tdata = total_q;
  assign m_axis_1_totals_tlast = last_q;
  assign m_axis_tvalid = state_q == Final;
  assign m_axis_tdata = {count_q, total_q};
  assign m_axis_tlast = 1'b1;

  always_ff @(posedge aclk) begin
    case (state_q)
      Start:
      if (s_axis_1_start_tvalid) begin
        start_q <= s_axis_1_start_tdata;
        if (!s_axis_1_start_tuser) total_q <= s_axis_1_start_tdata[15:0];
        count_q <= '0;
        state_q <= Echo;
      end
      Echo: if (m_axis_2_echo_tready) state_q <= First;
      First:
      if (s_axis_tvalid) begin
        total_q <= total_q + extended(s_axis_tdata[7:0]) + extended(s_axis_tdata[15:8]);
        count_q <= count_q + 1'b1;
        state_q <= Second;
        if (count_q == 16'd300) too_long <= 1'b1;
        if (s_axis_tlast) framing <= 1'b1;
      end
      Second:
      if (s_axis_tvalid) begin
        total_q <= total_q + third;
        wait_q  <= 14'(third * third);
        last_q  <= s_axis_tlast;
        state_q <= Wait;
      end
      Wait: begin
        wait_q <= wait_q - 1'b1;
        if (wait_q == '0) state_q <= Total;
      end
      Total: if (m_axis_1_totals_tready) state_q <= last_q ? Final : First;
      Final: if (m_axis_tready) state_q <= Start;
      default: state_q <= Start;
    endcase
    if (!aresetn || clear) begin
      state_q  <= Start;
      total_q  <= '0;
      too_long <= 1'b0;
      framing  <= 1'b0;
    end
  end

  logic unused;
  assign unused = &{s_axis_1_start_tlast, s_axis_tuser};
endmodule
