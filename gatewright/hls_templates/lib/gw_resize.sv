// WIDTH values of IN_BITS side by side become values of OUT_BITS: extended, or the low bits kept.
//
// Wires only. Not for: saturating.
module gw_resize #(
    parameter int WIDTH = 1,
    parameter int IN_BITS = 8,
    parameter int OUT_BITS = 8,
    parameter bit SIGNED = 1'b1
) (
    input  logic [ WIDTH*IN_BITS-1:0] data_i,
    output logic [WIDTH*OUT_BITS-1:0] data_o
);

  genvar i;
  generate for (i = 0; i < WIDTH; i++) begin : gen_value
    logic [IN_BITS-1:0] value;
    assign value = data_i[i*IN_BITS+:IN_BITS];

    if (OUT_BITS > IN_BITS) begin : gen_extend
      localparam int More = OUT_BITS - IN_BITS;
      assign data_o[i*OUT_BITS+:OUT_BITS] = {{More{SIGNED && value[IN_BITS-1]}}, value};
    end else begin : gen_cut
      logic unused_high;
      assign unused_high = ^value;
      assign data_o[i*OUT_BITS+:OUT_BITS] = value[OUT_BITS-1:0];
    end
  end endgenerate

endmodule
