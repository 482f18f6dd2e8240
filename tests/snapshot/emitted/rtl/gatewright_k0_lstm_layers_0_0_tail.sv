// Tail of k0_lstm_layers_0_0, 22 cycles long.
module gatewright_k0_lstm_layers_0_0_tail #(
  parameter ROM_DIR = "./"
) (
  input  logic clk_i,
  input  logic rst_i,
  input  logic [0:0] row_i,
  input  logic [71:0] sums_i,
  input  logic [7:0] c_i,
  output logic [7:0] h_o,
  output logic [7:0] c_o
);

  logic unused;
  assign unused = &{1'b0, clk_i, rst_i, row_i, sums_i, c_i};
  genvar u;
  logic [17:0] input_sum;
  generate for (u = 0; u < 2; u++) begin : gen_input_sum
    assign input_sum[u*9+:9] = sums_i[(u*4+0)*9+:9];
  end endgenerate
  logic [17:0] forget_sum;
  generate for (u = 0; u < 2; u++) begin : gen_forget_sum
    assign forget_sum[u*9+:9] = sums_i[(u*4+1)*9+:9];
  end endgenerate
  logic [17:0] cell_sum;
  generate for (u = 0; u < 2; u++) begin : gen_cell_sum
    assign cell_sum[u*9+:9] = sums_i[(u*4+2)*9+:9];
  end endgenerate
  logic [17:0] output_sum;
  generate for (u = 0; u < 2; u++) begin : gen_output_sum
    assign output_sum[u*9+:9] = sums_i[(u*4+3)*9+:9];
  end endgenerate
  logic [7:0] c_prev;
  generate for (u = 0; u < 2; u++) begin : gen_c_prev
    assign c_prev[u*4+:4] = c_i[u*4+:4];
  end endgenerate
  logic [7:0] input_acc;
  gw_requantize_affine_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_N_SIGNED),
    .LOW(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_LOW),
    .HIGH(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_HIGH),
    .SHIFT(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_SHIFT),
    .TIES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_TIES),
    .PRODUCT_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_PRODUCT_BITS),
    .MULTIPLIER_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_MULTIPLIER_BITS),
    .OFFSET_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_OFFSET_BITS),
    .ROW_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_ROW_BITS),
    .MULTIPLIER(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_MULTIPLIER),
    .OFFSET(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_ACC_OFFSET)
  ) u_k0_lstm_layers_0_0_tail_input_acc (
    .clk_i(clk_i),
    .rst_i(rst_i),
    .row_i(1'd0),
    .n_i(input_sum),
    .y_o(input_acc)
  );
  logic [7:0] input_gate;
  gw_table_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_GATE_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_GATE_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_GATE_Y_BITS),
    .FILE({ROM_DIR, gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_GATE_FILE})
  ) u_k0_lstm_layers_0_0_tail_input_gate (
    .clk_i(clk_i),
    .n_i(input_acc),
    .y_o(input_gate)
  );
  logic [7:0] forget_acc;
  gw_requantize_affine_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_N_SIGNED),
    .LOW(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_LOW),
    .HIGH(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_HIGH),
    .SHIFT(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_SHIFT),
    .TIES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_TIES),
    .PRODUCT_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_PRODUCT_BITS),
    .MULTIPLIER_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_MULTIPLIER_BITS),
    .OFFSET_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_OFFSET_BITS),
    .ROW_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_ROW_BITS),
    .MULTIPLIER(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_MULTIPLIER),
    .OFFSET(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_ACC_OFFSET)
  ) u_k0_lstm_layers_0_0_tail_forget_acc (
    .clk_i(clk_i),
    .rst_i(rst_i),
    .row_i(1'd0),
    .n_i(forget_sum),
    .y_o(forget_acc)
  );
  logic [7:0] forget_gate;
  gw_table_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_GATE_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_GATE_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_GATE_Y_BITS),
    .FILE({ROM_DIR, gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_GATE_FILE})
  ) u_k0_lstm_layers_0_0_tail_forget_gate (
    .clk_i(clk_i),
    .n_i(forget_acc),
    .y_o(forget_gate)
  );
  logic [7:0] cell_acc;
  gw_requantize_affine_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_N_SIGNED),
    .LOW(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_LOW),
    .HIGH(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_HIGH),
    .SHIFT(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_SHIFT),
    .TIES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_TIES),
    .PRODUCT_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_PRODUCT_BITS),
    .MULTIPLIER_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_MULTIPLIER_BITS),
    .OFFSET_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_OFFSET_BITS),
    .ROW_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_ROW_BITS),
    .MULTIPLIER(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_MULTIPLIER),
    .OFFSET(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_ACC_OFFSET)
  ) u_k0_lstm_layers_0_0_tail_cell_acc (
    .clk_i(clk_i),
    .rst_i(rst_i),
    .row_i(1'd0),
    .n_i(cell_sum),
    .y_o(cell_acc)
  );
  logic [7:0] cell_gate;
  gw_table_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_GATE_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_GATE_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_GATE_Y_BITS),
    .FILE({ROM_DIR, gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_CELL_GATE_FILE})
  ) u_k0_lstm_layers_0_0_tail_cell_gate (
    .clk_i(clk_i),
    .n_i(cell_acc),
    .y_o(cell_gate)
  );
  logic [7:0] output_acc;
  gw_requantize_affine_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_N_SIGNED),
    .LOW(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_LOW),
    .HIGH(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_HIGH),
    .SHIFT(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_SHIFT),
    .TIES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_TIES),
    .PRODUCT_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_PRODUCT_BITS),
    .MULTIPLIER_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_MULTIPLIER_BITS),
    .OFFSET_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_OFFSET_BITS),
    .ROW_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_ROW_BITS),
    .MULTIPLIER(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_MULTIPLIER),
    .OFFSET(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_ACC_OFFSET)
  ) u_k0_lstm_layers_0_0_tail_output_acc (
    .clk_i(clk_i),
    .rst_i(rst_i),
    .row_i(1'd0),
    .n_i(output_sum),
    .y_o(output_acc)
  );
  logic [7:0] output_gate;
  gw_table_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_GATE_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_GATE_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_GATE_Y_BITS),
    .FILE({ROM_DIR, gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_OUTPUT_GATE_FILE})
  ) u_k0_lstm_layers_0_0_tail_output_gate (
    .clk_i(clk_i),
    .n_i(output_acc),
    .y_o(output_gate)
  );
  logic [15:0] forget_cell_product;
  gw_product_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_PRODUCT_LANES),
    .A_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_PRODUCT_A_BITS),
    .A_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_PRODUCT_A_SIGNED),
    .B_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_PRODUCT_B_BITS),
    .B_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_PRODUCT_B_SIGNED),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_PRODUCT_Y_BITS)
  ) u_k0_lstm_layers_0_0_tail_forget_cell_product (
    .clk_i(clk_i),
    .a_i(forget_gate),
    .b_i(c_prev),
    .y_o(forget_cell_product)
  );
  logic [7:0] forget_cell;
  gw_requantize_affine_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_N_SIGNED),
    .LOW(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_LOW),
    .HIGH(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_HIGH),
    .SHIFT(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_SHIFT),
    .TIES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_TIES),
    .PRODUCT_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_PRODUCT_BITS),
    .MULTIPLIER_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_MULTIPLIER_BITS),
    .OFFSET_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_OFFSET_BITS),
    .ROW_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_ROW_BITS),
    .MULTIPLIER(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_MULTIPLIER),
    .OFFSET(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_FORGET_CELL_OFFSET)
  ) u_k0_lstm_layers_0_0_tail_forget_cell (
    .clk_i(clk_i),
    .rst_i(rst_i),
    .row_i(1'd0),
    .n_i(forget_cell_product),
    .y_o(forget_cell)
  );
  logic [15:0] input_cell_product;
  gw_product_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_PRODUCT_LANES),
    .A_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_PRODUCT_A_BITS),
    .A_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_PRODUCT_A_SIGNED),
    .B_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_PRODUCT_B_BITS),
    .B_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_PRODUCT_B_SIGNED),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_PRODUCT_Y_BITS)
  ) u_k0_lstm_layers_0_0_tail_input_cell_product (
    .clk_i(clk_i),
    .a_i(input_gate),
    .b_i(cell_gate),
    .y_o(input_cell_product)
  );
  logic [7:0] input_cell;
  gw_requantize_affine_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_N_SIGNED),
    .LOW(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_LOW),
    .HIGH(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_HIGH),
    .SHIFT(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_SHIFT),
    .TIES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_TIES),
    .PRODUCT_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_PRODUCT_BITS),
    .MULTIPLIER_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_MULTIPLIER_BITS),
    .OFFSET_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_OFFSET_BITS),
    .ROW_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_ROW_BITS),
    .MULTIPLIER(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_MULTIPLIER),
    .OFFSET(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_INPUT_CELL_OFFSET)
  ) u_k0_lstm_layers_0_0_tail_input_cell (
    .clk_i(clk_i),
    .rst_i(rst_i),
    .row_i(1'd0),
    .n_i(input_cell_product),
    .y_o(input_cell)
  );
  logic [9:0] state_sum;
  gw_sum_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_STATE_SUM_LANES),
    .A_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_STATE_SUM_A_BITS),
    .A_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_STATE_SUM_A_SIGNED),
    .B_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_STATE_SUM_B_BITS),
    .B_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_STATE_SUM_B_SIGNED),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_STATE_SUM_Y_BITS),
    .SUBTRACT(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_STATE_SUM_SUBTRACT)
  ) u_k0_lstm_layers_0_0_tail_state_sum (
    .clk_i(clk_i),
    .a_i(forget_cell),
    .b_i(input_cell),
    .y_o(state_sum)
  );
  logic [7:0] c;
  gw_requantize_clip_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_C_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_C_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_C_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_C_N_SIGNED),
    .LOW(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_C_LOW),
    .HIGH(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_C_HIGH)
  ) u_k0_lstm_layers_0_0_tail_c (
    .clk_i(clk_i),
    .n_i(state_sum),
    .y_o(c)
  );
  logic [7:0] hidden_tanh;
  gw_table_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_HIDDEN_TANH_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_HIDDEN_TANH_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_HIDDEN_TANH_Y_BITS),
    .FILE({ROM_DIR, gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_HIDDEN_TANH_FILE})
  ) u_k0_lstm_layers_0_0_tail_hidden_tanh (
    .clk_i(clk_i),
    .n_i(c),
    .y_o(hidden_tanh)
  );
  logic [7:0] output_gate_at_16;
  gw_delay_v1 #(.WIDTH(8), .LATENCY(10)) u_output_gate_at_16 (
    .clk_i, .rst_i, .data_i(output_gate), .data_o(output_gate_at_16)
  );
  logic [15:0] h_product;
  gw_product_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_PRODUCT_LANES),
    .A_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_PRODUCT_A_BITS),
    .A_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_PRODUCT_A_SIGNED),
    .B_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_PRODUCT_B_BITS),
    .B_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_PRODUCT_B_SIGNED),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_PRODUCT_Y_BITS)
  ) u_k0_lstm_layers_0_0_tail_h_product (
    .clk_i(clk_i),
    .a_i(output_gate_at_16),
    .b_i(hidden_tanh),
    .y_o(h_product)
  );
  logic [5:0] h;
  gw_requantize_affine_v1 #(
    .LANES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_LANES),
    .N_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_N_BITS),
    .Y_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_N_SIGNED),
    .LOW(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_LOW),
    .HIGH(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_HIGH),
    .SHIFT(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_SHIFT),
    .TIES(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_TIES),
    .PRODUCT_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_PRODUCT_BITS),
    .MULTIPLIER_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_MULTIPLIER_BITS),
    .OFFSET_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_OFFSET_BITS),
    .ROW_BITS(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_ROW_BITS),
    .MULTIPLIER(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_MULTIPLIER),
    .OFFSET(gatewright_params_pkg::K0_LSTM_LAYERS_0_0_TAIL_H_OFFSET)
  ) u_k0_lstm_layers_0_0_tail_h (
    .clk_i(clk_i),
    .rst_i(rst_i),
    .row_i(1'd0),
    .n_i(h_product),
    .y_o(h)
  );
  generate for (u = 0; u < 2; u++) begin : gen_h_o
    assign h_o[u*4+:4] = 4'($signed(h[u*3+:3]));
  end endgenerate
  logic [7:0] c_at_22;
  gw_delay_v1 #(.WIDTH(8), .LATENCY(8)) u_c_at_22 (
    .clk_i, .rst_i, .data_i(c), .data_o(c_at_22)
  );
  generate for (u = 0; u < 2; u++) begin : gen_c_o
    assign c_o[u*4+:4] = 4'($signed(c_at_22[u*4+:4]));
  end endgenerate

endmodule
