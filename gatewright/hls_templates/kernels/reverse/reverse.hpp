// Reversal of time: the beats of a sequence from the last to the first.
//
// P has: MAX_STEPS; beat_t. Buffers a sequence, then writes as many beats as it read. A sequence of
// more than MAX_STEPS raises `too_long` as soon as that is seen; what is written for it is
// meaningless, and the next sequence is not affected.
// Not for: starting a sequence before the one before it is written.
#pragma once

#include "gw_stream.hpp"

namespace gw {

template <class P>
void reverse(stream<typename P::beat_t>& in, stream<typename P::beat_t>& out, bool& too_long) {
  typename P::beat_t kept[P::MAX_STEPS];
#pragma HLS aggregate variable = kept compact = bit
  int count = 0;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::beat_t x = in.read();
    if (count < P::MAX_STEPS)
      kept[count] = x;
    else
      too_long = true;
    ++count;
    running = !x.last;
  }
  for (int i = count - 1; i >= 0; --i) {
#pragma HLS pipeline II = 1 style = flp
    typename P::beat_t x = kept[i < P::MAX_STEPS ? i : P::MAX_STEPS - 1];
    x.last = i == 0;
    out.write(x);
  }
}

}  // namespace gw
