// The registers of an IP, at the addresses of gw_ip_map.
//
// `clear_o` is high in the cycle in which CLEAR is written. While `resetting_i` is high, what tells of sequences is zero:
// ERRORS, IRQ_STATUS, SEQUENCES_IN, SEQUENCES_OUT, BUSY_CYCLES. A bit of ERRORS is set as long as its condition lasts, so
// that writing 1 clears it only where the condition is gone. What happens in the cycle in which its bit is cleared is not lost.
// `in_i` and `out_i` count whole sequences; `partial_i` is high while one is inside in part.
module gw_ip_registers #(
    parameter int INPUTS = 1,
    parameter int OUTPUTS = 1,
    parameter logic [255:0] INPUT_BITS = '0,  // eight words, the first one lowest
    parameter logic [255:0] OUTPUT_BITS = '0,
    parameter logic [31:0] LIBRARY_VERSION = '0,
    parameter logic [31:0] MAX_STEPS = '0,
    parameter logic [255:0] DIGEST = '0  // eight words, the first one highest
) (
    input  logic        clk_i,
    input  logic        rst_i,
    input  logic        write_i,
    input  logic [11:0] write_addr_i,
    input  logic [31:0] write_data_i,
    input  logic [ 3:0] write_strb_i,
    output logic        write_error_o,
    input  logic        read_i,
    input  logic [11:0] read_addr_i,
    output logic [31:0] read_data_o,
    output logic        read_error_o,
    output logic        clear_o,
    output logic        keep_o,
    output logic        interrupt_o,
    input  logic        resetting_i,
    input  logic        partial_i,
    input  logic        in_i,
    input  logic        out_i,
    input  logic [ 2:0] errors_i
);
  localparam logic [7:0] Inputs = INPUTS[7:0];
  localparam logic [7:0] Outputs = OUTPUTS[7:0];

  logic busy, low_write;
  logic [2:0] errors_q, errors_d;
  logic [1:0] enable_q, status_q;
  logic [63:0] cycles_q, busy_cycles_q;
  logic [31:0] status, cycles_high_q, busy_high_q, in_q, out_q;
  logic [7:0] byte_0;

  assign busy      = !resetting_i && (partial_i || in_q != out_q);
  assign status    = {31'd0, busy} << gw_ip_map::STATUS_BUSY | {31'd0, resetting_i} << gw_ip_map::STATUS_RESETTING;
  assign low_write = write_i && write_strb_i[0];  // every field that is written lies in byte 0
  assign byte_0    = write_data_i[7:0];
  assign clear_o   = low_write && write_addr_i == gw_ip_map::CONTROL && byte_0[gw_ip_map::CONTROL_CLEAR];

  logic [7:0] clear_errors, clear_status;
  assign clear_errors = low_write && write_addr_i == gw_ip_map::ERRORS ? byte_0 : 8'd0;
  assign clear_status = low_write && write_addr_i == gw_ip_map::IRQ_STATUS ? byte_0 : 8'd0;
  assign errors_d     = (errors_q & ~clear_errors[2:0]) | errors_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      keep_o   <= 1'b0;
      enable_q <= '0;
    end else if (low_write) begin
      if (write_addr_i == gw_ip_map::CONTROL) keep_o <= byte_0[gw_ip_map::CONTROL_KEEP];
      if (write_addr_i == gw_ip_map::IRQ_ENABLE) enable_q <= byte_0[1:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i || resetting_i) begin
      errors_q      <= '0;
      status_q      <= '0;
      in_q          <= '0;
      out_q         <= '0;
      busy_cycles_q <= '0;
    end else begin
      errors_q      <= errors_d;
      status_q      <= (status_q & ~clear_status[1:0]) | {|(errors_d & ~errors_q), out_i};
      in_q          <= in_q + {31'd0, in_i};
      out_q         <= out_q + {31'd0, out_i};
      busy_cycles_q <= busy_cycles_q + {63'd0, busy};
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      cycles_q    <= '0;
      interrupt_o <= 1'b0;
    end else begin
      cycles_q    <= cycles_q + 1'b1;
      interrupt_o <= |(status_q & enable_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      cycles_high_q <= '0;
      busy_high_q   <= '0;
    end else if (read_i) begin
      if (read_addr_i == gw_ip_map::CYCLES_LOW) cycles_high_q <= cycles_q[63:32];
      if (read_addr_i == gw_ip_map::BUSY_CYCLES_LOW) busy_high_q <= busy_cycles_q[63:32];
    end
  end

  logic [31:0] cycles_low, busy_low;
  assign cycles_low = cycles_q[31:0];
  assign busy_low   = busy_cycles_q[31:0];

  logic [2:0] index, backwards;
  assign index     = read_addr_i[4:2];
  assign backwards = ~index;

  logic array;
  logic [11:0] block;
  assign block = {read_addr_i[11:5], 5'd0};
  logic [31:0] array_data, digest_word, input_word, output_word;
  assign digest_word = DIGEST[backwards*32+:32];
  assign input_word  = INPUT_BITS[index*32+:32];
  assign output_word = OUTPUT_BITS[index*32+:32];

  always_comb begin
    array      = 1'b1;
    array_data = '0;
    case (block)
      gw_ip_map::DIGEST: array_data = digest_word;
      gw_ip_map::INPUT_BITS: array_data = input_word;
      gw_ip_map::OUTPUT_BITS: array_data = output_word;
      default: array = 1'b0;
    endcase
  end

  always_comb begin
    read_error_o = 1'b0;
    read_data_o  = array_data;
    case (read_addr_i)
      gw_ip_map::MAGIC: read_data_o = gw_ip_map::MAGIC_VALUE;
      gw_ip_map::MAP_VERSION: read_data_o = gw_ip_map::MAP_VERSION_VALUE;
      gw_ip_map::LIBRARY_VERSION: read_data_o = LIBRARY_VERSION;
      gw_ip_map::PORTS: read_data_o = {16'd0, Outputs, Inputs};
      gw_ip_map::CONTROL: read_data_o = {31'd0, keep_o} << gw_ip_map::CONTROL_KEEP;
      gw_ip_map::STATUS: read_data_o = status;
      gw_ip_map::ERRORS: read_data_o = {29'd0, errors_q};
      gw_ip_map::IRQ_ENABLE: read_data_o = {30'd0, enable_q};
      gw_ip_map::IRQ_STATUS: read_data_o = {30'd0, status_q};
      gw_ip_map::MAX_STEPS: read_data_o = MAX_STEPS;
      gw_ip_map::CYCLES_LOW: read_data_o = cycles_low;
      gw_ip_map::CYCLES_HIGH: read_data_o = cycles_high_q;
      gw_ip_map::BUSY_CYCLES_LOW: read_data_o = busy_low;
      gw_ip_map::BUSY_CYCLES_HIGH: read_data_o = busy_high_q;
      gw_ip_map::SEQUENCES_IN: read_data_o = in_q;
      gw_ip_map::SEQUENCES_OUT: read_data_o = out_q;
      default: read_error_o = !array;
    endcase
  end

  always_comb begin
    case (write_addr_i)
      gw_ip_map::CONTROL, gw_ip_map::ERRORS, gw_ip_map::IRQ_ENABLE, gw_ip_map::IRQ_STATUS:
      write_error_o = 1'b0;
      default: write_error_o = 1'b1;
    endcase
  end

  logic unused;
  assign unused = &{1'b0, write_data_i[31:8], write_strb_i[3:1], clear_errors[7:3], clear_status[7:2]};

endmodule
