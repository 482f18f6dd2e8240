// Steps by their numbers: of each sequence COUNT beats, every STRIDE-th one from beat FIRST on.
//
// P has: FIRST, STRIDE, COUNT; beat_t. Reads beats until `last`, writes those that are kept, the
// last one of them with `last`.
// Not for: sequences that end before it; the host refuses them.
#pragma once

#include "gw_stream.hpp"

namespace gw {

template <class P>
void select_steps(stream<typename P::beat_t>& in, stream<typename P::beat_t>& out) {
  static_assert(P::STRIDE > 0 && P::COUNT > 0, "a step is kept");
  int due = P::FIRST;    // beats before the next one that is kept
  int left = P::COUNT;   // beats that are still to be kept
  bool kept = due == 0;  // known a pass ahead: no comparison lies before what hangs on it
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::beat_t x = in.read();
    const bool over = left == 1;
    if (kept) {
      typename P::beat_t y = x;
      y.last = over;
      out.write(y);
    }
    const bool more = kept ? !over : left != 0;
    if (kept) --left;
    kept = more && (due == 0 ? P::STRIDE == 1 : due == 1);
    due = due == 0 ? P::STRIDE - 1 : due - 1;
    running = !x.last;
  }
}

}  // namespace gw
