// The part of an IP that is no data: reset, clear, the registers behind AXI4-Lite, the interrupt.
//
// `rst_o` is `aresetn_i`, registered. `clear_o` is high from a CLEAR that is written until `quiet_i` is high of all
// outputs, a cycle at least. Errors, LAST and OPEN of ports are those of gw_ip_in and gw_ip_out.
module gw_ip_control #(
    parameter int INPUTS = 1,
    parameter int OUTPUTS = 1,
    parameter logic [255:0] INPUT_BITS = '0,  // as gw_ip_registers has them
    parameter logic [255:0] OUTPUT_BITS = '0,
    parameter logic [31:0] LIBRARY_VERSION = '0,
    parameter logic [31:0] MAX_STEPS = '0,
    parameter logic [255:0] DIGEST = '0
) (
    input  logic               clk_i,
    input  logic               aresetn_i,
    input  logic [       11:0] awaddr_i,
    input  logic               awvalid_i,
    output logic               awready_o,
    input  logic [       31:0] wdata_i,
    input  logic [        3:0] wstrb_i,
    input  logic               wvalid_i,
    output logic               wready_o,
    output logic [        1:0] bresp_o,
    output logic               bvalid_o,
    input  logic               bready_i,
    input  logic [       11:0] araddr_i,
    input  logic               arvalid_i,
    output logic               arready_o,
    output logic [       31:0] rdata_o,
    output logic [        1:0] rresp_o,
    output logic               rvalid_o,
    input  logic               rready_i,
    output logic               interrupt_o,
    output logic               rst_o,
    output logic               clear_o,
    output logic               keep_o,
    input  logic [ INPUTS-1:0] open_i,
    input  logic [ INPUTS-1:0] in_last_i,
    input  logic [OUTPUTS-1:0] out_last_i,
    input  logic [OUTPUTS-1:0] quiet_i,
    input  logic               too_long_i,
    input  logic               framing_i,
    input  logic               lanes_i
);

  logic write, write_error, read, read_error, clear, restart;
  logic [11:0] write_addr, read_addr;
  logic [31:0] write_data, read_data;
  logic [3:0] write_strb;
  logic in_all, in_even, out_all, out_even;

  always_ff @(posedge clk_i) begin
    rst_o <= !aresetn_i;
    if (rst_o) clear_o <= 1'b0;
    else clear_o <= clear || (clear_o && !(&quiet_i));
  end

  assign restart = rst_o || clear_o;

  gw_ip_lite i_lite (
      .clk_i        (clk_i),
      .rst_i        (rst_o),
      .awaddr_i     (awaddr_i),
      .awvalid_i    (awvalid_i),
      .awready_o    (awready_o),
      .wdata_i      (wdata_i),
      .wstrb_i      (wstrb_i),
      .wvalid_i     (wvalid_i),
      .wready_o     (wready_o),
      .bresp_o      (bresp_o),
      .bvalid_o     (bvalid_o),
      .bready_i     (bready_i),
      .araddr_i     (araddr_i),
      .arvalid_i    (arvalid_i),
      .arready_o    (arready_o),
      .rdata_o      (rdata_o),
      .rresp_o      (rresp_o),
      .rvalid_o     (rvalid_o),
      .rready_i     (rready_i),
      .write_o      (write),
      .write_addr_o (write_addr),
      .write_data_o (write_data),
      .write_strb_o (write_strb),
      .write_error_i(write_error),
      .read_o       (read),
      .read_addr_o  (read_addr),
      .read_data_i  (read_data),
      .read_error_i (read_error)
  );

  gw_ip_tally #(
      .PORTS(INPUTS)
  ) i_tally_in (
      .clk_i (clk_i),
      .rst_i (restart),
      .last_i(in_last_i),
      .all_o (in_all),
      .even_o(in_even)
  );

  gw_ip_tally #(
      .PORTS(OUTPUTS)
  ) i_tally_out (
      .clk_i (clk_i),
      .rst_i (restart),
      .last_i(out_last_i),
      .all_o (out_all),
      .even_o(out_even)
  );

  gw_ip_registers #(
      .INPUTS         (INPUTS),
      .OUTPUTS        (OUTPUTS),
      .INPUT_BITS     (INPUT_BITS),
      .OUTPUT_BITS    (OUTPUT_BITS),
      .LIBRARY_VERSION(LIBRARY_VERSION),
      .MAX_STEPS      (MAX_STEPS),
      .DIGEST         (DIGEST)
  ) i_registers (
      .clk_i        (clk_i),
      .rst_i        (rst_o),
      .write_i      (write),
      .write_addr_i (write_addr),
      .write_data_i (write_data),
      .write_strb_i (write_strb),
      .write_error_o(write_error),
      .read_i       (read),
      .read_addr_i  (read_addr),
      .read_data_o  (read_data),
      .read_error_o (read_error),
      .clear_o      (clear),
      .keep_o       (keep_o),
      .interrupt_o  (interrupt_o),
      .resetting_i  (clear_o),
      .partial_i    ((|open_i) || !in_even || !out_even),
      .in_i         (in_all),
      .out_i        (out_all),
      .errors_i     ({lanes_i, framing_i, too_long_i})
  );

endmodule
