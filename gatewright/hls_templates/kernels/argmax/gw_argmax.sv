// The index of the largest value of each beat, the first of several.
//
// Compares one class a cycle; the beat is held at the input and taken with its last class, in the
// cycle in which the index is given.
module gw_argmax #(
    parameter int CLASSES = 4,
    parameter int BITS = 8,
    parameter bit SIGNED = 1'b1,
    parameter int INDEX_BITS = 2
) (
    input  logic                    clk_i,
    input  logic                    rst_i,
    input  logic                    in_valid_i,
    output logic                    in_ready_o,
    input  logic [CLASSES*BITS-1:0] in_data_i,
    input  logic                    in_last_i,
    input  logic                    in_keep_i,
    output logic                    out_valid_o,
    input  logic                    out_ready_i,
    output logic [  INDEX_BITS-1:0] out_data_o,
    output logic                    out_last_o,
    output logic                    out_keep_o
);

  logic complete;
  logic [CLASSES-1:0][BITS-1:0] values;

  assign values = in_data_i;

  assign in_ready_o  = out_ready_i && complete;
  assign out_valid_o = in_valid_i && complete;
  assign out_last_o  = in_last_i;
  assign out_keep_o  = in_keep_i;

  generate if (CLASSES == 1) begin : gen_one
    logic unused;
    assign unused = ^{clk_i, rst_i, values};
    assign complete = 1'b1;
    assign out_data_o = '0;
  end else begin : gen_serial
    localparam int ClassBits = $clog2(CLASSES);

    logic [BITS-1:0] value;
    logic [ClassBits-1:0] class_q, best_class_q, best_class;
    // One bit more, and signed holds either kind.
    logic signed [BITS:0] candidate, best_q;
    logic better;

    assign value = values[class_q];
    assign candidate = {SIGNED && value[BITS-1], value};
    assign better = class_q == '0 || candidate > best_q;
    assign best_class = better ? class_q : best_class_q;
    assign complete = class_q == ClassBits'(CLASSES - 1);
    assign out_data_o = INDEX_BITS'(best_class);

    always_ff @(posedge clk_i) begin
      if (rst_i) class_q <= '0;
      else if (in_valid_i && !complete) class_q <= class_q + 1'b1;
      else if (in_valid_i && out_ready_i) class_q <= '0;
    end

    always_ff @(posedge clk_i) begin
      if (better) best_q <= candidate;
      best_class_q <= best_class;
    end
  end endgenerate

endmodule
