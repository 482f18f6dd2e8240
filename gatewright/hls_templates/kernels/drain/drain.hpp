// Takes the beats of a sequence that nobody needs.
//
// P has: beat_t. Reads beats until `last`.
#pragma once

#include "gw_stream.hpp"

namespace gw {

template <class P>
void drain(stream<typename P::beat_t>& in) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    running = !in.read().last;
  }
}

}  // namespace gw
