// n * MULTIPLIER + OFFSET in each of LANES lanes: what requantizers shift.
//
// With ROWS = 0 all channels share MULTIPLIER and OFFSET; else FILE holds, for each row of LANES
// channels, LANES multipliers (lowest bits) and then LANES offsets, and the row comes with n.
// What comes in cycle t leaves in cycle t + 3, two later with ROWS; else as CUT says, which of the last
// registers are there: the product's two first, then that of the sum, and one in front of the product.
// Not for: products that leave PRODUCT_BITS, which the compiler has proven.
module gw_rescale #(
    parameter int LANES = 1,
    parameter int N_BITS = 20,
    parameter bit N_SIGNED = 1'b1,
    parameter int PRODUCT_BITS = 32,
    parameter int MULTIPLIER_BITS = 8,
    parameter int OFFSET_BITS = 8,
    parameter logic [63:0] MULTIPLIER = 64'd1,
    parameter logic [63:0] OFFSET = 64'd0,
    parameter int ROWS = 0,
    parameter int ROW_BITS = 1,
    parameter FILE = "",
    parameter bit [3:0] CUT = 4'b0111
) (
    input  logic                          clk_i,
    input  logic                          rst_i,
    input  logic [          ROW_BITS-1:0] row_i,
    input  logic [      LANES*N_BITS-1:0] n_i,
    output logic [LANES*PRODUCT_BITS-1:0] v_o
);

  logic [LANES*N_BITS-1:0] n;
  logic [LANES*MULTIPLIER_BITS-1:0] multipliers;
  logic [LANES*OFFSET_BITS-1:0] offsets;

  generate if (ROWS == 0) begin : gen_shared
    logic unused;
    assign unused = &{1'b0, rst_i, row_i};
    assign n = n_i;
    assign multipliers = {LANES{MULTIPLIER[MULTIPLIER_BITS-1:0]}};
    assign offsets = {LANES{OFFSET[OFFSET_BITS-1:0]}};
  end else begin : gen_channels
    localparam int ADDRESS_BITS = ROWS > 1 ? $clog2(ROWS) : 1;
    logic [LANES*OFFSET_BITS-1:0] read;
    gw_rom #(.WIDTH(LANES * (MULTIPLIER_BITS + OFFSET_BITS)), .DEPTH(ROWS), .FILE(FILE)) u_rom (
        .clk_i, .address_i(ADDRESS_BITS'(row_i)), .data_o({read, multipliers})
    );
    gw_delay #(.WIDTH(LANES * N_BITS), .LATENCY(2)) u_n (.clk_i, .rst_i, .data_i(n_i), .data_o(n));
    gw_delay #(.WIDTH(LANES * OFFSET_BITS), .LATENCY(int'(CUT[0]) + int'(CUT[1]) + int'(CUT[3]))) u_offsets (
        .clk_i, .rst_i, .data_i(read), .data_o(offsets)
    );
  end endgenerate

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    // One bit more makes every factor signed.
    logic signed [N_BITS:0] factor;
    logic signed [MULTIPLIER_BITS:0] multiplier;
    logic signed [OFFSET_BITS-1:0] offset;
    logic signed [PRODUCT_BITS-1:0] product;

    assign factor = $signed({N_SIGNED && n[(lane+1)*N_BITS-1], n[lane*N_BITS+:N_BITS]});
    assign multiplier = $signed({1'b0, multipliers[lane*MULTIPLIER_BITS+:MULTIPLIER_BITS]});
    assign offset = $signed(offsets[lane*OFFSET_BITS+:OFFSET_BITS]);

    logic unused_bits;
    assign unused_bits = &{1'b0, offset};

    gw_multiply #(
        .A_BITS(N_BITS + 1), .B_BITS(MULTIPLIER_BITS + 1), .Y_BITS(PRODUCT_BITS), .CUT({CUT[3], CUT[1:0]})
    ) u_multiply (
        .clk_i, .a_i(factor), .b_i(multiplier), .y_o(product)
    );
    gw_cut #(.WIDTH(PRODUCT_BITS), .CUT(CUT[2])) u_sum (
        .clk_i, .data_i(product + PRODUCT_BITS'(offset)), .data_o(v_o[lane*PRODUCT_BITS+:PRODUCT_BITS])
    );
  end endgenerate

endmodule
