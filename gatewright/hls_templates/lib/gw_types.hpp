// Words: integers of a stated width, the same in Vitis HLS, in g++ with ap_int, and natively.
//
// gw::word<W, S>  a computed value of W bits; ap_int, or natively the next wider machine word.
// gw::rom<W, S>   an element of a constant array; ap_int only where hardware is made from it,
//                 because constructing ap_int tables slows every C-simulation down.
//
// A machine word is signed whatever it holds: between a signed and an unsigned operand C++ would
// take the signed one for unsigned, and a negative sum for a large one.
// The compiler proves the range of every value, so no word ever overflows and all three agree.
// Not for: saturation or wrap-around; no kernel relies on either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#ifndef GW_NATIVE
#include <ap_int.h>
#endif

namespace gw {

/// The narrowest signed machine word of at least W bits.
template <int W>
struct machine_word {
  static_assert(W >= 1 && W <= 64, "a signed machine word has 1 to 64 bits");
  using type = typename std::conditional<
      (W <= 8), std::int8_t,
      typename std::conditional<
          (W <= 16), std::int16_t,
          typename std::conditional<(W <= 32), std::int32_t, std::int64_t>::type>::type>::type;
};

/// Bits of a signed word that holds W bits.
constexpr int signed_bits(int w, bool s) { return s ? w : w + 1; }

#ifdef GW_NATIVE
// At least 32 bits: what the CPU computes with anyway.
template <int W, bool S>
using word = typename machine_word<(signed_bits(W, S) < 32 ? 32 : signed_bits(W, S))>::type;
#else
template <int W, bool S>
using word = typename std::conditional<S, ap_int<W>, ap_uint<W> >::type;
#endif

#ifdef __SYNTHESIS__
template <int W, bool S>
using rom = word<W, S>;
#else
template <int W, bool S>
using rom = typename machine_word<signed_bits(W, S)>::type;
#endif

// A word of either sign as a signed one. Words that are compared go through it: the headers that
// C-simulation has for ap_int compare an ap_int with an ap_uint of 32 bits or more as unsigned.
inline std::int32_t as_signed(std::int32_t value) {
#pragma HLS inline
  return value;
}
inline std::int64_t as_signed(std::int64_t value) {
#pragma HLS inline
  return value;
}
#ifndef GW_NATIVE
template <int W>
ap_int<W> as_signed(const ap_int<W>& value) {
#pragma HLS inline
  return value;
}
template <int W>
ap_int<W + 1> as_signed(const ap_uint<W>& value) {
#pragma HLS inline
  return value;
}
#endif

/// The product of two words; T holds it. ap_int grows, a machine word has to be widened first.
template <class T, class A, class B>
T multiply(const A& a, const B& b) {
#pragma HLS inline
#ifdef GW_NATIVE
  return T(a) * T(b);
#else
  return T(a * b);
#endif
}

/// The low B bits of a word as an array index: how a two's complement value addresses a ROM.
template <int B, class T>
unsigned address(const T& value) {
#pragma HLS inline
  return static_cast<unsigned>(static_cast<int>(value)) & ((1u << B) - 1u);
}

/// Set all values to zero: those of ap_int are not by themselves.
template <class T, std::size_t N, std::size_t M>
void clear(T (&values)[N][M]) {
#pragma HLS inline
  for (std::size_t i = 0; i < N; ++i) {
#pragma HLS unroll
    for (std::size_t k = 0; k < M; ++k) {
#pragma HLS unroll
      values[i][k] = 0;
    }
  }
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
