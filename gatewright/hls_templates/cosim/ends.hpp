// What a core looks like to the host, and what the host asks of it: signals as bytes in memory,
// stream ports and taps made of them, and the task and the result of a run (mirrored in core.py).
//
// Not for big-endian hosts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gw {

using i64 = std::int64_t;

/// A count as an index; it is not negative.
inline std::size_t index(i64 n) { return static_cast<std::size_t>(n); }

/// What a run ends with.
enum status {
  DONE = 0,
  DEADLOCK = 1,
  BAD_LAST = 2,
  EXTRA_WORD = 3,
  TOO_LONG = 4,
  STOPPED = 5,
  BAD_TAP = 6,
  BAD_TRACE = 7,  // the waveform cannot be written
  FRAMING = 8,
  READY_IN_RESET = 9
};

/// A signal of the core: `bits` of them from `data` on, lowest first.
struct signal {
  std::uint8_t* data;
  int bits;

  /// Of one bit, which has its byte for itself.
  void set(bool value) { *data = value; }
  bool high() const { return *data != 0; }
  std::uint64_t get() const { return get(0, bits < 64 ? bits : 64); }

  /// `count` <= 64 bits from bit `first` on.
  std::uint64_t get(int first, int count) const {
    std::uint64_t value = 0;
    for (int done = 0; done < count;) {
      const int bit = first + done, part = 8 - bit % 8;
      value |= static_cast<std::uint64_t>(data[bit / 8] >> (bit % 8)) << done;
      done += part;
    }
    return count < 64 ? value & ((1ULL << count) - 1) : value;
  }

  void put(int first, int count, std::uint64_t value) {
    for (int done = 0; done < count;) {
      const int bit = first + done, at = bit % 8;
      const int part = count - done < 8 - at ? count - done : 8 - at;
      const unsigned mask = ((1u << part) - 1) << at;
      const unsigned piece = static_cast<unsigned>(value >> done) << at;
      data[bit / 8] = static_cast<std::uint8_t>((data[bit / 8] & ~mask) | (piece & mask));
      done += part;
    }
  }

  std::int32_t number(int first, int count, bool is_signed) const {
    std::uint64_t value = get(first, count);
    if (is_signed && count < 64 && (value >> (count - 1)) != 0) value |= ~0ULL << count;
    return static_cast<std::int32_t>(value);
  }
};

/// How many steps a sequence of T has somewhere: (T + offset) / stride, or T / stride where it goes
/// on from the one before.
struct steps_of {
  i64 offset, stride;
  i64 operator()(i64 steps, bool goes_on) const {
    return (steps + (goes_on ? 0 : offset)) / stride;
  }
};

/// A stream port: WIDTH values a step, LANES of LANE_BITS in a word, FOLDS words a step.
struct port {
  int width, lanes, lane_bits, folds;
  bool is_signed;
  bool sequence;  // a beat each step, else one a sequence
  steps_of steps;
  signal data, valid, ready, last, user;
};

/// The tap of a recurrent kernel: rows of UNITS units, each once a step, in any order. Of sequences
/// that take turns each is on a track, which `track` tells.
struct tap {
  int units, rows, hidden, h_bits, c_bits, tracks;
  bool h_signed, c_signed, reverse;
  steps_of steps;
  signal valid, row, h, c, track;
  int last_track;  // of the sequence before, on which one that goes on from it is too
};

struct signals {
  signal clock, resetn, clear, too_long, framing;
  std::vector<port> inputs, outputs;
  std::vector<tap> taps;
};

/// Reset or clear, held from `cycle` on for `length` cycles. What is in flight is abandoned.
struct event {
  i64 cycle, length, is_clear;
};

/// What to run; arrays of integers, a row each step (or sequence), all sequences in a row.
struct task {
  i64 sequences;
  const i64* steps;          // [sequences]
  const std::uint8_t* keep;  // [sequences]: go on from the state there is
  const std::int32_t* const* inputs;
  std::int32_t* const* outputs;
  std::int32_t* const* h;  // of each tap
  std::int32_t* const* c;  // of each tap; null where it has none
  i64 events;
  const event* event_list;
  std::uint64_t seed;
  i64 input_stall, output_stall;  // of 65536
  i64 idle_limit;                 // cycles without a word or a tap before it counts as a deadlock
  i64 gap;                        // -1: back to back; else idle cycles before each sequence
  i64 drain;                      // cycles to watch for extra words at the end
  i64 reset_first;
  const char* trace;               // file of the waveform, or null
  i64 trace_sequence, trace_step;  // it begins where this step goes in, ends with the sequence;
                                   // a negative sequence: all of the run
};

struct result {
  i64 status, cycles, too_long_cycle, framing_cycle, port, sequence, word;
  i64* first_in;  // [sequences], -1 if none
  i64* last_out;  // [sequences], -1 if abandoned
};

/// splitmix64 (Steele, Lea, Flood 2014).
class random_bits {
 public:
  explicit random_bits(std::uint64_t seed) : state_(seed) {}
  bool below(i64 share) {
    if (share == 0) return false;
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<i64>((z ^ (z >> 31)) >> 48) < share;
  }

 private:
  std::uint64_t state_;
};

}  // namespace gw
