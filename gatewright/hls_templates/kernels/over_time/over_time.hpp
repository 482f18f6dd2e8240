// Reduction over time: of each sequence, the sum or the largest of its beats, value by value.
//
// P has: WIDTH, TAP; MAXIMUM, whether it is the largest; START, what is not larger than any value,
// or 0 for a sum; acc_t, in_beat, out_beat. Reads beats until `last`, writes one beat. Not for:
// dividing by the number of steps, which whoever reads a sum takes into account; telling which step
// was the largest; sequences longer than acc_t was made for, which the host refuses.
#pragma once

#include "gw_reduce.hpp"
#include "gw_stream.hpp"
#include "gw_taps.hpp"

namespace gw {

template <class P>
void over_time(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  typename P::acc_t acc[P::WIDTH];
#pragma HLS array_partition variable = acc type = complete
  // Not the first beat, for to ask whether one is that would lie on the loop.
  for (int i = 0; i < P::WIDTH; ++i) {
#pragma HLS unroll
    acc[i] = P::START;
  }
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::in_beat x = in.read();
    typename P::out_beat y;
    for (int i = 0; i < P::WIDTH; ++i) {
      reduce<P>(acc[i], x.data[i]);
      y.data[i] = acc[i];
    }
    pass_flags(x, y);
    if (x.last) {
      for (int i = 0; i < P::WIDTH; ++i) GW_TAP(P::TAP, i, y.data[i]);
      out.write(y);
      GW_TAP_STEP(P::TAP, 1);
    }
    running = !x.last;
  }
}

}  // namespace gw
