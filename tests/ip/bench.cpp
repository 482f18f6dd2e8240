// A bench of an IP: random sequences under stalls, clears, resets and errors, AXI's rules in every cycle, registers beside a
// model of them. Usage: bench SEQUENCES SEED BEATS. The last line is PASS, or it ends with "FAIL check".
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "verilated.h"
#include "Vip.h"

using Beat = std::array<uint32_t, 16>;

#include "ports.hpp"

namespace {

constexpr int Limit = 200000;  // cycles without a beat or a response

struct Sequence {
  std::vector<std::vector<Beat>> in, out;  // by port
};

[[noreturn]] void fail(const char* check, uint64_t cycle, uint64_t got = 0, uint64_t wanted = 0) {
  std::printf("FAIL %s cycle %llu: %llx, not %llx\n", check, (unsigned long long)cycle, (unsigned long long)got,
              (unsigned long long)wanted);
  std::exit(1);
}

struct Pool {
  std::vector<Sequence> sequences;
  size_t pieces = 0;  // so many of the last ones go on, by turns, from the one before them
};

Pool read_pool(const char* path) {
  std::ifstream file(path);
  size_t count = 0;
  Pool pool;
  file >> count >> pool.pieces;
  std::vector<Sequence>& found = pool.sequences;
  found.resize(count);
  auto read_port = [&](std::vector<Beat>& beats) {
    size_t length = 0;
    file >> length;
    beats.resize(length);
    for (Beat& beat : beats) {
      beat.fill(0);
      std::string text;
      file >> text;
      for (size_t i = 0; i < text.size(); ++i) {  // the last digit is the lowest
        const uint32_t digit = std::stoul(text.substr(text.size() - 1 - i, 1), nullptr, 16);
        beat[i / 8] |= digit << 4 * (i % 8);
      }
    }
  };
  for (Sequence& sequence : found) {
    sequence.in.resize(INPUTS);
    sequence.out.resize(OUTPUTS);
    for (auto& beats : sequence.in) read_port(beats);
    for (auto& beats : sequence.out) read_port(beats);
  }
  if (!file) fail("file", 0);
  return pool;
}

enum Fault { None, Lanes, Early, Endless };

class Bench {
 public:
  Bench(const Pool& pool, uint64_t seed, uint64_t beats)
      : pool_(pool.sequences), pieces_(pool.pieces), random_(seed), wanted_(beats), ip_(new Vip) {}

  void run() {
    reset();
    identity();
    while (moved_ < wanted_) epoch();
    std::printf("PASS cycles %llu beats %llu sequences %llu clears %d resets %d errors %d accesses %llu kept %d\n",
                (unsigned long long)cycle_, (unsigned long long)moved_, (unsigned long long)answered_, clears_, resets_,
                errors_, (unsigned long long)accesses_, kept_);
    ip_->final();
  }

 private:
  std::vector<Sequence> pool_;
  size_t pieces_;
  std::mt19937_64 random_;
  uint64_t wanted_, cycle_ = 0, moved_ = 0, idle_ = 0, answered_ = 0, accesses_ = 0;
  int clears_ = 0, resets_ = 0, errors_ = 0, kept_ = 0;
  std::unique_ptr<Vip> ip_;

  // What is sent and what has to come, by port; an index is of the pool.
  struct Source {
    std::deque<int> queue;
    size_t at = 0;
    bool valid = false, last = false;
  };
  struct Sink {
    std::deque<int> queue;
    size_t at = 0;
    bool held = false, last = false, open = false, stuck = false;
    Beat old{};
  };
  std::array<Source, INPUTS> sources_;
  std::array<Sink, OUTPUTS> sinks_;
  int in_pause_ = 0, out_pause_ = 0;  // percent
  bool void_ = false;                 // what leaves is nobody's answer
  Fault fault_ = None;

  // A model of the registers, edge by edge.
  uint64_t cycles_ = 0, busy_cycles_ = 0;
  uint32_t in_ = 0, out_ = 0, status_ = 0, enable_ = 0;
  std::array<uint32_t, INPUTS> in_ends_{};
  std::array<uint32_t, OUTPUTS> out_ends_{};
  std::array<bool, INPUTS> open_{};
  bool exact_ = true;  // no error is about to come, and no clear is on
  bool interrupt_ = false;

  // AXI4-Lite.
  bool b_held_ = false, r_held_ = false, b_was_ = false;
  uint32_t b_old_ = 0, write_address_ = 0, write_data_ = 0;
  uint64_t r_old_ = 0;
  int b_due_ = 0, r_due_ = 0;

  uint64_t below(uint64_t n) { return random_() % n; }
  bool chance(int percent) { return below(100) < (uint64_t)percent; }

  bool busy() const {
    for (int i = 0; i < INPUTS; ++i)
      if (open_[i] || in_ends_[i] != in_) return true;
    for (int i = 0; i < OUTPUTS; ++i)
      if (out_ends_[i] != out_) return true;
    return in_ != out_;
  }

  // A cycle: the host's signals are set, then both edges.
  void tick() {
    drive();
    ip_->aclk = 0;
    ip_->eval();
    const Handshakes now = look();
    ip_->aclk = 1;
    ip_->eval();
    ++cycle_;
    model(now);
    if (++idle_ > Limit) fail("hang", cycle_);
  }

  void drive() {
    for (int i = 0; i < INPUTS; ++i) {
      Source& s = sources_[i];
      if (!s.valid && !s.queue.empty() && !chance(in_pause_)) {
        s.valid = true;
        const std::vector<Beat>& beats = pool_[s.queue.front()].in[i];
        uint64_t keep = all_lanes(in_bytes[i]);
        s.last = s.at + 1 == beats.size();
        if (i == 0 && fault_ == Lanes) keep &= ~(1ull << below(in_bytes[i]));
        if (i == 0 && fault_ == Early) s.last = true;
        if (i == 0 && fault_ == Endless) s.last = false;
        if (i == 0 && (fault_ == Lanes || fault_ == Early)) fault_ = None;
        set_in(*ip_, i, beats[s.at], keep, s.last);
      }
      set_in_valid(*ip_, i, s.valid);
    }
    for (int i = 0; i < OUTPUTS; ++i) set_out_ready(*ip_, i, !sinks_[i].stuck && !chance(out_pause_));
  }

  struct Handshakes {
    std::array<bool, INPUTS> in{}, in_last{};
    std::array<bool, OUTPUTS> out_last{};
    bool busy = false, read = false;
  };

  // What is there before the rising edge: AXI's rules, and the beats that move with it.
  Handshakes look() {
    Handshakes now;
    now.busy = busy();
    for (int i = 0; i < INPUTS; ++i) {
      Source& s = sources_[i];
      if (!ip_->aresetn || !s.valid || !in_ready(*ip_, i)) continue;
      now.in[i] = true;
      now.in_last[i] = s.last;
      s.valid = false;
      ++moved_;
      idle_ = 0;
      const bool whole = ++s.at == pool_[s.queue.front()].in[i].size();
      if (whole) s.at = 0;
      if (whole && !(i == 0 && fault_ == Endless)) s.queue.pop_front();
    }
    for (int i = 0; i < OUTPUTS; ++i) now.out_last[i] = look_at_output(i);
    look_at_lite();
    now.read = ip_->s_axi_arvalid && ip_->s_axi_arready;
    return now;
  }

  bool look_at_output(int i) {
    Sink& s = sinks_[i];
    const bool valid = out_valid(*ip_, i), ready = out_ready(*ip_, i), last = out_last(*ip_, i);
    const Beat data = out_data(*ip_, i);
    if (!ip_->aresetn) {
      s.held = false;
      return false;
    }
    if (s.held && !valid) fail("valid_dropped", cycle_);
    if (s.held && (s.old != data || s.last != last)) fail("word_changed", cycle_);
    if (valid && out_keep(*ip_, i) != all_lanes(out_bytes[i])) fail("out_lanes", cycle_);
    s.held = valid && !ready;
    s.old = data;
    s.last = last;
    if (!valid || !ready) return false;
    idle_ = 0;
    ++moved_;
    s.open = !last;
    if (void_) return false;
    if (s.queue.empty()) fail("answer_of_nothing", cycle_);
    const std::vector<Beat>& beats = pool_[s.queue.front()].out[i];
    if (data != beats[s.at]) fail("golden", cycle_, data[0], beats[s.at][0]);
    const bool ends = ++s.at == beats.size();
    if (last != ends) fail("last", cycle_, last, ends);
    if (ends) {
      s.at = 0;
      s.queue.pop_front();
      ++answered_;
    }
    return last;
  }

  void look_at_lite() {
    if (!ip_->aresetn) {
      b_held_ = r_held_ = false;
      b_due_ = r_due_ = 0;
      return;
    }
    if (b_held_ && !ip_->s_axi_bvalid) fail("b_dropped", cycle_);
    if (r_held_ && !ip_->s_axi_rvalid) fail("r_dropped", cycle_);
    if (b_held_ && b_old_ != ip_->s_axi_bresp) fail("b_changed", cycle_);
    const uint64_t answer = (uint64_t)ip_->s_axi_rresp << 32 | ip_->s_axi_rdata;
    if (r_held_ && r_old_ != answer) fail("r_changed", cycle_);
    if (ip_->s_axi_bvalid && b_due_ == 0) fail("b_unasked", cycle_);
    if (ip_->s_axi_rvalid && r_due_ == 0) fail("r_unasked", cycle_);
    b_held_ = ip_->s_axi_bvalid && !ip_->s_axi_bready;
    r_held_ = ip_->s_axi_rvalid && !ip_->s_axi_rready;
    b_old_ = ip_->s_axi_bresp;
    r_old_ = answer;
    if (exact_ && interrupt_of(*ip_) != interrupt_) fail("interrupt", cycle_, interrupt_of(*ip_), interrupt_);
  }

  // Registers, as they are behind the edge.
  void model(const Handshakes& now) {
    const bool written = ip_->s_axi_bvalid && !b_was_;
    b_was_ = ip_->s_axi_bvalid;
    if (!ip_->aresetn) return;
    interrupt_ = (status_ & enable_) != 0;
    ++cycles_;
    if (now.busy) ++busy_cycles_;
    if (written && write_address_ == IRQ_STATUS) status_ &= ~write_data_;
    for (int i = 0; i < INPUTS; ++i) {
      if (now.in[i]) open_[i] = !now.in_last[i];
      in_ends_[i] += now.in_last[i];
    }
    for (int i = 0; i < OUTPUTS; ++i) out_ends_[i] += now.out_last[i];
    in_ = least(in_ends_, in_);
    const uint32_t out = least(out_ends_, out_);
    if (out != out_) status_ |= 1u << IRQ_STATUS_DONE;
    out_ = out;
    if (written && write_address_ == IRQ_ENABLE) enable_ = write_data_ & 3;
  }

  template <size_t N>
  static uint32_t least(const std::array<uint32_t, N>& counts, uint32_t base) {
    uint32_t most_behind = counts[0] - base;
    for (uint32_t count : counts)
      if (count - base < most_behind) most_behind = count - base;
    return base + most_behind;
  }

  // Accesses, their parts any time apart, while all else goes on.
  void write(uint32_t address, uint32_t data, uint32_t strobes = 15, uint32_t response = 0) {
    int address_in = below(4), data_in = below(4), ready_in = below(8);
    bool address_done = false, data_done = false, done = false;
    write_address_ = address;
    write_data_ = strobes & 1 && response == 0 ? data & 255 : 0;
    if (!(strobes & 1)) write_address_ = 0xFFF;
    ++b_due_;
    ++accesses_;
    while (!done) {
      ip_->s_axi_awvalid = !address_done && address_in-- <= 0;
      ip_->s_axi_awaddr = ip_->s_axi_awvalid ? address : below(4096);
      ip_->s_axi_wvalid = !data_done && data_in-- <= 0;
      ip_->s_axi_wdata = ip_->s_axi_wvalid ? data : (uint32_t)random_();
      ip_->s_axi_wstrb = ip_->s_axi_wvalid ? strobes : below(16);
      ip_->s_axi_bready = ready_in-- <= 0;
      ip_->eval();
      if (ip_->s_axi_bvalid && !(address_done && data_done)) fail("b_early", cycle_);
      const bool address_now = ip_->s_axi_awvalid && ip_->s_axi_awready;
      const bool data_now = ip_->s_axi_wvalid && ip_->s_axi_wready;
      done = ip_->s_axi_bvalid && ip_->s_axi_bready;
      if (done && ip_->s_axi_bresp != response) fail("write_response", cycle_, ip_->s_axi_bresp, response);
      tick();
      if (done) --b_due_;
      address_done |= address_now;
      data_done |= data_now;
    }
    ip_->s_axi_awvalid = ip_->s_axi_wvalid = ip_->s_axi_bready = 0;
    idle_ = 0;
  }

  // `taken` is called in the cycle in which the address is.
  uint32_t read(uint32_t address, uint32_t response = 0, const std::function<void()>& taken = [] {}) {
    int address_in = below(4), ready_in = below(8);
    bool address_done = false, done = false;
    uint32_t data = 0;
    ++r_due_;
    ++accesses_;
    while (!done) {
      ip_->s_axi_arvalid = !address_done && address_in-- <= 0;
      ip_->s_axi_araddr = ip_->s_axi_arvalid ? address : below(4096);
      ip_->s_axi_rready = ready_in-- <= 0;
      ip_->eval();
      if (ip_->s_axi_rvalid && !address_done) fail("r_early", cycle_);
      const bool now = ip_->s_axi_arvalid && ip_->s_axi_arready;
      if (now) taken();
      done = ip_->s_axi_rvalid && ip_->s_axi_rready;
      if (done) data = ip_->s_axi_rdata;
      if (done && ip_->s_axi_rresp != response) fail("read_response", cycle_, ip_->s_axi_rresp, response);
      tick();
      if (done) --r_due_;
      address_done |= now;
    }
    ip_->s_axi_arvalid = ip_->s_axi_rready = 0;
    idle_ = 0;
    return data;
  }

  void expect(const char* check, uint32_t address, uint32_t wanted) {
    const uint32_t got = read(address);
    if (got != wanted) fail(check, cycle_, got, wanted);
  }

  void expect_now(const char* check, uint32_t address, const std::function<uint32_t()>& value) {
    uint32_t wanted = 0;
    const uint32_t got = read(address, 0, [&] { wanted = value(); });
    if (got != wanted) fail(check, cycle_, got, wanted);
  }

  void identity() {
    expect("identity", MAGIC, MAGIC_VALUE);
    expect("identity", MAP_VERSION, MAP_VERSION_VALUE);
    expect("identity", PORTS, INPUTS | OUTPUTS << 8);
    expect("identity", MAX_STEPS, max_steps);
    for (int i = 0; i < 8; ++i) expect("digest", DIGEST + 4 * i, digest[i]);
    for (int i = 0; i < INPUTS && i < 8; ++i) expect("identity", INPUT_BITS + 4 * i, in_info[i]);
    for (int i = 0; i < OUTPUTS && i < 8; ++i) expect("identity", OUTPUT_BITS + 4 * i, out_info[i]);
  }

  // Something that a host may do at any time, and what has to come of it.
  void access() {
    switch (below(11)) {
      case 0: return expect_now("sequences", SEQUENCES_IN, [&] { return in_; });
      case 1: return expect_now("sequences", SEQUENCES_OUT, [&] { return out_; });
      case 2: return expect_now("busy", STATUS, [&] { return (uint32_t)busy() << STATUS_BUSY; });
      case 3: {
        uint64_t then = 0;
        expect_now("cycles", CYCLES_LOW, [&] { return (uint32_t)(then = cycles_); });
        return expect("cycles", CYCLES_HIGH, then >> 32);
      }
      case 4: {
        uint64_t then = 0;
        expect_now("busy_cycles", BUSY_CYCLES_LOW, [&] { return (uint32_t)(then = busy_cycles_); });
        return expect("busy_cycles", BUSY_CYCLES_HIGH, then >> 32);
      }
      case 5: return write(IRQ_ENABLE, below(4), 15);
      case 6: return write(IRQ_STATUS, below(4), 1 + 2 * below(8));
      case 7: return expect_now("interrupt", IRQ_STATUS, [&] { return status_; });
      case 8: return unmapped(0xA0 + 4 * below((0x1000 - 0xA0) / 4));
      case 9: return write(read_only[below(sizeof read_only / sizeof *read_only)], random_(), 15, 2);
      default: return write(IRQ_ENABLE, random_(), 14 & below(16));
    }
  }

  void unmapped(uint32_t address) {
    if (chance(50)) return write(address, random_(), 15, 2);
    if (read(address, 2) != 0) fail("unmapped", cycle_);
  }

  void begin(int count) {
    for (int n = 0; n < count; ++n) begin_one(below(pool_.size() - pieces_));
  }

  void begin_one(int chosen) {
    for (Source& s : sources_) s.queue.push_back(chosen);
    for (Sink& s : sinks_) s.queue.push_back(chosen);
  }

  // A sequence in two pieces: the second one goes on from the state that the first one left.
  void keep() {
    const int first = pool_.size() - pieces_ + 2 * below(pieces_ / 2);
    begin_one(first);
    finish();
    write(CONTROL, 1u << CONTROL_KEEP, 1);
    begin_one(first + 1);
    while (sources_[0].at == 0) tick();
    if (chance(50)) write(CONTROL, 0, 1);  // it was taken with the first beat
    finish();
    write(CONTROL, 0, 1);
    ++kept_;
  }

  bool done() const {
    for (const Sink& s : sinks_)
      if (!s.queue.empty()) return false;
    return true;
  }

  void finish() {
    while (!done()) {
      if (chance(10)) access();
      else tick();
    }
    for (int i = 0; i < 8; ++i) tick();
    for (const Source& s : sources_)
      if (!s.queue.empty() || s.valid) fail("input_left", cycle_);
    expect("busy", STATUS, 0);
    expect("errors", ERRORS, 0);
  }

  void epoch() {
    static const int shares[] = {0, 0, 20, 50, 85};
    in_pause_ = shares[below(5)];
    out_pause_ = shares[below(5)];
    if (pieces_ > 0 && chance(10)) return keep();
    begin(1 + below(12));
    const uint64_t kind = below(10);
    if (kind < 5) return finish();
    for (uint64_t n = below(400); n > 0; --n) {
      if (chance(5)) access();
      else tick();
    }
    if (kind < 8) return clear(kind == 7);
    if (kind == 8) return reset();
    provoke();
  }

  void forget() {
    for (Source& s : sources_) s = Source{};
    for (Sink& s : sinks_) {
      s.queue.clear();
      s.at = 0;
    }
    fault_ = None;
  }

  void forget_registers() {
    in_ = out_ = status_ = 0;
    busy_cycles_ = 0;
    in_ends_.fill(0);
    out_ends_.fill(0);
    open_.fill(false);
    interrupt_ = false;
  }

  // The host has stopped its DMA; what comes until RESETTING falls is no answer.
  void clear(bool stuck) {
    ++clears_;
    void_ = true;
    exact_ = false;
    forget();
    for (Sink& s : sinks_) s.stuck = stuck;
    write(CONTROL, 1u << CONTROL_CLEAR, 1);
    bool waits = false;
    if (stuck) {
      for (uint64_t n = below(30); n > 0; --n) tick();
      for (int i = 0; i < OUTPUTS; ++i) waits |= out_valid(*ip_, i);
      if (waits) expect("resetting", STATUS, 1u << STATUS_RESETTING);
      for (Sink& s : sinks_) s.stuck = false;
    }
    for (int tries = 0; read(STATUS) >> STATUS_RESETTING & 1; ++tries)
      if (tries > 1000) fail("clear_ends", cycle_);
    for (const Sink& s : sinks_)
      if (s.open || s.held) fail("clear_leaves_open", cycle_);
    forget_registers();
    void_ = false;
    expect("clear_errors", ERRORS, 0);
    expect("clear_counters", SEQUENCES_IN, 0);
    expect("clear_counters", SEQUENCES_OUT, 0);
    expect("clear_counters", BUSY_CYCLES_LOW, 0);
    expect("clear_interrupts", IRQ_STATUS, 0);
    exact_ = true;
  }

  void reset() {
    ++resets_;
    forget();
    ip_->aresetn = 0;
    ip_->s_axi_awvalid = ip_->s_axi_wvalid = ip_->s_axi_bready = 0;
    ip_->s_axi_arvalid = ip_->s_axi_rready = 0;
    for (int n = 16 + below(4); n > 0; --n) tick();
    for (int i = 0; i < OUTPUTS; ++i)
      if (out_valid(*ip_, i)) fail("valid_in_reset", cycle_);
    for (int i = 0; i < INPUTS; ++i)
      if (in_ready(*ip_, i)) fail("ready_in_reset", cycle_);
    if (ip_->s_axi_bvalid || ip_->s_axi_rvalid || interrupt_of(*ip_)) fail("valid_in_reset", cycle_);
    for (Sink& s : sinks_) s = Sink{};
    forget_registers();
    enable_ = 0;
    cycles_ = 0;
    ip_->aresetn = 1;
    drive();
    ip_->aclk = 0;  // the reset is registered: a cycle that is still in it
    ip_->eval();
    ip_->aclk = 1;
    ip_->eval();
    ++cycle_;
    expect("reset_registers", IRQ_ENABLE, 0);
    expect("reset_registers", IRQ_STATUS, 0);
    expect("reset_registers", CONTROL, 0);
  }

  // A sequence that is wrong, after whole ones whose answers still come.
  void provoke() {
    finish();
    ++errors_;
    Fault kinds[3] = {Lanes};
    int count = 1;
    if (in_parts > 1) kinds[count++] = Early;
    if (max_steps > 0) kinds[count++] = Endless;
    const Fault kind = kinds[below(count)];
    const uint32_t bit = 1u << (kind == Lanes ? ERRORS_KEEP_LANES : kind == Early ? ERRORS_FRAMING : ERRORS_TOO_LONG);
    write(IRQ_STATUS, 3, 1);
    write(IRQ_ENABLE, 1u << IRQ_ENABLE_ERROR, 1);
    exact_ = false;
    void_ = true;
    out_pause_ = 0;
    fault_ = kind;
    begin(1);
    for (int n = 0; !interrupt_of(*ip_); ++n) {
      tick();
      if (n > Limit) fail("error_interrupts", cycle_);
    }
    expect("error", ERRORS, bit);
    expect("error_interrupts", IRQ_STATUS, 1u << IRQ_STATUS_ERROR);
    write(ERRORS, 255, 1);
    expect("error_is_lasting", ERRORS, bit);
    for (int n = 0; INPUTS == 1 && kind != Endless && n < 300; ++n) {
      tick();
      for (const Sink& s : sinks_)
        if (s.held || s.open) fail("answer_of_wrong", cycle_);
    }
    clear(false);
    if (interrupt_of(*ip_)) fail("interrupt_falls", cycle_);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  Bench(read_pool(argv[1]), std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10)).run();
}
