// Model of the ECP5's multiplier, which yosys' cell library leaves a black box, for the simulation of
// netlists: a product of two numbers of 18 bits, each signed or not, as lattice/dsp_map_18x18.v makes
// it. Both factors and the product may be registered, with CLK0 and an enable each; registers begin at
// zero. It stops with $fatal where resets, other clocks, the register inside the product or shift chains
// are used.

module MULT18X18D #(
    parameter REG_INPUTA_CLK = "NONE",
    parameter REG_INPUTA_CE = "CE0",
    parameter REG_INPUTA_RST = "RST0",
    parameter REG_INPUTB_CLK = "NONE",
    parameter REG_INPUTB_CE = "CE0",
    parameter REG_INPUTB_RST = "RST0",
    parameter REG_PIPELINE_CLK = "NONE",
    parameter REG_OUTPUT_CLK = "NONE",
    parameter REG_OUTPUT_CE = "CE0",
    parameter REG_OUTPUT_RST = "RST0",
    parameter GSR = "ENABLED",
    parameter RESETMODE = "SYNC"
) (
    input
      A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17,
      B0, B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
      C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17,
      SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, CE1, CE2, CE3, RST0,
    output
      P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19,
      P20, P21, P22, P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35
);
  logic signed [18:0] a_next, b_next, a, b, a_q, b_q;
  logic signed [37:0] p, p_q;

  assign a_next = {SIGNEDA & A17,
      A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  assign b_next = {SIGNEDB & B17,
      B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  assign a = REG_INPUTA_CLK == "NONE" ? a_next : a_q;
  assign b = REG_INPUTB_CLK == "NONE" ? b_next : b_q;
  assign p = a * b;
  assign {
      P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
      P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0}
      = REG_OUTPUT_CLK == "NONE" ? p[35:0] : p_q[35:0];

  // Which of the enables a register has.
  localparam logic [3:0] LoadA = {
      REG_INPUTA_CE == "CE3", REG_INPUTA_CE == "CE2", REG_INPUTA_CE == "CE1", REG_INPUTA_CE == "CE0"};
  localparam logic [3:0] LoadB = {
      REG_INPUTB_CE == "CE3", REG_INPUTB_CE == "CE2", REG_INPUTB_CE == "CE1", REG_INPUTB_CE == "CE0"};
  localparam logic [3:0] LoadP = {
      REG_OUTPUT_CE == "CE3", REG_OUTPUT_CE == "CE2", REG_OUTPUT_CE == "CE1", REG_OUTPUT_CE == "CE0"};
  logic [3:0] enables;
  assign enables = {CE3, CE2, CE1, CE0};

  // Where nothing is registered there is no clock.
  localparam bit Clocked =
      REG_INPUTA_CLK != "NONE" || REG_INPUTB_CLK != "NONE" || REG_OUTPUT_CLK != "NONE";
  generate if (Clocked) begin : gen_registers
    always_ff @(posedge CLK0) begin
      if (|(enables & LoadA)) a_q <= a_next;
      if (|(enables & LoadB)) b_q <= b_next;
      if (|(enables & LoadP)) p_q <= p;
    end
    always_comb if (RST0) $fatal(1, "reset");
  end endgenerate

  initial begin
    a_q = '0;
    b_q = '0;
    p_q = '0;
    if (REG_INPUTA_CLK != "NONE" && REG_INPUTA_CLK != "CLK0") $fatal(1, "clock of A");
    if (REG_INPUTB_CLK != "NONE" && REG_INPUTB_CLK != "CLK0") $fatal(1, "clock of B");
    if (REG_OUTPUT_CLK != "NONE" && REG_OUTPUT_CLK != "CLK0") $fatal(1, "clock of the product");
    if (REG_PIPELINE_CLK != "NONE") $fatal(1, "register inside");
    if (REG_INPUTA_RST != "RST0" || REG_INPUTB_RST != "RST0" || REG_OUTPUT_RST != "RST0")
      $fatal(1, "other resets");
    if (LoadA == '0 || LoadB == '0 || LoadP == '0) $fatal(1, "other enables");
  end
  always_comb if (SOURCEA || SOURCEB) $fatal(1, "shift chains");
endmodule
