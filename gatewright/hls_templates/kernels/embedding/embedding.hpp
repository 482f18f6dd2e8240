// A table of rows: all WIDTH values of a row for every number of one.
//
// P has: ROWS, WIDTH, ADDRESS_BITS, TAP; in_beat, of one value, and out_beat; entry(row, i);
// storage(). Reads beats until `last`, writes one beat for each. A number that no row has takes the
// last row; hosts refuse it.
// Not for: functions of one value, which lookup.hpp has without a stage of their own.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"
#include "gw_types.hpp"

namespace gw {

template <class P>
void embedding(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  static_assert(P::ROWS <= 1 << P::ADDRESS_BITS, "every row has a number");
  P::storage();
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::in_beat x = in.read();
    unsigned row = address<P::ADDRESS_BITS>(x.data[0]);
    if (row >= unsigned(P::ROWS)) row = unsigned(P::ROWS) - 1;
    typename P::out_beat y;
    for (int i = 0; i < P::WIDTH; ++i) {
      y.data[i] = typename P::out_beat::value_t(P::entry(row, i));
      GW_TAP(P::TAP, i, y.data[i]);
    }
    pass_flags(x, y);
    out.write(y);
    GW_TAP_STEP(P::TAP, 1);
    running = !x.last;
  }
}

}  // namespace gw
