// Model of the ECP5's block RAM, which yosys' cell library leaves a black box, for the simulation of
// netlists. It does what lattice/brams_map_16kd.v makes of a design with one clock, output registers
// included, which begin at zero; and stops with $fatal at all else: inverted clocks, asynchronous
// resets, resets of output registers, writing through, 36 bits written on port B. Not for two ports that
// write the same word at once.
//
// Written after what yosys maps to it, not after silicon. A byte has nine bits; the widths 1, 2 and 4
// leave out the ninth, and 36 bits have their low half on side A.

module DP16KD #(
    parameter DATA_WIDTH_A = 18,
    parameter DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter CLKAMUX = "CLKA",
    parameter CLKBMUX = "CLKB",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter GSR = "ENABLED",
    parameter [319:0] INITVAL_00 = 320'b0,
    parameter [319:0] INITVAL_01 = 320'b0,
    parameter [319:0] INITVAL_02 = 320'b0,
    parameter [319:0] INITVAL_03 = 320'b0,
    parameter [319:0] INITVAL_04 = 320'b0,
    parameter [319:0] INITVAL_05 = 320'b0,
    parameter [319:0] INITVAL_06 = 320'b0,
    parameter [319:0] INITVAL_07 = 320'b0,
    parameter [319:0] INITVAL_08 = 320'b0,
    parameter [319:0] INITVAL_09 = 320'b0,
    parameter [319:0] INITVAL_0A = 320'b0,
    parameter [319:0] INITVAL_0B = 320'b0,
    parameter [319:0] INITVAL_0C = 320'b0,
    parameter [319:0] INITVAL_0D = 320'b0,
    parameter [319:0] INITVAL_0E = 320'b0,
    parameter [319:0] INITVAL_0F = 320'b0,
    parameter [319:0] INITVAL_10 = 320'b0,
    parameter [319:0] INITVAL_11 = 320'b0,
    parameter [319:0] INITVAL_12 = 320'b0,
    parameter [319:0] INITVAL_13 = 320'b0,
    parameter [319:0] INITVAL_14 = 320'b0,
    parameter [319:0] INITVAL_15 = 320'b0,
    parameter [319:0] INITVAL_16 = 320'b0,
    parameter [319:0] INITVAL_17 = 320'b0,
    parameter [319:0] INITVAL_18 = 320'b0,
    parameter [319:0] INITVAL_19 = 320'b0,
    parameter [319:0] INITVAL_1A = 320'b0,
    parameter [319:0] INITVAL_1B = 320'b0,
    parameter [319:0] INITVAL_1C = 320'b0,
    parameter [319:0] INITVAL_1D = 320'b0,
    parameter [319:0] INITVAL_1E = 320'b0,
    parameter [319:0] INITVAL_1F = 320'b0,
    parameter [319:0] INITVAL_20 = 320'b0,
    parameter [319:0] INITVAL_21 = 320'b0,
    parameter [319:0] INITVAL_22 = 320'b0,
    parameter [319:0] INITVAL_23 = 320'b0,
    parameter [319:0] INITVAL_24 = 320'b0,
    parameter [319:0] INITVAL_25 = 320'b0,
    parameter [319:0] INITVAL_26 = 320'b0,
    parameter [319:0] INITVAL_27 = 320'b0,
    parameter [319:0] INITVAL_28 = 320'b0,
    parameter [319:0] INITVAL_29 = 320'b0,
    parameter [319:0] INITVAL_2A = 320'b0,
    parameter [319:0] INITVAL_2B = 320'b0,
    parameter [319:0] INITVAL_2C = 320'b0,
    parameter [319:0] INITVAL_2D = 320'b0,
    parameter [319:0] INITVAL_2E = 320'b0,
    parameter [319:0] INITVAL_2F = 320'b0,
    parameter [319:0] INITVAL_30 = 320'b0,
    parameter [319:0] INITVAL_31 = 320'b0,
    parameter [319:0] INITVAL_32 = 320'b0,
    parameter [319:0] INITVAL_33 = 320'b0,
    parameter [319:0] INITVAL_34 = 320'b0,
    parameter [319:0] INITVAL_35 = 320'b0,
    parameter [319:0] INITVAL_36 = 320'b0,
    parameter [319:0] INITVAL_37 = 320'b0,
    parameter [319:0] INITVAL_38 = 320'b0,
    parameter [319:0] INITVAL_39 = 320'b0,
    parameter [319:0] INITVAL_3A = 320'b0,
    parameter [319:0] INITVAL_3B = 320'b0,
    parameter [319:0] INITVAL_3C = 320'b0,
    parameter [319:0] INITVAL_3D = 320'b0,
    parameter [319:0] INITVAL_3E = 320'b0,
    parameter [319:0] INITVAL_3F = 320'b0
) (
    input
      ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
      DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13,
      DIA14, DIA15, DIA16, DIA17,
      CLKA, CEA, OCEA, WEA, RSTA, CSA0, CSA1, CSA2,
      ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
      DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8, DIB9, DIB10, DIB11, DIB12, DIB13,
      DIB14, DIB15, DIB16, DIB17,
      CLKB, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2,
    output
      DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8, DOA9, DOA10, DOA11, DOA12, DOA13,
      DOA14, DOA15, DOA16, DOA17,
      DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13,
      DOB14, DOB15, DOB16, DOB17
);
  logic [17:0] mem[1024];
  logic [13:0] ada, adb;
  logic [35:0] di;
  logic [35:0] qa, qb;
  logic [35:0] ra, rb, oa, ob;

  assign ada = {
      ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  assign adb = {
      ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  assign di = {
      DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
      DIB3, DIB2, DIB1, DIB0,
      DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
      DIA3, DIA2, DIA1, DIA0};
  // A read of 36 bits comes out on both sides; else each side has its own.
  assign {
      DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4,
      DOA3, DOA2, DOA1, DOA0} = DATA_WIDTH_B == 36 ? ob[17:0] : oa[17:0];
  assign {
      DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4,
      DOB3, DOB2, DOB1, DOB0} = DATA_WIDTH_B == 36 ? ob[35:18] : ob[17:0];

  /// `width` bits from an address on, in the lowest bits.
  function automatic logic [35:0] read(input int width, input logic [13:0] ad);
    logic [17:0] pair;
    logic [8:0] unit;
    pair = mem[ad[13:4]];
    unit = ad[3] ? pair[17:9] : pair[8:0];
    case (width)
      36: read = {mem[{ad[13:5], 1'b1}], mem[{ad[13:5], 1'b0}]};
      18: read = {18'b0, pair};
      9: read = {27'b0, unit};
      4: read = {32'b0, ad[2] ? unit[7:4] : unit[3:0]};
      2: read = {34'b0, unit[2*ad[2:1]+:2]};
      default: read = {35'b0, unit[ad[2:0]]};
    endcase
  endfunction

  /// Where an address and its byte enables (its lowest bits, of 18 bits and more) write.
  function automatic logic [35:0] mask(input int width, input logic [13:0] ad);
    case (width)
      36: mask = {{9{ad[3]}}, {9{ad[2]}}, {9{ad[1]}}, {9{ad[0]}}};
      18: mask = {18'b0, {9{ad[1]}}, {9{ad[0]}}};
      9: mask = 36'h1FF << (9 * ad[3]);
      4: mask = 36'hF << (9 * ad[3] + 4 * ad[2]);
      2: mask = 36'h3 << (9 * ad[3] + 2 * ad[2:1]);
      default: mask = 36'h1 << (9 * ad[3] + ad[2:0]);
    endcase
  endfunction

  /// The data of a write at the place of its mask.
  function automatic logic [35:0] place(input int width, input logic [13:0] ad,
                                        input logic [35:0] data);
    case (width)
      36, 18: place = data;
      9: place = {18'b0, {2{data[8:0]}}};
      4: place = {18'b0, {2{1'b0, {2{data[3:0]}}}}};
      2: place = {18'b0, {2{1'b0, {4{data[1:0]}}}}};
      default: place = {18'b0, {2{1'b0, {8{data[0]}}}}};
    endcase
  endfunction

  /// A word of 18 bits after a write.
  function automatic logic [17:0] merged(input logic [17:0] old, input logic [17:0] data,
                                         input logic [17:0] m);
    merged = (old & ~m) | (data & m);
  endfunction

  // A port sees what was there before the write of the same edge, unless it writes through.
  logic [35:0] put_a, put_b, mask_a, mask_b;
  assign put_a = place(DATA_WIDTH_A, ada, di);
  assign put_b = place(DATA_WIDTH_B, adb, {18'b0, di[35:18]});
  assign mask_a = mask(DATA_WIDTH_A, ada);
  assign mask_b = mask(DATA_WIDTH_B, adb);

  always_ff @(posedge CLKA)
    if (CEA && WEA) begin
      if (DATA_WIDTH_A == 36) begin
        mem[{ada[13:5], 1'b0}] <= merged(mem[{ada[13:5], 1'b0}], put_a[17:0], mask_a[17:0]);
        mem[{ada[13:5], 1'b1}] <= merged(mem[{ada[13:5], 1'b1}], put_a[35:18], mask_a[35:18]);
      end else mem[ada[13:4]] <= merged(mem[ada[13:4]], put_a[17:0], mask_a[17:0]);
    end

  always_ff @(posedge CLKB)
    if (CEB && WEB) mem[adb[13:4]] <= merged(mem[adb[13:4]], put_b[17:0], mask_b[17:0]);

  always_ff @(posedge CLKA)
    if (RSTA) qa <= '0;
    else if (CEA && (!WEA || WRITEMODE_A == "READBEFOREWRITE")) qa <= read(DATA_WIDTH_A, ada);

  always_ff @(posedge CLKB)
    if (RSTB) qb <= '0;
    else if (CEB && (!WEB || WRITEMODE_B == "READBEFOREWRITE")) qb <= read(DATA_WIDTH_B, adb);

  // What was read, or that a cycle later.
  assign oa = REGMODE_A == "OUTREG" ? ra : qa;
  assign ob = REGMODE_B == "OUTREG" ? rb : qb;
  always_ff @(posedge CLKA) if (OCEA) ra <= qa;
  always_ff @(posedge CLKB) if (OCEB) rb <= qb;

  localparam logic [64*320-1:0] Init = {
      INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39,
      INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32,
      INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B,
      INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24,
      INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D,
      INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16,
      INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F,
      INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
      INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01,
      INITVAL_00};

  initial begin
    for (int i = 0; i < 1024; ++i) mem[i] = Init[20*i+:18];
    qa = '0;
    qb = '0;
    ra = '0;
    rb = '0;
    if (DATA_WIDTH_B == 36 && REGMODE_A != REGMODE_B) $fatal(1, "half an output register");
    if (CLKAMUX != "CLKA" || CLKBMUX != "CLKB") $fatal(1, "inverted clocks");
    if (WRITEMODE_A == "WRITETHROUGH" || WRITEMODE_B == "WRITETHROUGH") $fatal(1, "write through");
    if (CSDECODE_A != "0b000" || CSDECODE_B != "0b000") $fatal(1, "chip selects");
    if (DATA_WIDTH_B == 36 && WEB) $fatal(1, "port B writes 36 bits");
  end

  always_comb if (REGMODE_A == "OUTREG" && RSTA) $fatal(1, "reset of an output register");
  always_comb if (REGMODE_B == "OUTREG" && RSTB) $fatal(1, "reset of an output register");

  // A reset that does not wait for the clock.
  always_comb if (RESETMODE == "ASYNC" && (RSTA || RSTB)) $fatal(1, "asynchronous reset");
endmodule
