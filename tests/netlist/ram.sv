// One port that writes, one that reads with an enable, and contents to begin with.
module dut (
    input  logic        clk_i,
    input  logic [2:0]  go_i,
    input  logic [35:0] a_i,
    input  logic [35:0] b_i,
    output logic [35:0] y_o
);
  logic [WIDTH-1:0] mem[DEPTH];
  logic [WIDTH-1:0] q;
  logic [11:0] to, from;

  initial $readmemh("rom.hex", mem);
  initial q = '0;
  assign to = 12'(32'(a_i[35:24]) % DEPTH);
  assign from = 12'(32'(b_i[11:0]) % DEPTH);
  assign y_o = 36'(q);

  always_ff @(posedge clk_i) begin
    if (go_i == 3'd0) mem[to] <= a_i[WIDTH-1:0];
    if (go_i[2:1] != 2'd2) q <= mem[from];
  end
endmodule
