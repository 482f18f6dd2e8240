// The host's side of a core's AXI4-Stream ports, cycle by cycle: drives every input port at once,
// takes every output port at once, both with random stalls, and records the taps.
//
// It knows a core by its signals only, as bytes in memory (struct signal), so it is the same for
// every simulator. C is the adapter of one: ends() are the signals, eval() settles the logic for
// the inputs and the clock as they are, stopped() and message() tell of a failed assertion; open(),
// dump() and close() write a waveform and say whether the file took it, trouble() why it did not.
//
// A cycle is: settle with the clock low, look at the handshakes, raise the clock. Everything is
// deterministic: the random numbers are our own, one row of them for each port, one each cycle.
// Not for words that a core offers before it has read a word of the sequence.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ends.hpp"
#include "taps.hpp"

namespace gw {

/// Where a port stands: the next word of a sequence.
struct place {
  i64 sequence = 0, word = 0;
  bool offered = false;
};

template <class C>
class harness {
 public:
  harness(C& core, signals& s, const task& t, result& r)
      : core_(core), s_(s), t_(t), r_(r), in_(s.inputs.size()), out_(s.outputs.size()) {
    for (i64 n = 0; n < t.sequences; ++n) r.first_in[n] = r.last_out[n] = -1;
    for (const port& p : s.inputs) in_first_.push_back(first_rows(p.steps));
    for (const port& p : s.outputs) out_first_.push_back(first_rows(p.steps));
    for (std::size_t i = 0; i < s.taps.size(); ++i)
      taps_.emplace_back(s.taps[i], t, first_rows(s.taps[i].steps), t.h[i], t.c[i]);
    for (std::size_t i = 0; i < in_.size() + out_.size(); ++i)
      random_.emplace_back(t.seed + 0x632be59bd9b4e019ULL * (i + 1));
    left_.assign(index(t.sequences), static_cast<i64>(out_.size()));
  }

  ~harness() {
    if (tracing_) core_.close();  // of a run that was given up
  }

  void start() {
    r_.status = DONE;
    r_.too_long_cycle = r_.framing_cycle = r_.port = r_.sequence = r_.word = -1;
    if (t_.reset_first) power_up();
    if (t_.trace != nullptr && t_.trace_sequence < 0) start_trace();
  }

  /// Go on for about SLICE; whether there is more to do.
  bool go_on() {
    const auto end = std::chrono::steady_clock::now() + SLICE;
    do {
      for (int n = 0; n < UNTIMED; ++n) {
        if (finished() || r_.status != DONE) {
          end_run();
          return false;
        }
        cycle();
      }
    } while (std::chrono::steady_clock::now() < end);
    return true;
  }

 private:
  // A host that is interrupted finds out between two slices. Looking at the time costs as much as
  // a part of a cycle.
  static constexpr std::chrono::milliseconds SLICE{200};
  static constexpr int UNTIMED = 64;

  using rows = std::vector<i64>;

  i64 steps_at(const steps_of& steps, i64 n) const { return steps(t_.steps[n], t_.keep[n] != 0); }

  /// The row of each sequence's first step.
  rows first_rows(const steps_of& steps) const {
    rows first(1, 0);
    for (i64 n = 0; n < t_.sequences; ++n) first.push_back(first.back() + steps_at(steps, n));
    return first;
  }

  void end_run() {
    if (r_.status == DONE) check_taps();
    stop_trace();
    r_.cycles = cycle_;
  }

  void power_up() {
    quiet();
    s_.clear.set(false);
    s_.resetn.set(false);
    for (int n = 0; n < 4; ++n) {
      low();
      check_not_ready();
      high();
    }
    s_.resetn.set(true);
  }

  void quiet() {
    for (port& p : s_.inputs) p.valid.set(false);
    for (port& p : s_.outputs) p.ready.set(false);
  }

  void low() {
    s_.clock.set(false);
    core_.eval();
    if (tracing_) written(core_.dump(2 * cycle_));
  }

  void high() {
    s_.clock.set(true);
    core_.eval();
    if (tracing_) written(core_.dump(2 * cycle_ + 1));
  }

  /// One clock cycle.
  void cycle() {
    const event* now = active_event();
    s_.resetn.set(now == nullptr || now->is_clear);
    s_.clear.set(now != nullptr && now->is_clear);
    for (std::size_t i = 0; i < in_.size(); ++i) offer(i);
    for (std::size_t i = 0; i < out_.size(); ++i)
      s_.outputs[i].ready.set(!random_[in_.size() + i].below(t_.output_stall));
    low();
    if (now != nullptr) {
      check_not_ready();
      abandon();
      idle_from_ = cycle_ + 1;
    } else {
      observe();
    }
    high();
    ++cycle_;
    if (stop_trace_) stop_trace();
  }

  const event* active_event() const {
    for (i64 n = 0; n < t_.events; ++n) {
      const event& e = t_.event_list[n];
      if (cycle_ >= e.cycle && cycle_ < e.cycle + e.length) return &e;
    }
    return nullptr;
  }

  bool events_to_come() const {
    for (i64 n = 0; n < t_.events; ++n)
      if (t_.event_list[n].cycle >= cycle_) return true;
    return false;
  }

  i64 words(const port& p, i64 n) const {
    return (p.sequence ? steps_at(p.steps, n) : 1) * p.folds;
  }
  i64 row(const port& p, const rows& first, i64 n) const {
    return p.sequence ? first[index(n)] : n;
  }

  /// Put the next word on an input port, unless this is a cycle in which it stalls.
  void offer(std::size_t i) {
    port& p = s_.inputs[i];
    place& at = in_[i];
    const bool stall = random_[i].below(t_.input_stall);
    if (at.sequence == t_.sequences || !may_begin(at)) {
      p.valid.set(false);
      return;
    }
    if (at.offered) return;  // a word that is offered stays until it is taken
    p.valid.set(!stall);
    if (stall) return;
    at.offered = true;
    const i64 step = at.word / p.folds;
    const int fold = static_cast<int>(at.word % p.folds);
    const std::int32_t* values =
        t_.inputs[i] + (row(p, in_first_[i], at.sequence) + step) * p.width + fold * p.lanes;
    std::memset(p.data.data, 0, index((p.data.bits + 7) / 8));
    for (int lane = 0; lane < p.lanes && fold * p.lanes + lane < p.width; ++lane)
      p.data.put(lane * p.lane_bits, p.lane_bits,
                 static_cast<std::uint64_t>(static_cast<i64>(values[lane])));
    p.last.set(at.word == words(p, at.sequence) - 1);
    p.user.set(t_.keep[at.sequence] != 0);
  }

  /// Back to back, or when all before it is done and the core has had its pause.
  bool may_begin(const place& at) const {
    if (t_.gap < 0 || at.word > 0 || at.offered) return true;
    return done_ == at.sequence && cycle_ >= last_out_ + 1 + t_.gap;
  }

  void observe() {
    raised(s_.too_long, r_.too_long_cycle, TOO_LONG);
    raised(s_.framing, r_.framing_cycle, FRAMING);
    if (r_.status != DONE) return;
    for (std::size_t i = 0; i < in_.size(); ++i)
      if (in_[i].offered && s_.inputs[i].ready.high()) taken(i);
    for (std::size_t i = 0; i < s_.taps.size(); ++i)
      if (s_.taps[i].valid.high()) tapped(i);
    for (std::size_t i = 0; i < out_.size() && r_.status == DONE; ++i)
      if (s_.outputs[i].valid.high() && s_.outputs[i].ready.high()) given(i);
    if (core_.stopped()) r_.status = STOPPED;
    if (r_.status == DONE && cycle_ - idle_from_ >= t_.idle_limit && !through()) {
      r_.status = DEADLOCK;
      r_.sequence = done_;
    }
  }

  /// A flag of the core: it drops what comes, until a reset or clear.
  void raised(const signal& flag, i64& since, status told) {
    if (!flag.high()) return;
    if (since < 0) since = cycle_;
    if (!events_to_come() && r_.status == DONE) r_.status = told;
  }

  /// A word that is taken in reset or clear is lost.
  void check_not_ready() {
    for (std::size_t i = 0; i < in_.size(); ++i)
      if (s_.inputs[i].ready.high() && r_.status == DONE) {
        r_.status = READY_IN_RESET;
        r_.port = static_cast<i64>(i);
      }
  }

  void taken(std::size_t i) {
    const port& p = s_.inputs[i];
    place& at = in_[i];
    if (r_.first_in[at.sequence] < 0) r_.first_in[at.sequence] = cycle_;
    const i64 first = p.sequence ? t_.trace_step * p.folds : words(p, at.sequence);
    if (at.sequence == t_.trace_sequence && at.word >= first) start_trace();
    at.offered = false;
    idle_from_ = cycle_ + 1;
    if (++at.word == words(p, at.sequence)) at = {at.sequence + 1, 0, false};
  }

  void start_trace() {
    if (t_.trace == nullptr || traced_) return;
    traced_ = true;
    tracing_ = core_.open(t_.trace);
    written(tracing_ && core_.dump(2 * cycle_));
  }

  void stop_trace() {
    if (!tracing_) return;
    tracing_ = false;
    written(core_.close());
  }

  void written(bool well) {
    if (!well && r_.status == DONE) r_.status = BAD_TRACE;
  }

  /// A word of an output port; its place among the sequences says where it belongs.
  void given(std::size_t i) {
    const port& p = s_.outputs[i];
    place& at = out_[i];
    r_.port = static_cast<i64>(i);
    r_.sequence = at.sequence;
    r_.word = at.word;
    if (at.sequence == t_.sequences || r_.first_in[at.sequence] < 0) {
      r_.status = EXTRA_WORD;
      return;
    }
    const i64 step = at.word / p.folds;
    const int fold = static_cast<int>(at.word % p.folds);
    std::int32_t* values =
        t_.outputs[i] + (row(p, out_first_[i], at.sequence) + step) * p.width + fold * p.lanes;
    for (int lane = 0; lane < p.lanes && fold * p.lanes + lane < p.width; ++lane)
      values[lane] = p.data.number(lane * p.lane_bits, p.lane_bits, p.is_signed);
    const bool end = at.word == words(p, at.sequence) - 1;
    if (s_.outputs[i].last.high() != end) {
      r_.status = BAD_LAST;
      return;
    }
    idle_from_ = cycle_ + 1;
    ++at.word;
    if (!end) return;
    if (--left_[index(at.sequence)] == 0) complete(at.sequence);
    at = {at.sequence + 1, 0, false};
  }

  void complete(i64 n) {
    r_.last_out[n] = last_out_ = cycle_;
    done_ = n + 1;
    drain_from_ = cycle_ + 1;
    if (n == t_.trace_sequence) stop_trace_ = true;
  }

  /// A row of h and c.
  void tapped(std::size_t i) {
    const i64 at = taps_[i].shown(), n = taps_[i].sequence(at);
    idle_from_ = cycle_ + 1;
    if (n < 0 || n == t_.sequences || r_.first_in[n] < 0) {
      bad_tap(i, static_cast<i64>(s_.taps[i].row.get()), n);
      return;
    }
    taps_[i].take(at, steps_at(s_.taps[i].steps, n));
  }

  /// What has begun and is not complete is lost; go on with the first sequence not begun.
  void abandon() {
    i64 next = done_;
    for (const place& at : in_) {
      const i64 begun = at.word > 0 ? at.sequence + 1 : at.sequence;
      if (begun > next) next = begun;
    }
    for (place& at : in_) at = {next, 0, false};
    for (place& at : out_) at = {next, 0, false};
    for (tap_watch& watch : taps_) watch.restart(next, true);
    done_ = next;
    last_out_ = cycle_;
    drain_from_ = cycle_ + 1;
    if (t_.trace_sequence >= 0 && t_.trace_sequence < next) stop_trace_ = true;
  }

  /// Every row of a tap has to have been there, once a step.
  void check_taps() {
    for (std::size_t i = 0; i < taps_.size(); ++i)
      for (i64 at = 0; at < taps_[i].places(); ++at)
        if (!taps_[i].through(at)) bad_tap(i, at % s_.taps[i].rows, taps_[i].sequence(at));
  }

  void bad_tap(std::size_t i, i64 row, i64 sequence) {
    r_.status = BAD_TAP;
    r_.port = static_cast<i64>(i);
    r_.word = row;
    r_.sequence = sequence;
  }

  /// Every word is out and in: what no answer needs may come after them, and a core that goes on
  /// from here begins with whole sequences.
  bool through() const {
    if (done_ < t_.sequences) return false;
    for (const place& at : in_)
      if (at.sequence < t_.sequences) return false;
    return true;
  }

  bool finished() const {
    return through() && !events_to_come() && cycle_ >= drain_from_ + t_.drain;
  }

  C& core_;
  signals& s_;
  const task& t_;
  result& r_;
  std::vector<place> in_, out_;
  std::vector<random_bits> random_;
  std::vector<rows> in_first_, out_first_;
  std::vector<tap_watch> taps_;
  std::vector<i64> left_;  // output ports that still owe words of a sequence
  i64 cycle_ = 0, idle_from_ = 0, drain_from_ = 0, done_ = 0, last_out_ = -1;
  bool tracing_ = false, traced_ = false, stop_trace_ = false;
};

}  // namespace gw
