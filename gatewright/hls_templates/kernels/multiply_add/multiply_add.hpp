// A value times a constant of its channel, plus another one.
//
// P has: in_t, out_t; sum_t, which holds the product, the term and their sum; factor(row, lane),
// term(row, lane), storage().
#pragma once

#include "gw_types.hpp"

namespace gw {

template <class P>
struct multiply_add {
  static typename P::out_t apply(const typename P::in_t& n, int row, int lane) {
#pragma HLS inline
    using sum_t = typename P::sum_t;
    return typename P::out_t(multiply<sum_t>(n, P::factor(row, lane)) + sum_t(P::term(row, lane)));
  }
};

}  // namespace gw
