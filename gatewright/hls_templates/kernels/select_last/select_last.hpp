// Time-step selection: of each sequence, the last beat only.
//
// P has: beat_t. Reads beats until `last`, writes that one.
#pragma once

#include "gw_stream.hpp"

namespace gw {

template <class P>
void select_last(stream<typename P::beat_t>& in, stream<typename P::beat_t>& out) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::beat_t x = in.read();
    if (x.last) out.write(x);
    running = !x.last;
  }
}

}  // namespace gw
