// Read-only memory with a registered address and a registered output: what is addressed in cycle t
// is there in cycle t + 2, which block RAMs of every vendor do at full speed. CUT says which of the
// two are there, that of the address first; without it the words are lookup tables. With BLOCK it
// is a block RAM, however few the words are, and the first register is there.
//
// FILE holds DEPTH words in hexadecimal, each with all its digits, relative to the folder a tool runs
// in. Without it, or with anything else in it, a simulation ends as it begins. This is the only place
// where a memory of a design has contents.
// Not for: addresses of DEPTH and more.
module gw_rom #(
    parameter int WIDTH = 1,
    parameter int DEPTH = 1,
    parameter FILE = "",
    parameter bit [1:0] CUT = 2'b11,
    parameter bit BLOCK = 1'b0,
    parameter int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic                    clk_i,
    input  logic [ADDRESS_BITS-1:0] address_i,
    output logic [       WIDTH-1:0] data_o
);

  logic [WIDTH-1:0] read;

`ifndef SYNTHESIS
  // Simulators only warn of a file that is not there or ends early, and of one that was cut inside a
  // word they do not. So it is read here once more: DEPTH words, each with all its digits.
  localparam int Digits = (WIDTH + 3) / 4;
  integer file, character, digits, count;
  logic whole;
  initial begin
    count  = 0;
    digits = 0;
    whole  = 1'b1;
    character = -1;
    file = $fopen(FILE, "r");
    if (file != 0) character = $fgetc(file);
    while (character >= 0 || digits != 0) begin
      if (character > 32) digits = digits + 1;  // no space, no end of a line
      else if (digits != 0) begin
        if (digits != Digits) whole = 1'b0;
        count  = count + 1;
        digits = 0;
      end
      if (character >= 0) character = $fgetc(file);
    end
    if (file != 0) $fclose(file);
    if (!whole || count != DEPTH)
      $fatal(1, "%s is not there, or not %0d words of %0d digits", FILE, DEPTH, Digits);
  end
`endif

  // The registers stand beside the words, where every tool finds a block RAM in them.
  generate if (BLOCK) begin : gen_block
    (* rom_style = "block" *) logic [WIDTH-1:0] words[DEPTH];
    initial $readmemh(FILE, words, 0, DEPTH - 1);
    always_ff @(posedge clk_i) read <= words[address_i];
  end else begin : gen_any
    logic [WIDTH-1:0] words[DEPTH];
    initial $readmemh(FILE, words, 0, DEPTH - 1);
    if (CUT[0]) begin : gen_read
      always_ff @(posedge clk_i) read <= words[address_i];
    end else begin : gen_words
      assign read = words[address_i];
    end
  end endgenerate
  generate if (CUT[1]) begin : gen_data
    always_ff @(posedge clk_i) data_o <= read;
  end else begin : gen_wire
    assign data_o = read;
  end endgenerate
  logic unused;
  assign unused = &{1'b0, clk_i};

endmodule
