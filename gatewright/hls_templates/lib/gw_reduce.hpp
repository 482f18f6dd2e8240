// One more value for a sum, or for the largest so far.
//
// P has: MAXIMUM, whether it is the largest; acc_t, which holds either.
// Not for: sums that leave acc_t, which the compiler has proven.
#pragma once

namespace gw {

template <class P, class V>
void reduce(typename P::acc_t& acc, const V& next) {
#pragma HLS inline
  const typename P::acc_t value = next;
  if (!P::MAXIMUM)
    acc += value;
  else if (value > acc)
    acc = value;
}

}  // namespace gw
