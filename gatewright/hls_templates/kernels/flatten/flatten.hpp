// Flattening over time: STEPS beats of WIDTH values become one beat of STEPS * WIDTH values.
//
// P has: STEPS, WIDTH; in_beat, out_beat. Reads exactly STEPS beats, the last one with `last`.
// Not for: sequences of another length; the host refuses them.
#pragma once

#include "gw_stream.hpp"

namespace gw {

template <class P>
void flatten(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  typename P::out_beat::value_t values[std::size_t(P::STEPS)][std::size_t(P::WIDTH)];
#pragma HLS array_partition variable = values type = complete dim = 0
  for (int t = 0; t < P::STEPS; ++t) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::in_beat x = in.read();
    for (int i = 0; i < P::WIDTH; ++i) values[t][i] = x.data[i];
  }
  typename P::out_beat y;
  for (int i = 0; i < P::STEPS * P::WIDTH; ++i) {
#pragma HLS unroll
    y.data[i] = values[i / P::WIDTH][i % P::WIDTH];
  }
  y.last = true;
  y.keep = false;  // read by no layer: those need a beat a step
  out.write(y);
}

}  // namespace gw
