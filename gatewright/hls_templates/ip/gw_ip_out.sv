// The words of WORD bits of a core to an AXI4-Stream master of BUS bits: ceil(WORD / BUS) beats a word, lowest first.
//
// The last beat of a word is padded with zeros; `m_last_o` comes with the last beat of the last word. A beat a cycle; the
// word is held at the input and taken with its last beat. `m_valid_o`, `m_data_o` and `m_last_o` come from registers, and
// what is offered stays until it is taken, whatever `clear_i` does.
// While `clear_i` is high no word is taken, and a sequence that has begun to leave is ended: one more beat, of zeros, with
// `m_last_o`. `quiet_o` says that nothing is left to be taken, and no sequence is open.
// `last_o` is high in the cycle in which the last beat of a sequence leaves.
module gw_ip_out #(
    parameter int BUS  = 32,
    parameter int WORD = 32
) (
    input  logic            clk_i,
    input  logic            rst_i,
    input  logic            clear_i,
    input  logic            word_valid_i,
    output logic            word_ready_o,
    input  logic [WORD-1:0] word_data_i,
    input  logic            word_last_i,
    output logic            m_valid_o,
    input  logic            m_ready_i,
    output logic [ BUS-1:0] m_data_o,
    output logic            m_last_o,
    output logic            quiet_o,
    output logic            last_o
);
  localparam int Beats = (WORD + BUS - 1) / BUS;

  logic valid, ready, last, complete, open_q;
  logic [BUS-1:0] part, data;
  logic [Beats*BUS-1:0] beats;

  assign beats        = {{(Beats * BUS - WORD) {1'b0}}, word_data_i};
  assign valid        = clear_i ? open_q : word_valid_i;
  assign data         = clear_i ? '0 : part;
  assign last         = clear_i || (word_last_i && complete);
  assign word_ready_o = !clear_i && ready && complete;
  assign quiet_o      = !open_q && !m_valid_o;
  assign last_o       = m_valid_o && m_ready_i && m_last_o;

  always_ff @(posedge clk_i) begin
    if (rst_i) open_q <= 1'b0;
    else if (valid && ready) open_q <= !last;
  end

  generate if (Beats == 1) begin : gen_whole
    assign complete = 1'b1;
    assign part     = beats;
  end else begin : gen_parts
    localparam int IndexBits = $clog2(Beats);
    localparam int Most = Beats - 1;
    logic [IndexBits-1:0] index_q;

    assign complete = index_q == Most[IndexBits-1:0];
    assign part     = beats[index_q*BUS+:BUS];

    always_ff @(posedge clk_i) begin
      if (rst_i || clear_i) index_q <= '0;
      else if (valid && ready) index_q <= complete ? '0 : index_q + 1'b1;
    end
  end endgenerate

  gw_skid #(
      .WIDTH(BUS + 1)
  ) i_skid (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .valid_i(valid),
      .ready_o(ready),
      .data_i ({last, data}),
      .valid_o(m_valid_o),
      .ready_i(m_ready_i),
      .data_o ({m_last_o, m_data_o})
  );

endmodule
