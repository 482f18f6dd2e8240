// Look-up table: the word of each value in each of LANES lanes, two cycles later, or fewer by CUT, see
// gw_rom.
//
// The low N_BITS of a two's complement value address the table, so negative values are its upper
// half. Used for activation functions and for the requantizers of narrow integers.
module gw_table #(
    parameter int LANES = 1,
    parameter int N_BITS = 8,
    parameter int Y_BITS = 8,
    parameter FILE = "",
    parameter bit [1:0] CUT = 2'b11
) (
    input  logic                    clk_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    gw_rom #(.WIDTH(Y_BITS), .DEPTH(1 << N_BITS), .FILE(FILE), .CUT(CUT)) u_rom (
        .clk_i,
        .address_i(n_i[lane*N_BITS+:N_BITS]),
        .data_o(y_o[lane*Y_BITS+:Y_BITS])
    );
  end endgenerate

endmodule
