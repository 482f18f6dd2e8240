// Look-up table: sigmoid, tanh, or any function of a narrow integer.
//
// P has in_t, out_t, ADDRESS_BITS, entry(address), storage(); negative values address the upper
// half. All channels share the table. A monotone function whose table would be far larger than its
// thresholds goes through requantize_thresholds instead (lookup/kernel.py decides). Not for:
// interpolation; every value has an entry of its own.
#pragma once

#include "gw_types.hpp"

namespace gw {

template <class P>
struct lookup {
  static typename P::out_t apply(const typename P::in_t& n, int, int) {
#pragma HLS inline
    return typename P::out_t(P::entry(address<P::ADDRESS_BITS>(n)));
  }
};

}  // namespace gw
