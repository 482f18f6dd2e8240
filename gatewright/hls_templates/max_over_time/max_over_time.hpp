// Maximum over time: of each sequence, the largest of its beats, value by value.
//
// P has: WIDTH, TAP; beat_t. Reads beats until `last`, writes one beat.
// Not for: telling which step was the largest.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"

namespace gw {

template <class P>
void max_over_time(stream<typename P::beat_t>& in, stream<typename P::beat_t>& out) {
  typename P::beat_t largest;
  bool first = true;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1
    const typename P::beat_t x = in.read();
    for (int i = 0; i < P::WIDTH; ++i) {
      if (first || x.data[i] > largest.data[i]) largest.data[i] = x.data[i];
    }
    largest.last = true;
    if (x.last) {
      for (int i = 0; i < P::WIDTH; ++i) GW_TAP(P::TAP, i, largest.data[i]);
      out.write(largest);
      GW_TAP_STEP(P::TAP, 1);
    }
    first = false;
    running = !x.last;
  }
}

}  // namespace gw
