// CRC-32 (IEEE 802.3, reflected, start at all ones), a bit a cycle: nine cycles a byte.
//
// `crc_o` is the register without the final inversion, `~zlib.crc32(bytes)`, and counts only while `ready_o` is high.
// So its low byte, given to itself four times, sends it lowest byte first; and a message with those four bytes behind
// it leaves zero. `rst_i` starts anew.
module gw_crc32 (
    input  logic        clk_i,
    input  logic        rst_i,
    input  logic        valid_i,
    output logic        ready_o,
    input  logic [ 7:0] data_i,
    output logic [31:0] crc_o
);
  localparam logic [31:0] Polynomial = 32'hEDB8_8320;

  logic [3:0] left_q;  // bits of the byte that are not in yet

  assign ready_o = left_q == '0;

  always_ff @(posedge clk_i) begin
    if (!ready_o) begin
      left_q <= left_q - 1'b1;
      crc_o  <= {1'b0, crc_o[31:1]} ^ (crc_o[0] ? Polynomial : '0);
    end else if (valid_i) begin
      left_q <= 4'd8;
      crc_o  <= crc_o ^ {24'b0, data_i};
    end
    if (rst_i) begin
      left_q <= '0;
      crc_o  <= '1;
    end
  end
endmodule
