// A value times a constant of its channel, plus another one.
//
// P has: in_t, out_t; factor(c), term(c).
#pragma once

#include "gw_types.hpp"

namespace gw {

template <class P>
struct multiply_add {
  static typename P::out_t apply(const typename P::in_t& n, int channel) {
#pragma HLS inline
    return typename P::out_t(n * P::factor(channel) + P::term(channel));
  }
};

}  // namespace gw
