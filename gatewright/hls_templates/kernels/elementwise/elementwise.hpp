// A function of one value, and of its channel, on every value of a stream.
//
// P has: CHANNELS, TAP; in_beat, out_beat; function, with apply(value, channel): of lookup.hpp,
// multiply_add.hpp or requantize.hpp. Reads beats until `last`, writes one beat for each.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"
#include "lookup.hpp"
#include "multiply_add.hpp"
#include "requantize.hpp"

namespace gw {

template <class P>
void elementwise(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::in_beat x = in.read();
    typename P::out_beat y;
    for (int c = 0; c < P::CHANNELS; ++c) {
      y.data[c] = P::function::apply(x.data[c], c);
      GW_TAP(P::TAP, c, y.data[c]);
    }
    pass_flags(x, y);
    out.write(y);
    GW_TAP_STEP(P::TAP, 1);
    running = !x.last;
  }
}

}  // namespace gw
