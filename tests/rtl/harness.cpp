// Drives one device of a Verilator model of many: streams in, streams out, stalls on both sides.
//
// The model, and the table of its devices, come from bench.py. A beat is a whole number of 32-bit
// words. Before it is offered and after it is taken, a beat at an input is noise.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "verilated.h"
#include MODEL_HEADER

struct Input {
  CData* valid;
  CData* ready;
  EData* beat;
  int words;
};
using Output = Input;

struct Device {
  CData *clk, *rst;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::vector<CData*> flags;
  bool bare;  // its inputs have no FIFO before them: they are ports
};

#include "devices.inc"

static bool asserted;
void vl_stop(const char* file, int line, const char*) {
  if (!asserted) VL_PRINTF("assertion at %s:%d\n", file, line);
  asserted = true;
}

struct Random {
  std::uint64_t state;
  std::uint32_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::uint32_t>(state >> 16);
  }
};

struct Bench {
  VerilatedContext context;
  Model model{&context};
  std::vector<Device> devices = make_devices(model);
  Bench() { model.eval(); }  // reads the memories
};

// One bit of a cycle's trace for each: an input offered, taken, an output wanted, taken.
enum { OFFERED = 0, GIVEN = 8, WANTED = 16, TAKEN = 24 };

extern "C" {

void* bench_new() { return new Bench; }

// Resets a device and runs it until it has taken all and given all that is expected, and then some,
// so that a beat too many is seen.
//   stall: in percent, the most; every 512 cycles each port gets a rate of its own up to it, or
//   stands still, so that everything before it fills up.
//   trace: null, or a word for each of the first `limit` cycles.
// Returns the cycle after the last output was taken, counted from that in which the first input was;
// -1 at the limit of cycles; -2 for a beat too many; -3 for an assertion; -4 for a port that is
// ready in reset.
long bench_run(void* handle, int number, const std::uint32_t* const* inputs, const long* in_count,
               std::uint32_t* const* outputs, const long* out_count, int stall, long seed,
               long limit, std::uint32_t* trace, std::uint32_t* flags) {
  Bench& bench = *static_cast<Bench*>(handle);
  Device& d = bench.devices[number];
  Random random{static_cast<std::uint64_t>(seed) * 0x9e3779b97f4a7c15u + 1};
  const std::size_t ins = d.inputs.size(), outs = d.outputs.size();
  std::vector<long> given(ins), taken(outs);
  std::vector<std::uint32_t> rate(ins + outs);
  long began = -1, ended = 0, over = -1;
  asserted = false;
  const long resets = 2;
  for (long now = 0; now < limit + resets; ++now) {
    const bool reset = now < resets;
    if ((now - resets) % 512 == 0 && stall)
      for (std::uint32_t& r : rate) r = random.next() % 8 ? random.next() % (stall + 1) : 100;
    auto chance = [&](std::size_t port) { return random.next() % 100 >= rate[port]; };
    std::uint32_t bits = 0;
    *d.rst = reset;
    for (std::size_t i = 0; i < ins; ++i) {
      const Input& in = d.inputs[i];
      // An offer stands until it is taken.
      if (reset)
        *in.valid = 0;
      else if (!*in.valid && given[i] < in_count[i] && chance(i)) {
        *in.valid = 1;
        std::copy_n(inputs[i] + given[i] * in.words, in.words, in.beat);
      }
      if (!*in.valid)
        for (int w = 0; w < in.words; ++w) in.beat[w] = random.next();
      bits |= *in.valid << (OFFERED + i);
    }
    for (std::size_t j = 0; j < outs; ++j) {
      *d.outputs[j].ready = !reset && chance(ins + j);
      bits |= *d.outputs[j].ready << (WANTED + j);
    }
    *d.clk = 0;
    bench.model.eval();
    bool all = true;
    for (std::size_t j = 0; j < outs; ++j) {
      const Output& out = d.outputs[j];
      if (!reset && *out.valid && *out.ready) {
        if (taken[j] == out_count[j]) return -2;
        std::copy_n(out.beat, out.words, outputs[j] + taken[j]++ * out.words);
        bits |= 1u << (TAKEN + j);
        ended = now + 1;
      }
      all = all && taken[j] == out_count[j];
    }
    std::vector<CData*> done;
    for (std::size_t i = 0; i < ins; ++i) {
      all = all && given[i] == in_count[i];
      if (reset && d.bare && *d.inputs[i].ready) return -4;
      if (reset || !*d.inputs[i].valid || !*d.inputs[i].ready) continue;
      if (began < 0) began = now;
      ++given[i];
      bits |= 1u << (GIVEN + i);
      done.push_back(d.inputs[i].valid);
    }
    *d.clk = 1;
    bench.model.eval();
    for (CData* valid : done) *valid = 0;
    if (trace && !reset) trace[now - resets] = bits;
    if (asserted) return -3;
    if (all && over < 0) over = now + 200;
    if (now == over) {
      for (std::size_t f = 0; f < d.flags.size(); ++f) flags[f] = *d.flags[f];
      return ended - began;
    }
  }
  return -1;
}
}
