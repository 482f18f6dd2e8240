// Frames to the host: words of the design's output ports in, bytes of the line out.
//
//   flag 7E | ticket, records ..., CRC-32      escaped as gw_frame_rx.sv says
//   record: {last, port} word bytes | FE (a credit) | FD identity bytes | FF status (ends the frame)
//
// `open_i` (one cycle) begins a frame. Then records go out as they come up: credits before words, words of the lowest
// port first, `FD` once if `identify_i` is high. A word is sent whichever port it comes from, so no port ever waits
// for another one, and no output needs a FIFO whatever the order in which the design answers. `finish_i` asks for the
// end; it is granted when nothing else is left, and `done_o` is high for one cycle after the last byte was handed on.
// `abort_i` drops the frame at once, in the middle if need be; the host sees the next flag.
// `data_i` and `valid_i` of a port must hold until its ready, as AXI4-Stream says, or else be cleared with `abort_i`
// or before `finish_i`: then a torn word goes out, with a status that says so.
module gw_frame_tx #(
    parameter int OUTPUTS = 1,
    parameter logic [OUTPUTS*8-1:0] WORD_BYTES = 8'd8,  // of each port, port 0 lowest
    parameter int TOTAL_BYTES = 8,  // their sum
    parameter int IDENTITY_BYTES = 10,
    parameter logic [IDENTITY_BYTES*8-1:0] IDENTITY = '0  // lowest byte first
) (
    input  logic                     clk_i,
    input  logic                     rst_i,
    input  logic                     abort_i,
    input  logic                     open_i,
    input  logic [              7:0] ticket_i,
    input  logic                     credit_i,
    input  logic                     identify_i,
    input  logic                     finish_i,
    input  logic [              7:0] status_i,
    output logic                     done_o,
    input  logic [      OUTPUTS-1:0] out_valid_i,
    output logic [      OUTPUTS-1:0] out_ready_o,
    input  logic [TOTAL_BYTES*8-1:0] out_data_i,  // the ports side by side, port 0 lowest
    input  logic [      OUTPUTS-1:0] out_last_i,
    output logic                     line_valid_o,
    input  logic                     line_ready_i,
    output logic [              7:0] line_data_o
);
  localparam logic [7:0] Flag = 8'h7E;
  localparam logic [7:0] Escape = 8'h7D;
  localparam logic [7:0] Toggle = 8'h20;
  localparam logic [7:0] End = 8'hFF;
  localparam logic [7:0] Credit = 8'hFE;
  localparam logic [7:0] Identity = 8'hFD;
  localparam int PortBits = OUTPUTS == 1 ? 1 : $clog2(OUTPUTS);

  // Of state_q.
  localparam logic [2:0] Idle = 3'd0;
  localparam logic [2:0] Begin = 3'd1;
  localparam logic [2:0] Ticket = 3'd2;
  localparam logic [2:0] Record = 3'd3;
  localparam logic [2:0] Bytes = 3'd4;
  localparam logic [2:0] Status = 3'd5;
  localparam logic [2:0] Crc = 3'd6;

  logic [2:0] state_q;
  logic [7:0] byte_q, next_byte;
  logic full_q, raw_q, escaped_q, special;  // raw: the flag itself
  logic free, put, crc_ready;
  logic [31:0] crc;
  logic [23:0] unused_crc;
  logic [7:0] crc_byte;
  logic [1:0] crc_bytes_q;
  logic [2:0] credits_q;
  logic identified_q, identity_q;  // identity: the record that is under way
  logic [PortBits-1:0] port_q, port;
  logic give_credit, give_identity, give_word, give_end;
  logic [OUTPUTS:0] chosen;  // the port whose word goes out, the identity behind the ports
  logic [7:0] word_byte;
  logic word_last;

  // What goes out next.
  function automatic logic [PortBits-1:0] lowest(input logic [OUTPUTS-1:0] valid);
    lowest = '0;
    for (int i = OUTPUTS; i > 0; --i) begin
      if (valid[i-1]) lowest = PortBits'(i - 1);
    end
  endfunction

  assign port = lowest(out_valid_i);

  assign give_credit = credits_q != '0;
  assign give_identity = !give_credit && identify_i && !identified_q;
  assign give_word = !give_credit && !give_identity && out_valid_i != '0;
  assign give_end = !give_credit && !give_identity && !give_word && finish_i;

  always_comb begin
    case (state_q)
      Begin: next_byte = Flag;
      Ticket: next_byte = ticket_i;
      Record:
      next_byte = give_credit ? Credit : give_identity ? Identity : give_end ? End : {
        out_last_i[port], 7'(port)
      };
      Status: next_byte = status_i;
      Crc: next_byte = crc_byte;
      default: next_byte = word_byte;
    endcase
  end

  assign chosen[OUTPUTS] = give_identity;

  assign free = !full_q && crc_ready;
  assign put = free && state_q != Idle &&
      (state_q != Record || give_credit || give_identity || give_word || give_end);

  gw_downsize #(
      .PORTS     (OUTPUTS + 1),
      .WORD_BYTES({8'(IDENTITY_BYTES), WORD_BYTES}),
      .BYTES     (TOTAL_BYTES + IDENTITY_BYTES)
  ) u_words (
      .clk_i,
      .choose_i(state_q == Record),
      .load_i  (chosen),
      .next_i  (put && state_q == Bytes),
      .data_i  ({IDENTITY, out_data_i}),
      .data_o  (word_byte),
      .last_o  (word_last)
  );

  genvar p;
  generate for (p = 0; p < OUTPUTS; ++p) begin : g_port
    assign chosen[p] = give_word && port == PortBits'(p);
    assign out_ready_o[p] =
        put && state_q == Bytes && word_last && !identity_q && port_q == PortBits'(p);
  end endgenerate

  always_ff @(posedge clk_i) begin
    done_o <= 1'b0;
    credits_q <= credits_q + 3'(credit_i) - 3'(put && state_q == Record && give_credit);
    if (open_i) state_q <= Begin;
    if (put) begin
      case (state_q)
        Begin: state_q <= Ticket;
        Ticket: state_q <= Record;
        Record: begin
          port_q <= port;
          identity_q <= give_identity;
          if (give_identity) identified_q <= 1'b1;
          if (give_identity || give_word) state_q <= Bytes;
          if (give_end) state_q <= Status;
        end
        Bytes: if (word_last) state_q <= Record;
        Status: state_q <= Crc;
        Crc: begin
          crc_bytes_q <= crc_bytes_q + 1'b1;
          if (crc_bytes_q == '1) begin
            state_q <= Idle;
            done_o  <= 1'b1;
          end
        end
        default: ;
      endcase
    end
    if (rst_i || abort_i) begin
      state_q <= Idle;
      crc_bytes_q <= '0;
      credits_q <= '0;
      identified_q <= 1'b0;
    end
  end

  gw_crc32 u_crc (
      .clk_i,
      .rst_i  (rst_i || abort_i),
      .valid_i(put && state_q != Begin),
      .ready_o(crc_ready),
      .data_i (next_byte),
      .crc_o  (crc)
  );

  assign {unused_crc, crc_byte} = crc;  // the upper bytes come down as it is sent

  // The line: flags and escapes.
  assign special = !raw_q && (byte_q == Flag || byte_q == Escape);
  assign line_valid_o = full_q;
  assign line_data_o = !special ? byte_q : escaped_q ? byte_q ^ Toggle : Escape;

  always_ff @(posedge clk_i) begin
    if (line_valid_o && line_ready_i) begin
      escaped_q <= special && !escaped_q;
      full_q <= special && !escaped_q;
    end
    if (put) begin
      byte_q <= next_byte;
      raw_q  <= state_q == Begin;
      full_q <= 1'b1;
    end
    if (rst_i || abort_i) begin
      full_q <= 1'b0;
      escaped_q <= 1'b0;
    end
  end
endmodule
