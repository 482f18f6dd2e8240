// Requantizer, variant thresholds: LOW plus the number of thresholds that n has reached, in each of
// LANES lanes: a binary search with a pipeline stage for each of its DEPTH levels.
//
// The thresholds of a level of a lane are a ROM of their own, in PREFIX_llll_vv.hex with lane llll and
// level vv in decimal. With ROWS = 0 all channels share those of lane 0; else a ROM holds a
// row's thresholds after the other's. What comes in cycle t leaves in cycle t + 3 * DEPTH + 1.
module gw_requantize_thresholds #(
    parameter int LANES = 1,
    parameter int N_BITS = 20,
    parameter bit N_SIGNED = 1'b1,
    parameter int Y_BITS = 8,
    parameter int T_BITS = 21,
    parameter int DEPTH = 8,
    parameter int LOW = 0,
    parameter int ROWS = 0,
    parameter int ROW_BITS = 1,
    parameter PREFIX = ""
) (
    input  logic                    clk_i,
    input  logic                    rst_i,
    input  logic [    ROW_BITS-1:0] row_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  localparam int SETS = ROWS > 0 ? ROWS : 1;

  genvar lane, level;
  generate for (lane = 0; lane < LANES; lane++) begin : gen_lane
    localparam int SOURCE = ROWS > 0 ? lane : 0;
    localparam logic [31:0] LANE_NAME = {
      8'(48 + SOURCE / 1000), 8'(48 + SOURCE / 100 % 10), 8'(48 + SOURCE / 10 % 10), 8'(48 + SOURCE % 10)
    };
    for (level = 0; level < DEPTH; level++) begin : gen_level
      localparam logic [15:0] LEVEL_NAME = {8'(48 + level / 10), 8'(48 + level % 10)};
      localparam int WORDS = SETS << level;
      localparam int ADDRESS_BITS = WORDS > 1 ? $clog2(WORDS) : 1;
      logic [T_BITS-1:0] threshold;
      logic [ADDRESS_BITS-1:0] address;
      // Before the level, and behind it.
      logic signed [N_BITS:0] n, waiting_n, n_q;
      logic [DEPTH-1:0] count, waiting, count_q;
      logic [ROW_BITS-1:0] row, row_behind;

      if (level == 0) begin : gen_first
        assign n = $signed({N_SIGNED && n_i[(lane+1)*N_BITS-1], n_i[lane*N_BITS+:N_BITS]});
        assign count = '0;
        assign row = row_i;
      end else begin : gen_next
        assign n = gen_level[level-1].n_q;
        assign count = gen_level[level-1].count_q;
        assign row = gen_level[level-1].row_behind;
      end

      // The bits decided so far are the position in the level.
      if (ROWS > 0) begin : gen_rows
        assign address = ADDRESS_BITS'((32'(row) << level) | 32'(count));
      end else begin : gen_one
        assign address = ADDRESS_BITS'(count);
      end
      gw_rom #(.WIDTH(T_BITS), .DEPTH(WORDS), .FILE({PREFIX, "_", LANE_NAME, "_", LEVEL_NAME, ".hex"})) u_rom (
          .clk_i, .address_i(address), .data_o(threshold)
      );
      gw_delay #(.WIDTH(N_BITS + 1), .LATENCY(2)) u_n (.clk_i, .rst_i, .data_i(n), .data_o(waiting_n));
      gw_delay #(.WIDTH(DEPTH), .LATENCY(2)) u_count (.clk_i, .rst_i, .data_i(count), .data_o(waiting));
      gw_delay #(.WIDTH(ROW_BITS), .LATENCY(3)) u_row (
          .clk_i, .rst_i, .data_i(row), .data_o(row_behind)
      );
      always_ff @(posedge clk_i) begin
        n_q <= waiting_n;
        count_q <= DEPTH'({waiting, (T_BITS + N_BITS)'(waiting_n) >= (T_BITS + N_BITS)'($signed(threshold))});
      end
    end

    always_ff @(posedge clk_i) y_o[lane*Y_BITS+:Y_BITS] <= Y_BITS'(33'(LOW) + 33'(gen_level[DEPTH-1].count_q));

    logic unused;
    assign unused = &{1'b0, gen_level[DEPTH-1].n_q, gen_level[DEPTH-1].row_behind};
  end endgenerate

endmodule
