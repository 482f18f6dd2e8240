// A skid buffer: a FIFO of two registers that passes a beat a cycle and cuts every path.
//
// Written in a cycle, valid in the next. `valid_o`, `data_o` and `ready_o` come from registers.
// Not for: keeping data over a reset.
module gw_skid #(
    parameter int WIDTH = 8
) (
    input  logic             clk_i,
    input  logic             rst_i,
    input  logic             valid_i,
    output logic             ready_o,
    input  logic [WIDTH-1:0] data_i,
    output logic             valid_o,
    input  logic             ready_i,
    output logic [WIDTH-1:0] data_o
);

  // `spare` takes the beat that comes while `head` is stuck.
  logic head_valid_q, spare_valid_q;
  logic [WIDTH-1:0] head_q, spare_q;
  logic advance;

  assign ready_o = !spare_valid_q;
  assign valid_o = head_valid_q;
  assign data_o  = head_q;
  assign advance = ready_i || !head_valid_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      head_valid_q  <= 1'b0;
      spare_valid_q <= 1'b0;
    end else begin
      if (advance) head_valid_q <= spare_valid_q || valid_i;
      spare_valid_q <= !advance && (spare_valid_q || valid_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance) head_q <= spare_valid_q ? spare_q : data_i;
    if (ready_o) spare_q <= data_i;
  end

endmodule
