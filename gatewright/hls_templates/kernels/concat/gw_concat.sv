// Concatenation: the values of several streams side by side, beat by beat.
//
// Input n has as many values as word n of WIDTHS says, of as many bits as that of BITS, extended to OUT_BITS. Its handshake, `last` and `keep` are
// bit n of their ports, its data follows that of input n - 1 in `in_data_i`, from bit 0. IN_BEAT_BITS
// is the sum of their products, OUT_WIDTH that of WIDTHS. No registers.
// Not for: inputs with different numbers of beats; `last` and `keep` are those of input 0.
module gw_concat #(
    parameter int INPUTS = 2,
    parameter logic [INPUTS*32-1:0] WIDTHS = {INPUTS{32'd1}},
    parameter logic [INPUTS*32-1:0] BITS = {INPUTS{32'd8}},
    parameter logic [INPUTS-1:0] SIGNED = '1,
    parameter int IN_BEAT_BITS = 16,
    parameter int OUT_WIDTH = 2,
    parameter int OUT_BITS = 8
) (
    input  logic                          clk_i,
    input  logic                          rst_i,
    input  logic [            INPUTS-1:0] in_valid_i,
    output logic [            INPUTS-1:0] in_ready_o,
    input  logic [      IN_BEAT_BITS-1:0] in_data_i,
    input  logic [            INPUTS-1:0] in_last_i,
    input  logic [            INPUTS-1:0] in_keep_i,
    output logic                          out_valid_o,
    input  logic                          out_ready_i,
    output logic [OUT_WIDTH*OUT_BITS-1:0] out_data_o,
    output logic                          out_last_o,
    output logic                          out_keep_o
);

  logic unused;
  assign unused = ^{clk_i, rst_i, in_last_i, in_keep_i};

  assign out_valid_o = &in_valid_i;
  assign in_ready_o  = {INPUTS{out_valid_o && out_ready_i}};
  assign out_last_o  = in_last_i[0];
  assign out_keep_o  = in_keep_i[0];

  // The bits, or with `one` set the values, of the inputs before input n.
  function automatic int skipped(input int n, input bit one);
    skipped = 0;
    for (int i = 0; i < n; i++)
      skipped = skipped + WIDTHS[32*i+:32] * (one ? 32'd1 : BITS[32*i+:32]);
  endfunction

  genvar n;
  generate for (n = 0; n < INPUTS; n++) begin : gen_input
    localparam int Width = WIDTHS[32*n+:32];
    localparam int Bits = BITS[32*n+:32];

    gw_resize #(
        .WIDTH   (Width),
        .IN_BITS (Bits),
        .OUT_BITS(OUT_BITS),
        .SIGNED  (SIGNED[n])
    ) i_resize (
        .data_i(in_data_i[skipped(n, 1'b0)+:Width*Bits]),
        .data_o(out_data_o[skipped(n, 1'b1)*OUT_BITS+:Width*OUT_BITS])
    );
  end endgenerate

endmodule
