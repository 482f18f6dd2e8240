// The largest, or the sum, of KERNEL groups of a beat's values, value by value.
//
// P has: WIDTH, values of a group; KERNEL; MAXIMUM, whether it is the largest; acc_t, in_beat,
// out_beat. Reads beats until `last`, writes one beat for each.
// Not for: dividing a sum, which whoever reads it takes into account.
#pragma once

#include "gw_reduce.hpp"
#include "gw_stream.hpp"

namespace gw {

template <class P>
void groups(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::in_beat x = in.read();
    typename P::out_beat y;
    for (int i = 0; i < P::WIDTH; ++i) {
      typename P::acc_t acc = x.data[i];
      for (int k = 1; k < P::KERNEL; ++k) reduce<P>(acc, x.data[k * P::WIDTH + i]);
      y.data[i] = acc;
    }
    pass_flags(x, y);
    out.write(y);
    running = !x.last;
  }
}

}  // namespace gw
