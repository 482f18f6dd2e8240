// Words: integers of a stated width, the same in Vitis HLS, in g++ with ap_int, and natively.
//
// gw::word<W, S>  a computed value of W bits; ap_int, or natively the next wider machine word.
// gw::rom<W, S>   an element of a constant array; ap_int only where hardware is made from it,
//                 because constructing ap_int tables slows every C-simulation down.
//
// The compiler proves the range of every value, so no word ever overflows and all three agree.
// Not for: saturation or wrap-around; no kernel relies on either.
#pragma once

#include <cstdint>
#include <type_traits>

#ifndef GW_NATIVE
#include <ap_int.h>
#endif

namespace gw {

/// The narrowest machine word of at least W bits.
template <int W, bool S>
struct machine_word {
  static_assert(W >= 1 && W <= 64, "a word has 1 to 64 bits");
  using s = typename std::conditional<
      (W <= 8), std::int8_t,
      typename std::conditional<
          (W <= 16), std::int16_t,
          typename std::conditional<(W <= 32), std::int32_t, std::int64_t>::type>::type>::type;
  using u = typename std::make_unsigned<s>::type;
  using type = typename std::conditional<S, s, u>::type;
};

#ifdef GW_NATIVE
// Signed and at least 32 bits: what the CPU computes with anyway.
template <int W, bool S>
using word = typename std::conditional<(W + (S ? 0 : 1) <= 32), std::int32_t, std::int64_t>::type;
#else
template <int W, bool S>
using word = typename std::conditional<S, ap_int<W>, ap_uint<W> >::type;
#endif

#ifdef __SYNTHESIS__
template <int W, bool S>
using rom = word<W, S>;
#else
template <int W, bool S>
using rom = typename machine_word<W, S>::type;
#endif

/// The low B bits of a word as an array index: how a two's complement value addresses a ROM.
template <int B, class T>
unsigned address(const T& value) {
#pragma HLS inline
  return static_cast<unsigned>(static_cast<int>(value)) & ((1u << B) - 1u);
}

/// How many lanes an array has for N that are computed side by side: natively whole vectors of the
/// CPU, the rest zero.
constexpr int padded_lanes(int n) {
#ifdef GW_NATIVE
  return (n + 7) / 8 * 8;
#else
  return n;
#endif
}

}  // namespace gw
