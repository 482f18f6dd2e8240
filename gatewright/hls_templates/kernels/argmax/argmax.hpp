// The index of the largest value of each beat, the first of several.
//
// P has: CLASSES, TAP; index_t, in_beat, out_beat.
// Reads beats until `last`, writes one beat of one value for each, one beat a cycle.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"
#include "gw_types.hpp"

namespace gw {

template <class P>
void argmax(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::in_beat x = in.read();
    int best = 0;
    typename P::in_beat::value_t largest = x.data[0];
    for (int c = 1; c < P::CLASSES; ++c) {
      if (x.data[c] > largest) {
        largest = x.data[c];
        best = c;
      }
    }
    typename P::out_beat y;
    y.data[0] = typename P::index_t(best);
    pass_flags(x, y);
    GW_TAP(P::TAP, 0, y.data[0]);
    out.write(y);
    GW_TAP_STEP(P::TAP, 1);
    running = !x.last;
  }
}

}  // namespace gw
