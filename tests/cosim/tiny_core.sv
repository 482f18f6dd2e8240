// A core of the shape that every generated one has: three units that add up their inputs.
//
// c += x (12 bits, wrapping), h = the low 8 bits of c; rom/init.hex is c before the first step. Two
// words in, two rows of two units, two words out: six cycles a step from idle.
module gatewright_core (
    input  logic        aclk,
    input  logic        aresetn,
    input  logic        clear,
    output logic        too_long,
    output logic        framing,
    input  logic [15:0] x_tdata,
    input  logic        x_tvalid,
    output logic        x_tready,
    input  logic        x_tlast,
    input  logic        x_tuser,
    output logic [15:0] y_tdata,
    output logic        y_tvalid,
    input  logic        y_tready,
    output logic        y_tlast,
    output logic        k0_tap_valid,
    output logic        k0_tap_row,
    output logic [15:0] k0_tap_h,
    output logic [23:0] k0_tap_c
);
  localparam int MaxSteps = 20;
  typedef enum logic [2:0] {In0, In1, Row0, Row1, Out0, Out1} state_e;

  state_e state_q;
  logic [11:0] init[4];
  logic signed [11:0] c_q[4];
  logic signed [7:0] x_q[4];
  logic last_q, start_q;
  logic [4:0] step_q;
  logic rst;

  initial $readmemh("rom/init.hex", init);

  assign rst = !aresetn || clear;
  assign x_tready = !rst && (state_q == In0 || state_q == In1);
  assign y_tvalid = state_q == Out0 || state_q == Out1;
  assign y_tdata = state_q == Out0 ? {c_q[1][7:0], c_q[0][7:0]} : {c_q[3][7:0], c_q[2][7:0]};
  assign y_tlast = last_q && state_q == Out1;

  always_ff @(posedge aclk) begin
    k0_tap_valid <= 1'b0;
    if (rst) begin
      state_q  <= In0;
      start_q  <= 1'b1;
      last_q   <= 1'b0;
      too_long <= 1'b0;
      framing  <= 1'b0;
      step_q   <= '0;
    end else begin
      unique case (state_q)
        In0:
        if (x_tvalid) begin
          x_q[0] <= x_tdata[7:0];
          x_q[1] <= x_tdata[15:8];
          if (start_q && !x_tuser) for (int i = 0; i < 4; ++i) c_q[i] <= init[i];
          start_q <= 1'b0;
          state_q <= In1;
          if (x_tlast) framing <= 1'b1;
        end
        In1:
        if (x_tvalid) begin
          x_q[2]  <= x_tdata[7:0];
          x_q[3]  <= x_tdata[15:8];
          last_q  <= x_tlast;
          step_q  <= step_q + 1'b1;
          state_q <= Row0;
          if (step_q == 5'(MaxSteps)) too_long <= 1'b1;
        end
        Row0: begin
          c_q[0]  <= c_q[0] + 12'(x_q[0]);
          c_q[1]  <= c_q[1] + 12'(x_q[1]);
          k0_tap_valid <= 1'b1;
          k0_tap_row   <= 1'b0;
          state_q <= Row1;
        end
        Row1: begin
          c_q[2]  <= c_q[2] + 12'(x_q[2]);
          c_q[3]  <= c_q[3] + 12'(x_q[3]);
          k0_tap_valid <= 1'b1;
          k0_tap_row   <= 1'b1;
          state_q <= Out0;
        end
        Out0: if (y_tready) state_q <= Out1;
        default:
        if (y_tready) begin
          state_q <= In0;
          start_q <= last_q;
          if (last_q) step_q <= '0;
        end
      endcase
    end
  end

  assign k0_tap_c = k0_tap_row ? {c_q[3], c_q[2]} : {c_q[1], c_q[0]};
  assign k0_tap_h = k0_tap_row ? {c_q[3][7:0], c_q[2][7:0]} : {c_q[1][7:0], c_q[0][7:0]};

`ifndef SYNTHESIS
  always_ff @(posedge aclk)
    if (aresetn) assert (!too_long || step_q != 5'd31) else $error("the steps overflow");
`endif
endmodule
