// AXI4-Lite to a register file: a write or a read at a time, each answered in its order.
//
// Address and data of a write may come in any order and any time apart. `write_o` is high for the one cycle in which both
// are there; what `write_error_i` says in that cycle becomes SLVERR. `read_o` likewise, in the cycle in which the address
// is taken; `read_data_i` and `read_error_i` are of that cycle, so nothing is read twice. A response stays until it is
// taken; until then no further address of its kind is. Addresses are those of words: the low two bits are not looked at.
// Not for: bursts, or a second address before the first answer.
module gw_ip_lite (
    input  logic        clk_i,
    input  logic        rst_i,
    input  logic [11:0] awaddr_i,
    input  logic        awvalid_i,
    output logic        awready_o,
    input  logic [31:0] wdata_i,
    input  logic [ 3:0] wstrb_i,
    input  logic        wvalid_i,
    output logic        wready_o,
    output logic [ 1:0] bresp_o,
    output logic        bvalid_o,
    input  logic        bready_i,
    input  logic [11:0] araddr_i,
    input  logic        arvalid_i,
    output logic        arready_o,
    output logic [31:0] rdata_o,
    output logic [ 1:0] rresp_o,
    output logic        rvalid_o,
    input  logic        rready_i,
    output logic        write_o,
    output logic [11:0] write_addr_o,
    output logic [31:0] write_data_o,
    output logic [ 3:0] write_strb_o,
    input  logic        write_error_i,
    output logic        read_o,
    output logic [11:0] read_addr_o,
    input  logic [31:0] read_data_i,
    input  logic        read_error_i
);

  logic addr_q, data_q;  // whether they have come

  assign awready_o   = !rst_i && !addr_q;
  assign wready_o    = !rst_i && !data_q;
  assign arready_o   = !rst_i && !rvalid_o;
  assign write_o     = addr_q && data_q && !bvalid_o;
  assign read_o      = arvalid_i && arready_o;
  assign read_addr_o = {araddr_i[11:2], 2'b00};

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      addr_q   <= 1'b0;
      data_q   <= 1'b0;
      bvalid_o <= 1'b0;
      rvalid_o <= 1'b0;
    end else begin
      if (awvalid_i && awready_o) addr_q <= 1'b1;
      if (wvalid_i && wready_o) data_q <= 1'b1;
      if (bvalid_o && bready_i) bvalid_o <= 1'b0;
      if (write_o) begin
        addr_q   <= 1'b0;
        data_q   <= 1'b0;
        bvalid_o <= 1'b1;
      end
      if (rvalid_o && rready_i) rvalid_o <= 1'b0;
      if (read_o) rvalid_o <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (awvalid_i && awready_o) write_addr_o <= {awaddr_i[11:2], 2'b00};
    if (wvalid_i && wready_o) begin
      write_data_o <= wdata_i;
      write_strb_o <= wstrb_i;
    end
    if (write_o) bresp_o <= {write_error_i, 1'b0};
    if (read_o) begin
      rdata_o <= read_data_i;
      rresp_o <= {read_error_i, 1'b0};
    end
  end

  logic unused;
  assign unused = &{1'b0, awaddr_i[1:0], araddr_i[1:0]};

endmodule
