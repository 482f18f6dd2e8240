// The taps of a core: which step of which sequence a row of h and c belongs to.
//
// Rows of several steps may be on the way at once, and on several tracks steps of several
// sequences: each row of each track counts its own steps.
#pragma once

#include <utility>
#include <vector>

#include "ends.hpp"

namespace gw {

/// One tap, and the arrays that it fills. A row and a track, in one number, are a place.
class tap_watch {
 public:
  /// `first` is the row of the arrays where each sequence begins.
  tap_watch(tap& k, const task& t, std::vector<i64> first, std::int32_t* h, std::int32_t* c)
      : k_(k), t_(t), first_(std::move(first)), h_(h), c_(c), track_of_(index(t.sequences)) {
    restart(0, t.reset_first != 0);
  }

  i64 places() const { return k_.rows * k_.tracks; }

  /// From a sequence on: a reset, if it is one, begins with the first track.
  void restart(i64 first, bool reset) {
    if (reset) k_.last_track = k_.tracks - 1;
    for (i64 n = first; n < t_.sequences; ++n) {
      if (t_.keep[n] == 0) k_.last_track = (k_.last_track + 1) % k_.tracks;
      track_of_[index(n)] = k_.last_track;
    }
    seen_.assign(index(places()), 0);
    sequence_.clear();
    for (int track = 0; track < k_.tracks; ++track)
      sequence_.insert(sequence_.end(), index(k_.rows), next(first, track));
  }

  /// Where the row that it shows belongs; at or beyond places() where there is none.
  i64 shown() const {
    const i64 row = static_cast<i64>(k_.row.get());
    const i64 track = k_.tracks > 1 ? static_cast<i64>(k_.track.get()) : 0;
    return row < k_.rows ? track * k_.rows + row : places();
  }

  /// The sequence whose step comes next there; the number of them behind the last, or -1.
  i64 sequence(i64 at) const { return at < places() ? sequence_[index(at)] : -1; }

  /// Whether every step came.
  bool through(i64 at) const { return sequence(at) == t_.sequences && seen_[index(at)] == 0; }

  /// Note the row that it shows, of a sequence with so many steps.
  void take(i64 at, i64 steps) {
    i64& n = sequence_[index(at)];
    i64& seen = seen_[index(at)];
    const i64 step = first_[index(n)] + (k_.reverse ? steps - 1 - seen : seen);
    const i64 row = at % k_.rows;
    for (int u = 0; u < k_.units && row * k_.units + u < k_.hidden; ++u) {
      const i64 to = step * k_.hidden + row * k_.units + u;
      h_[to] = k_.h.number(u * k_.h_bits, k_.h_bits, k_.h_signed);
      if (k_.c_bits) c_[to] = k_.c.number(u * k_.c_bits, k_.c_bits, k_.c_signed);
    }
    if (++seen == steps) {
      seen = 0;
      n = next(n + 1, static_cast<int>(at / k_.rows));
    }
  }

 private:
  i64 next(i64 n, int track) const {
    while (n < t_.sequences && track_of_[index(n)] != track) ++n;
    return n;
  }

  tap& k_;
  const task& t_;
  std::vector<i64> first_;
  std::int32_t *h_, *c_;
  std::vector<int> track_of_;         // of each sequence
  std::vector<i64> seen_, sequence_;  // of each place
};

}  // namespace gw
