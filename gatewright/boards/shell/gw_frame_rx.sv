// Frames from the host: bytes of the line in, words of the design's input ports out.
//
//   flag 7E | ticket, command, { {last, port}, words - 1, word bytes ... }, FF, CRC-32
//
// All but the flag is escaped as in RFC 1662: 7E and 7D arrive as 7D and the byte ^ 20. So a flag begins a frame
// WHEREVER it stands: `start_o` tells that whatever was under way is over, and all that was buffered is dropped.
// `header_o` is high for one cycle when ticket and command have been there for one. Words follow for as long as the command is to
// run; nothing else is understood here. After the frame, one of `good_o` and `corrupt_o` is high for one cycle;
// `bad_o` comes for a record of a port that there is not, `overrun_o` a cycle after a byte that found the buffer full.
// `drop_i` ignores everything up to the next flag.
//
// The design may be slower than the line: DEPTH bytes are buffered, and `credit_o` is high for a cycle with each
// CREDIT bytes that have left the buffer. A host that is never more than DEPTH bytes ahead of its credits (counted
// from the flag, without escapes) cannot overrun it.
// It does NOT hold a frame back until its check sum is known: words go to the design at once. It does NOT check that
// each port was given its last word.
module gw_frame_rx #(
    parameter int INPUTS = 1,
    parameter logic [INPUTS*8-1:0] WORD_BYTES = 8'd8,  // of each port, port 0 lowest
    parameter int MAX_BYTES = 8,  // of the longest word
    parameter int DEPTH = 512,
    parameter int CREDIT = 128
) (
    input  logic                   clk_i,
    input  logic                   rst_i,
    input  logic                   line_valid_i,
    input  logic [            7:0] line_data_i,
    input  logic                   drop_i,
    output logic                   start_o,
    output logic                   header_o,
    output logic [            7:0] ticket_o,
    output logic [            7:0] command_o,
    output logic                   credit_o,
    output logic                   good_o,
    output logic                   corrupt_o,
    output logic                   bad_o,
    output logic                   overrun_o,
    output logic [     INPUTS-1:0] in_valid_o,
    input  logic [     INPUTS-1:0] in_ready_i,
    output logic [MAX_BYTES*8-1:0] in_data_o,  // a shorter word is at the top
    output logic                   in_last_o
);
  localparam logic [7:0] Flag = 8'h7E;
  localparam logic [7:0] Escape = 8'h7D;
  localparam logic [7:0] Toggle = 8'h20;
  localparam logic [7:0] End = 8'hFF;
  localparam int PortBits = INPUTS == 1 ? 1 : $clog2(INPUTS);
  localparam int CountBits = $clog2(MAX_BYTES + 1);
  localparam int CreditBits = $clog2(CREDIT);

  // Of state_q.
  localparam logic [2:0] Idle = 3'd0;
  localparam logic [2:0] Ticket = 3'd1;
  localparam logic [2:0] Command = 3'd2;
  localparam logic [2:0] Tag = 3'd3;
  localparam logic [2:0] Count = 3'd4;
  localparam logic [2:0] Word = 3'd5;
  localparam logic [2:0] Crc = 3'd6;
  localparam logic [2:0] Check = 3'd7;

  logic [2:0] state_q;
  logic escaped_q;
  logic line_byte, fifo_rst, fifo_ready, fifo_valid, pop;
  logic byte_valid, byte_ready;
  logic [7:0] fifo_data, data;
  logic crc_ready;
  logic [31:0] crc;
  logic [PortBits-1:0] port_q;
  logic last_q;
  logic [7:0] left_q;  // words of the record after this one
  logic headed_q;
  logic [1:0] crc_bytes_q;
  logic [CreditBits-1:0] credit_q;
  logic full, word_ready, take;
  logic [CountBits-1:0] word_bytes;

  // The line: flags and escapes.
  assign start_o   = line_valid_i && line_data_i == Flag;
  assign line_byte = line_valid_i && line_data_i != Flag && line_data_i != Escape;
  assign fifo_rst  = rst_i || start_o || state_q == Idle;

  always_ff @(posedge clk_i) begin
    if (line_valid_i) escaped_q <= line_data_i == Escape;
    overrun_o <= line_byte && !fifo_ready && state_q != Idle;
    if (rst_i) begin
      escaped_q <= 1'b0;
      overrun_o <= 1'b0;
    end
  end

  gw_fifo #(
      .WIDTH(8),
      .DEPTH(DEPTH)
  ) u_fifo (
      .clk_i,
      .rst_i  (fifo_rst),
      .valid_i(line_byte && fifo_ready),
      .ready_o(fifo_ready),
      .data_i (escaped_q ? line_data_i ^ Toggle : line_data_i),
      .valid_o(fifo_valid),
      .ready_i(byte_ready),
      .data_o (fifo_data)
  );

  // What a block RAM gives comes late in a cycle; a byte every other cycle is more than the line has.
  gw_fifo #(
      .WIDTH(8),
      .DEPTH(1)
  ) u_byte (
      .clk_i,
      .rst_i  (fifo_rst),
      .valid_i(fifo_valid),
      .ready_o(byte_ready),
      .data_i (fifo_data),
      .valid_o(byte_valid),
      .ready_i(pop),
      .data_o (data)
  );

  // The frame.
  assign pop = byte_valid && crc_ready && word_ready && state_q != Idle && state_q != Check;

  gw_crc32 u_crc (
      .clk_i,
      .rst_i  (rst_i || start_o),
      .valid_i(pop),
      .ready_o(crc_ready),
      .data_i (data),
      .crc_o  (crc)
  );

  always_ff @(posedge clk_i) begin
    headed_q  <= 1'b0;
    header_o  <= headed_q;
    good_o    <= 1'b0;
    corrupt_o <= 1'b0;
    bad_o     <= 1'b0;
    credit_o  <= pop && credit_q == CreditBits'(CREDIT - 1);
    if (pop) credit_q <= credit_q + 1'b1;
    if (pop) begin
      case (state_q)
        Ticket: begin
          ticket_o <= data;
          state_q  <= Command;
        end
        Command: begin
          command_o <= data;
          headed_q  <= 1'b1;
          state_q   <= Tag;
        end
        Tag: begin
          last_q  <= data[7];
          port_q  <= data[PortBits-1:0];
          state_q <= data == End ? Crc : Count;
          if (data != End && data[6:0] >= 7'(INPUTS)) bad_o <= 1'b1;
        end
        Count: begin
          left_q  <= data;
          state_q <= Word;
        end
        Crc: begin
          crc_bytes_q <= crc_bytes_q + 1'b1;
          if (crc_bytes_q == '1) state_q <= Check;
        end
        default: ;
      endcase
    end
    if (take) begin
      left_q <= left_q - 1'b1;
      if (left_q == '0) state_q <= Tag;
    end
    if (state_q == Check && crc_ready) begin
      good_o    <= crc == '0;
      corrupt_o <= crc != '0;
      state_q   <= Idle;
    end
    if (drop_i) state_q <= Idle;
    if (start_o) begin
      state_q <= Ticket;
      crc_bytes_q <= '0;
      credit_q <= '0;
    end
    if (rst_i) state_q <= Idle;
  end

  // The words.
  assign word_bytes = CountBits'(WORD_BYTES[8*port_q+:8]);
  assign take = |(in_valid_o & in_ready_i);
  assign in_last_o = last_q && left_q == '0;

  genvar i;
  generate for (i = 0; i < INPUTS; ++i) begin : g_port
    assign in_valid_o[i] = full && port_q == PortBits'(i);
  end endgenerate

  gw_upsize #(
      .BYTES(MAX_BYTES)
  ) u_words (
      .clk_i,
      .rst_i  (rst_i || start_o || state_q == Idle),
      .bytes_i(word_bytes),
      .valid_i(pop && state_q == Word),
      .ready_o(word_ready),
      .data_i (data),
      .full_o (full),
      .take_i (take),
      .data_o (in_data_o)
  );

`ifndef SYNTHESIS
  initial begin
    assert (CREDIT == 1 << CreditBits)
    else $error("CREDIT is no power of two: the counter wraps there");
    assert (INPUTS < 64)
    else $error("port numbers share a byte with their last flag");
  end
`endif
endmodule
