
// Random inputs, the same in every run; the output of each cycle, before its edge.
extern "C" int gw_printf(const char*, ...) { return 0; }
void vl_stop(const char*, int, const char*) VL_MT_UNSAFE { throw 1; }
void vl_finish(const char*, int, const char*) VL_MT_UNSAFE { throw 1; }
void vl_warn(const char*, int, const char*, const char*) VL_MT_UNSAFE { throw 1; }
void vl_fatal(const char*, int, const char*, const char*) VL_MT_UNSAFE { throw 1; }

extern "C" __attribute__((visibility("default"))) int run(int cycles, unsigned long* seen) {
  try {
    VerilatedContext context;
    context.randReset(2);
    Vdut dut{&context, "dut"};
    unsigned long state = 1;
    auto next = [&] {
      state = state * 6364136223846793005UL + 1442695040888963407UL;
      return state >> 20;
    };
    for (int n = 0; n < cycles; ++n) {
      dut.clk_i = 0;
      dut.go_i = next() & 7;
      dut.a_i = next() & 0xFFFFFFFFFUL;
      dut.b_i = next() & 0xFFFFFFFFFUL;
      dut.eval();
      seen[n] = dut.y_o;
      dut.clk_i = 1;
      dut.eval();
    }
    return 0;
  } catch (int) {
    return 1;
  }
}
