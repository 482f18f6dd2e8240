// Every value of a stream times a constant of its channel, plus another one.
//
// P has: CHANNELS, TAP; out_t, in_beat, out_beat; factor(c), term(c).
// Reads beats until `last`, writes one beat for each, one beat a cycle.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"
#include "gw_types.hpp"

namespace gw {

template <class P>
void multiply_add(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1
    const typename P::in_beat x = in.read();
    typename P::out_beat y;
    for (int c = 0; c < P::CHANNELS; ++c) {
      y.data[c] = typename P::out_t(x.data[c] * P::factor(c) + P::term(c));
      GW_TAP(P::TAP, c, y.data[c]);
    }
    y.last = x.last;
    out.write(y);
    GW_TAP_STEP(P::TAP, 1);
    running = !x.last;
  }
}

}  // namespace gw
