// The host's side of the AXI4-Stream ports, for test benches: integers to words and back.
//
// P is the parameter struct of an axis port. Nothing of it reaches hardware.
#pragma once

#include <cstddef>

#include "axis.hpp"

namespace gw {

/// Write `steps` time steps of P::WIDTH values each, the last one with `last`, all with `keep`.
template <class P, class T>
void drive(const T* values, std::int64_t steps, bool keep, stream<axis_in<P>>& port) {
  for (std::int64_t t = 0; t < steps; ++t) {
    for (int fold = 0; fold < P::FOLDS; ++fold) {
      axis_in<P> w;
      for (int lane = 0; lane < P::LANES; ++lane) {
        const int i = fold * P::LANES + lane;
        set_lane<P::LANE_BITS>(w.data, lane, i < P::WIDTH ? values[i] : 0);
      }
      w.last = t == steps - 1 && fold == P::FOLDS - 1;
#ifndef GW_NATIVE
      set_bytes(w.keep, w.strb);
#endif
      w.user = keep;
      port.write(w);
    }
    values += P::WIDTH;
  }
}

/// Read `steps` time steps of P::WIDTH values each; false where `last` is not on the last one.
template <class P, class T>
bool collect(stream<axis_out<P>>& port, std::int64_t steps, T* values) {
  bool in_place = true;
  for (std::int64_t t = 0; t < steps; ++t) {
    for (int fold = 0; fold < P::FOLDS; ++fold) {
      const axis_out<P> w = port.read();
      for (int lane = 0; lane < P::LANES; ++lane) {
        const int i = fold * P::LANES + lane;
        if (i < P::WIDTH)
          values[i] = static_cast<T>(get_lane<P::LANE_BITS, P::SIGNED>(w.data, lane));
      }
      const bool end = t == steps - 1 && fold == P::FOLDS - 1;
      in_place = in_place && static_cast<bool>(w.last) == end;
    }
    values += P::WIDTH;
  }
  return in_place;
}

}  // namespace gw
