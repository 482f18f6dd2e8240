// A memory with contents that is only read, with a register behind what is read.
module dut (
    input  logic        clk_i,
    input  logic [2:0]  go_i,
    input  logic [35:0] a_i,
    input  logic [35:0] b_i,
    output logic [35:0] y_o
);
  logic [WIDTH-1:0] mem[DEPTH];
  logic [WIDTH-1:0] q, y_q;
  logic [11:0] from;

  initial $readmemh("rom.hex", mem);
  initial {q, y_q} = '0;
  assign from = 12'(32'(a_i[11:0]) % DEPTH);
  assign y_o = 36'(y_q);

  always_ff @(posedge clk_i) begin
    q <= mem[from];
    if (go_i != 3'd0) y_q <= q;
  end
  logic unused;
  assign unused = &{1'b0, a_i, b_i};
endmodule
