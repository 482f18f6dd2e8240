// Two factors of 18 bits.
module dut (
    input  logic        clk_i,
    input  logic [2:0]  go_i,
    input  logic [35:0] a_i,
    input  logic [35:0] b_i,
    output logic [35:0] y_o
);
  logic SIGN [17:0] a, b;
  logic SIGN [35:0] y;
  assign a = a_i[17:0];
  assign b = b_i[17:0];
  assign y = a * b;
  initial y_o = '0;
  always_ff @(posedge clk_i) if (go_i != 3'd0) y_o <= y;
endmodule
