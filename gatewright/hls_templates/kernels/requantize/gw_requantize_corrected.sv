// Requantizer, variant corrected: v = n * MULTIPLIER + OFFSET, k = v >> SHIFT, clamped, in each of
// LANES lanes, less one where the fraction of v lies below the bound of k.
//
// A code's bound is a word of PREFIX_llll.hex with lane llll in decimal, in steps of 2^DROP of the
// fraction. With BOUND_ROWS = 0 all channels share that of lane 0; else it holds a row's after the
// other's, each filled up to a power of two. ROWS, ROW_BITS and FILE as in gw_rescale.
// What comes in cycle t leaves in cycle t + 7, two later with ROWS.
module gw_requantize_corrected #(
    parameter int LANES = 1,
    parameter int N_BITS = 20,
    parameter bit N_SIGNED = 1'b1,
    parameter int Y_BITS = 8,
    parameter int LOW = -128,
    parameter int HIGH = 127,
    parameter int PRODUCT_BITS = 32,
    parameter int SHIFT = 1,
    parameter int DROP = 0,
    parameter int BOUND_BITS = 1,
    parameter int MULTIPLIER_BITS = 8,
    parameter int OFFSET_BITS = 8,
    parameter logic [63:0] MULTIPLIER = 64'd1,
    parameter logic [63:0] OFFSET = 64'd0,
    parameter int ROWS = 0,
    parameter int BOUND_ROWS = 0,
    parameter int ROW_BITS = 1,
    parameter FILE = "",
    parameter PREFIX = ""
) (
    input  logic                    clk_i,
    input  logic                    rst_i,
    input  logic [    ROW_BITS-1:0] row_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  // LOW to HIGH.
  localparam int CODE_BITS = $clog2(HIGH - LOW + 1);
  localparam int FRACTION_BITS = SHIFT - DROP;
  localparam int COMPARED = BOUND_BITS > FRACTION_BITS ? BOUND_BITS : FRACTION_BITS;
  localparam int SETS = BOUND_ROWS > 0 ? BOUND_ROWS : 1;
  localparam int ADDRESS_BITS = CODE_BITS + (SETS > 1 ? $clog2(SETS) : 0);

  logic [LANES*PRODUCT_BITS-1:0] sums_q;
  logic [ROW_BITS-1:0] row;

  gw_rescale #(
      .LANES(LANES), .N_BITS(N_BITS), .N_SIGNED(N_SIGNED), .PRODUCT_BITS(PRODUCT_BITS),
      .MULTIPLIER_BITS(MULTIPLIER_BITS), .OFFSET_BITS(OFFSET_BITS),
      .MULTIPLIER(MULTIPLIER), .OFFSET(OFFSET), .ROWS(ROWS), .ROW_BITS(ROW_BITS), .FILE(FILE)
  ) u_rescale (.clk_i, .rst_i, .row_i, .n_i, .v_o(sums_q));

  gw_delay #(.WIDTH(ROW_BITS), .LATENCY(ROWS > 0 ? 6 : 4)) u_row (
      .clk_i, .rst_i, .data_i(row_i), .data_o(row)
  );

  genvar lane;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    localparam int SOURCE = BOUND_ROWS > 0 ? lane : 0;
    localparam logic [31:0] LANE_NAME = {
      8'(48 + SOURCE / 1000), 8'(48 + SOURCE / 100 % 10), 8'(48 + SOURCE / 10 % 10), 8'(48 + SOURCE % 10)
    };
    // Wide enough for the shifted sum and both ends.
    localparam int BITS = PRODUCT_BITS - SHIFT > 33 ? PRODUCT_BITS - SHIFT : 33;
    logic signed [PRODUCT_BITS-1:0] sum_q;
    logic signed [BITS-1:0] quotient;
    logic below, above, above_q, at_end;
    logic [CODE_BITS-1:0] code_q, code;
    logic [FRACTION_BITS-1:0] fraction_q, fraction;
    logic [ADDRESS_BITS-1:0] address;
    logic [BOUND_BITS-1:0] bound;
    logic early;

    assign sum_q = $signed(sums_q[lane*PRODUCT_BITS+:PRODUCT_BITS]);
    assign quotient = BITS'(sum_q >>> SHIFT);
    assign below = quotient < BITS'(LOW);
    assign above = quotient > BITS'(HIGH);
    always_ff @(posedge clk_i) begin
      code_q <= below ? '0 : CODE_BITS'((above ? BITS'(HIGH) : quotient) - BITS'(LOW));
      fraction_q <= sum_q[SHIFT-1:DROP];
      above_q <= above;
    end

    if (BOUND_ROWS > 1) begin : gen_rows
      assign address = {row[ADDRESS_BITS-CODE_BITS-1:0], code_q};
    end else begin : gen_one
      assign address = code_q;
    end
    gw_rom #(
        .WIDTH(BOUND_BITS), .DEPTH(SETS << CODE_BITS), .FILE({PREFIX, "_", LANE_NAME, ".hex"})
    ) u_bounds (.clk_i, .address_i(address), .data_o(bound));
    gw_delay #(.WIDTH(CODE_BITS + FRACTION_BITS + 1), .LATENCY(2)) u_waiting (
        .clk_i, .rst_i, .data_i({above_q, fraction_q, code_q}), .data_o({at_end, fraction, code})
    );
    assign early = !at_end && COMPARED'(fraction) < COMPARED'(bound);
    always_ff @(posedge clk_i)
      y_o[lane*Y_BITS+:Y_BITS] <= Y_BITS'(33'(LOW) + $signed({1'b0, 32'(code)}) - $signed({32'b0, early}));

    logic unused;
    assign unused = &{1'b0, sum_q};
  end endgenerate

  logic unused_row;
  assign unused_row = &{1'b0, row};

endmodule
