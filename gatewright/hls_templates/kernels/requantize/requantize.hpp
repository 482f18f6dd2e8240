// Requantizers: an integer accumulator in, a narrower integer out. Step functions, exact.
//
// Every variant has apply(n, row, lane) and a parameter struct P with in_t, out_t, LOW, HIGH and
// storage(). Lanes work side by side on a row of channels: each has memories of its own.
// The compiler picks the cheapest variant that it has checked against every threshold:
//   clip        n clamped                                     no latency to speak of
//   affine      (n * MULTIPLIER + offset) >> SHIFT, clamped   one multiplier
//   table       one ROM word for each value of n              narrow n only
//   wide        affine with a multiplier of two limbs         two products
//   corrected   affine, and a ROM word for each code          one multiplier
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
  static typename P::out_t apply(const typename P::in_t& n, int, int) {
#pragma HLS inline
    return clamp<typename P::out_t>(n, P::LOW, P::HIGH);
  }
};

/// P adds PRODUCT_BITS (with the offset added), SHIFT, multiplier(row, lane), offset(row, lane),
/// and TIES: what a half becomes, 0 the next integer, 1 the even neighbour, 2 the odd one.
template <class P>
struct requantize_affine {
  static_assert(P::PRODUCT_BITS < 64, "the product fits a word");
  static_assert(P::SHIFT >= 0 && P::SHIFT < P::PRODUCT_BITS, "the shift leaves a result");
  static_assert(P::TIES == 0 || P::SHIFT > 0, "a tie needs a fraction");
  using product_t = word<P::PRODUCT_BITS + 1, true>;  // the product may exceed the sum

  static typename P::out_t apply(const typename P::in_t& n, int row, int lane) {
#pragma HLS inline
    product_t v =
        product_t(n) * product_t(P::multiplier(row, lane)) + product_t(P::offset(row, lane));
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

/// P adds PRODUCT_BITS, SHIFT, multiplier(row, lane) and offset(row, lane) as above, of the upper
/// bits; LOW_PRODUCT_BITS, low_multiplier(row, lane) and low_offset(row, lane) of the last LIMB
/// ones, whose product carries into the other; and SUM_BITS of both.
template <class P>
struct requantize_wide {
  static_assert(P::SUM_BITS < 64 && P::LOW_PRODUCT_BITS < 64, "the sums fit a word");
  static_assert(P::SHIFT >= 0 && P::SHIFT < P::SUM_BITS, "the shift leaves a result");
  using low_t = word<P::LOW_PRODUCT_BITS + 1, true>;  // the product may exceed the sum
  using sum_t = word<P::SUM_BITS + 1, true>;

  static typename P::out_t apply(const typename P::in_t& n, int row, int lane) {
#pragma HLS inline
    const low_t low =
        low_t(n) * low_t(P::low_multiplier(row, lane)) + low_t(P::low_offset(row, lane));
    const low_t carry = low >> P::LIMB;
    const sum_t v =
        sum_t(n) * sum_t(P::multiplier(row, lane)) + sum_t(P::offset(row, lane)) + sum_t(carry);
    const sum_t shifted = v >> P::SHIFT;
    return clamp<typename P::out_t>(shifted, P::LOW, P::HIGH);
  }
};

/// P adds PRODUCT_BITS, SHIFT, multiplier(row, lane) and offset(row, lane) as above, DROP and
/// bound(row, lane, code): a code counted from LOW is one too high where the fraction of the sum,
/// in steps of 2^DROP, lies below it.
template <class P>
struct requantize_corrected {
  static_assert(P::PRODUCT_BITS < 64, "the product fits a word");
  static_assert(0 <= P::DROP && P::DROP < P::SHIFT && P::SHIFT < P::PRODUCT_BITS,
                "the shift leaves a result, and a fraction");
  using product_t = word<P::PRODUCT_BITS + 1, true>;  // the product may exceed the sum

  static typename P::out_t apply(const typename P::in_t& n, int row, int lane) {
#pragma HLS inline
    const product_t v =
        product_t(n) * product_t(P::multiplier(row, lane)) + product_t(P::offset(row, lane));
    const product_t quotient = v >> P::SHIFT;
    const product_t whole = quotient << P::SHIFT;
    const product_t fraction = (v - whole) >> P::DROP;
    const bool inside = quotient <= product_t(P::HIGH);
    const int code = clamp<word<33, true>>(quotient, P::LOW, P::HIGH);
    const bool early = inside && fraction < product_t(P::bound(row, lane, code - P::LOW));
    return typename P::out_t(code - (early ? 1 : 0));
  }
};

/// P adds ADDRESS_BITS and entry(address).
template <class P>
struct requantize_table {
  static typename P::out_t apply(const typename P::in_t& n, int, int) {
#pragma HLS inline
    return typename P::out_t(P::entry(address<P::ADDRESS_BITS>(n)));
  }
};

/// A level of the search, 0 at the root.
template <int L>
struct tree_level {};

/// The levels from L on: the number of a node of level D. Each level has a memory of its own, so
/// that a search reads each of them once.
template <class P, int L, int D>
struct tree_search {
  static int node(const typename P::in_t& n, int row, int lane, int above) {
#pragma HLS inline
    const bool reached = as_signed(n) >= as_signed(P::threshold(tree_level<L>(), row, lane, above));
    return tree_search<P, L + 1, D>::node(n, row, lane, 2 * above + (reached ? 1 : 0));
  }
};

template <class P, int D>
struct tree_search<P, D, D> {
  static int node(const typename P::in_t&, int, int, int above) {
#pragma HLS inline
    return above;
  }
};

/// P adds DEPTH and threshold(level, row, lane, node); the count starts at LOW.
template <class P>
struct requantize_thresholds {
  static typename P::out_t apply(const typename P::in_t& n, int row, int lane) {
#pragma HLS inline
    return typename P::out_t(P::LOW + tree_search<P, 0, P::DEPTH>::node(n, row, lane, 0));
  }
};

}  // namespace gw
