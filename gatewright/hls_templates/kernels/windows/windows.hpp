// Windows over time: KERNEL steps side by side, every DILATION-th one, from each STRIDE-th on.
//
// P has: WIDTH, KERNEL, DILATION, STRIDE; BEFORE and AFTER, steps of PAD that stand before and
// behind a sequence; SPAN, from the first to the last step of a window; LATE, passes that a window
// waits until it is known whether another one follows; in_beat, out_beat.
// Reads beats until `last`, writes a beat for each whole window, the first step lowest.
// Not for: sequences without a whole window, which the host refuses; windows that hold no step of a
// sequence; going on from the sequence before: `keep` is passed on, nothing is kept.
#pragma once

#include "gw_stream.hpp"

namespace gw {

template <class P>
void windows(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  static_assert(P::BEFORE < P::SPAN && P::AFTER < P::SPAN, "a window holds a step of the sequence");
  constexpr int HELD = P::SPAN + P::LATE;
  constexpr int BEHIND = P::AFTER + P::LATE;
  typename P::in_beat::value_t held[std::size_t(HELD)][std::size_t(P::WIDTH)];
#pragma HLS array_partition variable = held type = complete dim = 0
  for (int t = 0; t < HELD; ++t) {
#pragma HLS unroll
    for (int i = 0; i < P::WIDTH; ++i) {
#pragma HLS unroll
      held[t][i] = P::PAD;
    }
  }

  int due = HELD - 1 - P::BEFORE;  // passes before the next window
  int behind = BEHIND;             // passes after the last beat
  // Known a pass ahead, so that no comparison lies before what hangs on them.
  bool whole = due == 0;
  bool few = behind < P::STRIDE;
  bool ended = false;
  bool keep = false;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    for (int t = 0; t < HELD - 1; ++t)
      for (int i = 0; i < P::WIDTH; ++i) held[t][i] = held[t + 1][i];
    if (ended) {
      for (int i = 0; i < P::WIDTH; ++i) held[HELD - 1][i] = P::PAD;
    } else {
      const typename P::in_beat x = in.read();
      for (int i = 0; i < P::WIDTH; ++i) held[HELD - 1][i] = x.data[i];
      ended = x.last;
      keep = x.keep;
    }
    // Fewer passes follow than to another window.
    const bool over = ended && few;
    if (whole) {
      typename P::out_beat y;
      for (int k = 0; k < P::KERNEL; ++k)
        for (int i = 0; i < P::WIDTH; ++i) y.data[k * P::WIDTH + i] = held[k * P::DILATION][i];
      y.last = over;
      y.keep = keep;
      out.write(y);
    }
    running = !(over && (whole || behind == 0));
    due = whole ? P::STRIDE - 1 : due - 1;
    whole = due == 0;
    if (ended) --behind;
    few = behind < P::STRIDE;
  }
}

}  // namespace gw
