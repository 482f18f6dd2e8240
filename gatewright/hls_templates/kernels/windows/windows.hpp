// Windows over time: KERNEL steps side by side, every DILATION-th one, from each STRIDE-th on.
//
// P has: WIDTH, KERNEL, DILATION, STRIDE; BEFORE and AFTER, steps of PAD that stand before and
// behind a sequence; SPAN, from the first to the last step of a window; LATE, passes that a window
// waits until it is known whether another one follows; in_beat, out_beat.
// Reads beats until `last`, writes a beat for each whole window, the first step lowest. A sequence
// whose first beat has `keep` goes on from the steps of the one before, if there was one: its first
// window is STRIDE behind the last one of that, and no step of PAD stands before it.
// Not for: sequences without a whole window, which the host refuses; windows that hold no step of a
// sequence; going on from a sequence whose last window holds steps behind it.
#pragma once

#include "gw_kept.hpp"
#include "gw_stream.hpp"

namespace gw {

/// What outlives a sequence: its last steps, passes after the one that took the last of them, and
/// whether there was one.
template <class P>
struct windows_state {
  using value_t = typename P::in_beat::value_t;
  using steps = value_t[std::size_t(P::SPAN + P::LATE)][std::size_t(P::WIDTH)];
  steps held;
  int later;
  bool there;
};

/// One step further: the oldest step is dropped, the newest one is last.
template <class P, class H, class V>
void next_step(H& held, const V& step) {
#pragma HLS inline
  constexpr int LAST = P::SPAN + P::LATE - 1;
  for (int t = 0; t < LAST; ++t)
    for (int i = 0; i < P::WIDTH; ++i) held[t][i] = held[t + 1][i];
  for (int i = 0; i < P::WIDTH; ++i) held[LAST][i] = step[i];
}

/// The window that ends LATE steps before the newest one.
template <class P, class H>
typename P::out_beat window_of(const H& held, bool last, bool keep) {
#pragma HLS inline
  typename P::out_beat y;
  for (int k = 0; k < P::KERNEL; ++k)
    for (int i = 0; i < P::WIDTH; ++i) y.data[k * P::WIDTH + i] = held[k * P::DILATION][i];
  y.last = last;
  y.keep = keep;
  return y;
}

template <class P>
void windows(GW_KEPT_PARAMETER(windows_state<P>) stream<typename P::in_beat>& in,
             stream<typename P::out_beat>& out) {
  static_assert(P::BEFORE < P::SPAN && P::AFTER < P::SPAN, "a window holds a step of the sequence");
  constexpr int HELD = P::SPAN + P::LATE;
  constexpr int BEHIND = P::AFTER + P::LATE;
  GW_KEPT_STATIC(typename windows_state<P>::steps, held);
  GW_KEPT_STATIC(int, later);
  GW_KEPT_STATIC(bool, there);
#pragma HLS reset variable = there
  typename P::in_beat::value_t rest[std::size_t(HELD)][std::size_t(P::WIDTH)];
  typename P::in_beat::value_t pad[std::size_t(P::WIDTH)];
#pragma HLS array_partition variable = held type = complete dim = 0
#pragma HLS array_partition variable = rest type = complete dim = 0
#pragma HLS array_partition variable = pad type = complete
  for (int i = 0; i < P::WIDTH; ++i) {
#pragma HLS unroll
    pad[i] = P::PAD;
  }
  int due = HELD - 1 - P::BEFORE;  // passes before the next window
  bool whole = due == 0;           // known a pass ahead: no comparison lies before what hangs on it
  bool begins = true;
  bool keep = false;
  bool done = false;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::in_beat x = in.read();
    if (begins && x.keep && there) {
      due = P::STRIDE - 1 + later;
      whole = P::STRIDE == 1 && later == 0;
    } else if (begins) {
      for (int t = 0; t < HELD; ++t)
        for (int i = 0; i < P::WIDTH; ++i) held[t][i] = pad[i];
    }
    begins = false;
    next_step<P>(held, x.data);
    keep = x.keep;
    // The last window is the one behind which there are fewer passes than to another one.
    const bool over = x.last && BEHIND < P::STRIDE;
    if (whole) out.write(window_of<P>(held, over, keep));
    done = over && whole;
    running = !x.last;
    const bool whole_next = whole ? P::STRIDE == 1 : due == 1;
    due = whole ? P::STRIDE - 1 : due - 1;
    whole = whole_next;
  }
  // On a copy: a sequence that goes on begins with the steps as they are.
  for (int t = 0; t < HELD; ++t) {
#pragma HLS unroll
    for (int i = 0; i < P::WIDTH; ++i) {
#pragma HLS unroll
      rest[t][i] = held[t][i];
    }
  }
  later = 0;
  for (int behind = BEHIND - 1; behind >= 0 && !done; --behind) {
#pragma HLS pipeline II = 1 style = flp
    ++later;
    next_step<P>(rest, pad);
    const bool over = behind < P::STRIDE;
    if (whole) out.write(window_of<P>(rest, over, keep));
    done = over && whole;
    const bool whole_next = whole ? P::STRIDE == 1 : due == 1;
    due = whole ? P::STRIDE - 1 : due - 1;
    whole = whole_next;
  }
  there = true;
}

}  // namespace gw
