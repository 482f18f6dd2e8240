// Function of k3_relu_out.
module gatewright_k3_relu_out_pipeline #(
  parameter ROM_DIR = "./"
) (
  input  logic clk_i,
  input  logic rst_i,
  input  logic [1:0] row_i,
  input  logic [6:0] n_i,
  output logic [3:0] y_o
);

  logic unused;
  assign unused = &{1'b0, clk_i, rst_i, row_i, n_i};
  genvar u;
  logic [6:0] n;
  generate for (u = 0; u < 1; u++) begin : gen_n
    assign n[u*7+:7] = n_i[u*7+:7];
  end endgenerate
  logic [3:0] y;
  gw_requantize_affine_v1 #(
    .LANES(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_LANES),
    .N_BITS(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_N_BITS),
    .Y_BITS(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_Y_BITS),
    .N_SIGNED(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_N_SIGNED),
    .LOW(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_LOW),
    .HIGH(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_HIGH),
    .SHIFT(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_SHIFT),
    .TIES(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_TIES),
    .PRODUCT_BITS(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_PRODUCT_BITS),
    .MULTIPLIER_BITS(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_MULTIPLIER_BITS),
    .OFFSET_BITS(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_OFFSET_BITS),
    .ROW_BITS(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_ROW_BITS),
    .ROWS(gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_ROWS),
    .FILE({ROM_DIR, gatewright_params_pkg::K3_RELU_OUT_PIPELINE_Y_FILE})
  ) u_k3_relu_out_pipeline_y (
    .clk_i(clk_i),
    .rst_i(rst_i),
    .row_i(row_i),
    .n_i(n),
    .y_o(y)
  );
  generate for (u = 0; u < 1; u++) begin : gen_y_o
    assign y_o[u*4+:4] = 4'(y[u*4+:4]);
  end endgenerate

endmodule
