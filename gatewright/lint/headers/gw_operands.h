// Operands of ap_int's operators, and how wide what comes of them is, as AMD's UG1399 says:
// wide enough for every result, and signed where an operand or a difference is.
#pragma once

#include <type_traits>

#include "gw_bits.h"

template <int W, bool S>
struct ap_int_base;
template <int W>
struct ap_int;
template <int W>
struct ap_uint;
template <int W, bool S>
struct ap_range_ref;
template <int W, bool S>
struct ap_bit_ref;

namespace gw_ap {

/// Says of a value that it needs no wrapping.
struct exact {};

template <int W, bool S>
using number = typename std::conditional<S, ap_int<W>, ap_uint<W>>::type;

/// Width, sign and value of T; of what is no operand, `known` is false.
template <class T, class = void>
struct operand {
  static constexpr bool known = false;
};

template <class T>
struct operand<T, typename std::enable_if<std::is_integral<T>::value>::type> {
  static constexpr bool known = true;
  static constexpr bool native = true;
  static constexpr int width = std::is_same<T, bool>::value ? 1 : int(sizeof(T)) * 8;
  static constexpr bool is_signed = std::is_signed<T>::value;
  GW_AP_INLINE static constexpr const T& value(const T& t) { return t; }
};

template <int W, bool S>
struct of_number {
  static constexpr bool known = true;
  static constexpr bool native = false;
  static constexpr int width = W;
  static constexpr bool is_signed = S;
  GW_AP_INLINE static constexpr const typename bits<W, S>::type& value(const ap_int_base<W, S>& t) {
    return t.V;
  }
};
template <int W, bool S>
struct operand<ap_int_base<W, S>> : of_number<W, S> {};
template <int W>
struct operand<ap_int<W>> : of_number<W, true> {};
template <int W>
struct operand<ap_uint<W>> : of_number<W, false> {};

/// What a range holds: as wide as the number that it is a part of.
template <int W, bool S>
struct operand<ap_range_ref<W, S>> {
  static constexpr bool known = true;
  static constexpr bool native = false;
  static constexpr int width = W;
  static constexpr bool is_signed = false;
  GW_AP_INLINE static constexpr typename bits<W, false>::type value(const ap_range_ref<W, S>& t) {
    return t.get().V;
  }
};
template <int W, bool S>
struct operand<ap_bit_ref<W, S>> {
  static constexpr bool known = true;
  static constexpr bool native = false;
  static constexpr int width = 1;
  static constexpr bool is_signed = false;
  GW_AP_INLINE static constexpr bool value(const ap_bit_ref<W, S>& t) { return t.get(); }
};

constexpr int wider(int a, int b) { return a > b ? a : b; }

/// Results of two operands.
template <int W1, bool S1, int W2, bool S2>
struct results {
  static constexpr int common = wider(W1 + (S2 && !S1), W2 + (S1 && !S2));
  using logic = number<common, S1 || S2>;
  using sum = number<common + 1, S1 || S2>;
  using difference = number<common + 1, true>;
  using product = number<W1 + W2, S1 || S2>;
};
struct no_results {};

template <int W, bool S>
struct shift {
  using shifted = number<W, S>;
};
struct no_shift {};

/// The same by type, where one of them is a number; `shifted` is a by b bits, if a is one.
template <class A, class B, bool KNOWN = operand<A>::known && operand<B>::known>
struct grown : no_results {};
template <class A, class B>
struct grown<A, B, true>
    : std::conditional<operand<A>::native && operand<B>::native, no_results,
                       results<operand<A>::width, operand<A>::is_signed, operand<B>::width,
                               operand<B>::is_signed>>::type,
      std::conditional<operand<A>::native, no_shift,
                       shift<operand<A>::width, operand<A>::is_signed>>::type {};

}  // namespace gw_ap
