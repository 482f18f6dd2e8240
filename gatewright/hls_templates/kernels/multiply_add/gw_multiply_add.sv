// n times a constant of its channel, plus another one, in each of LANES lanes, five cycles later.
//
// FILE holds, for each row of LANES channels, LANES factors (lowest bits) and then LANES terms; the
// row comes with n. Not for: results that leave Y_BITS, which the compiler has proven.
module gw_multiply_add #(
    parameter int LANES = 1,
    parameter int N_BITS = 8,
    parameter bit N_SIGNED = 1'b1,
    parameter int Y_BITS = 16,
    parameter int FACTOR_BITS = 8,
    parameter int TERM_BITS = 8,
    parameter int ROWS = 1,
    parameter int ROW_BITS = 1,
    parameter FILE = ""
) (
    input  logic                    clk_i,
    input  logic                    rst_i,
    input  logic [    ROW_BITS-1:0] row_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  // Sums in a width that holds the product and the term, whose sum fits Y_BITS again.
  localparam int WIDE = (N_BITS + FACTOR_BITS > TERM_BITS ? N_BITS + FACTOR_BITS : TERM_BITS) + 2;

  logic [LANES*N_BITS-1:0] n;
  logic [LANES*FACTOR_BITS-1:0] factors;
  logic [LANES*TERM_BITS-1:0] read, terms;

  gw_rom #(.WIDTH(LANES * (FACTOR_BITS + TERM_BITS)), .DEPTH(ROWS), .FILE(FILE)) u_rom (
      .clk_i, .address_i(row_i), .data_o({read, factors})
  );
  gw_delay #(.WIDTH(LANES * N_BITS), .LATENCY(2)) u_n (.clk_i, .rst_i, .data_i(n_i), .data_o(n));
  gw_delay #(.WIDTH(LANES * TERM_BITS), .LATENCY(2)) u_terms (.clk_i, .rst_i, .data_i(read), .data_o(terms));

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    logic signed [N_BITS:0] value;
    logic signed [FACTOR_BITS-1:0] factor;
    logic signed [WIDE-1:0] product, sum;
    assign value = $signed({N_SIGNED && n[(lane+1)*N_BITS-1], n[lane*N_BITS+:N_BITS]});
    assign factor = $signed(factors[lane*FACTOR_BITS+:FACTOR_BITS]);
    gw_multiply #(.A_BITS(N_BITS + 1), .B_BITS(FACTOR_BITS), .Y_BITS(WIDE)) u_multiply (
        .clk_i, .a_i(value), .b_i(factor), .y_o(product)
    );
    assign sum = product + WIDE'($signed(terms[lane*TERM_BITS+:TERM_BITS]));
    logic unused;
    assign unused = &{1'b0, sum};
    always_ff @(posedge clk_i) y_o[lane*Y_BITS+:Y_BITS] <= Y_BITS'(sum);
  end endgenerate

endmodule
