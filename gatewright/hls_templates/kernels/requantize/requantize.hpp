// Requantizers: an integer accumulator in, a narrower integer out. Step functions, exact.
//
// Every variant has apply(n, channel) and a parameter struct P with in_t, out_t, LOW, HIGH.
// The compiler picks the cheapest variant that it has checked against every threshold:
//   clip        n clamped                                     no latency to speak of
//   affine      (n * MULTIPLIER + offset) >> SHIFT, clamped   one multiplier
//   table       one ROM word for each value of n              narrow n only
//   thresholds  binary search, one comparison a level         always possible
// Not for: choosing between them, or rounding of its own; the parameters hold all rounding.
#pragma once

#include "gw_types.hpp"

namespace gw {

template <class T, class V>
T clamp(const V& value, int low, int high) {
#pragma HLS inline
  return as_signed(value) < low ? T(low) : (as_signed(value) > high ? T(high) : T(value));
}

template <class P>
struct requantize_clip {
  static typename P::out_t apply(const typename P::in_t& n, int) {
#pragma HLS inline
    return clamp<typename P::out_t>(n, P::LOW, P::HIGH);
  }
};

/// P adds PRODUCT_BITS (with the offset added), SHIFT, multiplier(c), offset(c), and TIES: what a
/// half becomes, 0 the next integer, 1 the even neighbour, 2 the odd one.
template <class P>
struct requantize_affine {
  static_assert(P::PRODUCT_BITS < 64, "the product fits a word");
  static_assert(P::SHIFT >= 0 && P::SHIFT < P::PRODUCT_BITS, "the shift leaves a result");
  static_assert(P::TIES == 0 || P::SHIFT > 0, "a tie needs a fraction");
  using product_t = word<P::PRODUCT_BITS + 1, true>;  // the product may exceed the sum

  static typename P::out_t apply(const typename P::in_t& n, int channel) {
#pragma HLS inline
    product_t v = product_t(n) * product_t(P::multiplier(channel)) + product_t(P::offset(channel));
    if (P::TIES != 0) {
      // Half of the last bit, less one unless the quotient has to move: a tie goes to its side.
      const product_t quotient = v >> P::SHIFT;
      const product_t odd = (static_cast<int>(quotient) & 1) ^ (P::TIES == 2 ? 1 : 0);
      v = v + product_t((std::int64_t(1) << P::SHIFT >> 1) - 1) + odd;
    }
    const product_t shifted = v >> P::SHIFT;
    return clamp<typename P::out_t>(shifted, P::LOW, P::HIGH);
  }
};

/// P adds ADDRESS_BITS and entry(address).
template <class P>
struct requantize_table {
  static typename P::out_t apply(const typename P::in_t& n, int) {
#pragma HLS inline
    return typename P::out_t(P::entry(address<P::ADDRESS_BITS>(n)));
  }
};

/// P adds DEPTH and threshold(c, k), k = 1 .. 2**DEPTH - 1, ascending; the count starts at LOW.
template <class P>
struct requantize_thresholds {
  static typename P::out_t apply(const typename P::in_t& n, int channel) {
#pragma HLS inline
    int count = 0;
    for (int level = P::DEPTH - 1; level >= 0; --level) {
#pragma HLS unroll
      const int candidate = count + (1 << level);
      if (as_signed(n) >= as_signed(P::threshold(channel, candidate))) count = candidate;
    }
    return typename P::out_t(P::LOW + count);
  }
};

}  // namespace gw
