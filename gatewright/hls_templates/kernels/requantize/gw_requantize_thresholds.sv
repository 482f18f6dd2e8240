// Requantizer, variant thresholds: LOW plus the number of thresholds that n has reached, in each of
// LANES lanes: a binary search with a pipeline stage for each of its DEPTH levels.
//
// The thresholds of a level of a lane are a ROM of their own, in PREFIX_llll_vv.hex with lane llll and
// level vv in decimal. With ROWS = 0 all channels share those of lane 0; else a ROM holds a
// row's thresholds after the other's. What comes in cycle t leaves in cycle t + 3 * DEPTH + 1.
module gw_requantize_thresholds #(
    parameter int unsigned LANES = 1,
    parameter int unsigned N_BITS = 20,
    parameter bit N_SIGNED = 1'b1,
    parameter int unsigned Y_BITS = 8,
    parameter int unsigned T_BITS = 21,
    parameter int unsigned DEPTH = 8,
    parameter int LOW = 0,
    parameter int unsigned ROWS = 0,
    parameter int unsigned ROW_BITS = 1,
    parameter PREFIX = ""
) (
    input  logic                    clk_i,
    input  logic                    rst_i,
    input  logic [    ROW_BITS-1:0] row_i,
    input  logic [LANES*N_BITS-1:0] n_i,
    output logic [LANES*Y_BITS-1:0] y_o
);

  localparam int unsigned SETS = ROWS > 0 ? ROWS : 1;

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    localparam int unsigned SOURCE = ROWS > 0 ? lane : 0;
    localparam logic [31:0] LANE_NAME = {
      8'(48 + SOURCE / 1000), 8'(48 + SOURCE / 100 % 10), 8'(48 + SOURCE / 10 % 10), 8'(48 + SOURCE % 10)
    };
    logic signed [N_BITS:0] n[DEPTH+1];
    logic [ROW_BITS-1:0] row[DEPTH+1];
    logic [DEPTH-1:0] count[DEPTH+1];

    assign n[0] = $signed({N_SIGNED && n_i[(lane+1)*N_BITS-1], n_i[lane*N_BITS+:N_BITS]});
    assign row[0] = row_i;
    assign count[0] = '0;

    for (genvar level = 0; level < DEPTH; level++) begin : gen_level
      localparam logic [15:0] LEVEL_NAME = {8'(48 + level / 10), 8'(48 + level % 10)};
      localparam int unsigned WORDS = SETS << level;
      localparam int unsigned ADDRESS_BITS = WORDS > 1 ? $clog2(WORDS) : 1;
      logic [T_BITS-1:0] threshold;
      logic [ADDRESS_BITS-1:0] address;
      logic signed [N_BITS:0] waiting_n;
      logic [DEPTH-1:0] waiting;

      // The bits decided so far are the position in the level.
      if (ROWS > 0) begin : gen_rows
        assign address = ADDRESS_BITS'((32'(row[level]) << level) | 32'(count[level]));
      end else begin : gen_one
        assign address = ADDRESS_BITS'(count[level]);
      end
      gw_rom #(.WIDTH(T_BITS), .DEPTH(WORDS), .FILE({PREFIX, "_", LANE_NAME, "_", LEVEL_NAME, ".hex"})) u_rom (
          .clk_i, .address_i(address), .data_o(threshold)
      );
      gw_delay #(.WIDTH(N_BITS + 1), .LATENCY(2)) u_n (.clk_i, .rst_i, .data_i(n[level]), .data_o(waiting_n));
      gw_delay #(.WIDTH(DEPTH), .LATENCY(2)) u_count (.clk_i, .rst_i, .data_i(count[level]), .data_o(waiting));
      gw_delay #(.WIDTH(ROW_BITS), .LATENCY(3)) u_row (
          .clk_i, .rst_i, .data_i(row[level]), .data_o(row[level+1])
      );
      always_ff @(posedge clk_i) begin
        n[level+1] <= waiting_n;
        count[level+1] <= DEPTH'({waiting, (T_BITS + N_BITS)'(waiting_n) >= (T_BITS + N_BITS)'($signed(threshold))});
      end
    end

    always_ff @(posedge clk_i) y_o[lane*Y_BITS+:Y_BITS] <= Y_BITS'(33'(LOW) + 33'(count[DEPTH]));

    logic unused;
    assign unused = &{1'b0, n[DEPTH], row[DEPTH]};
  end

endmodule
