// Sum over time: of each sequence, the sum of its beats, value by value.
//
// P has: WIDTH, TAP; acc_t, in_beat, out_beat. Reads beats until `last`, writes one beat.
// Not for: dividing by the number of steps, which whoever reads the sum takes into account; nor
// sequences longer than acc_t was made for, which the host refuses.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"

namespace gw {

template <class P>
void sum_over_time(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  typename P::acc_t acc[P::WIDTH];
#pragma HLS array_partition variable = acc complete
  for (int i = 0; i < P::WIDTH; ++i) {
#pragma HLS unroll
    acc[i] = 0;
  }
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1
    const typename P::in_beat x = in.read();
    typename P::out_beat y;
    for (int i = 0; i < P::WIDTH; ++i) {
      acc[i] += x.data[i];
      y.data[i] = acc[i];
    }
    y.last = true;
    if (x.last) {
      for (int i = 0; i < P::WIDTH; ++i) GW_TAP(P::TAP, i, y.data[i]);
      out.write(y);
      GW_TAP_STEP(P::TAP, 1);
    }
    running = !x.last;
  }
}

}  // namespace gw
