// What ap_int and ap_uint keep their value in, and what is done to its bits.
//
// clang has _BitInt(W) in C++, since version 16 of any width: the storage then has the hardware's
// width, and so has every operation in the LLVM IR that the linter reads. Elsewhere (g++) it is the
// CPU's 128 bits, or limbs of 64 where an unsigned value is wider: the same integers, without
// arithmetic on those.
#pragma once

#include <type_traits>

#if defined(__BITINT_MAXWIDTH__) && __BITINT_MAXWIDTH__ > 128
#define GW_AP_HAS_BITINT 1
#else
#define GW_AP_HAS_BITINT 0
#include "gw_limbs.h"
#endif

/// Nothing of ap_int is a function in the IR.
#define GW_AP_INLINE __attribute__((always_inline)) inline

namespace gw_ap {

#if GW_AP_HAS_BITINT

template <int W, bool S>
struct storage {
  __extension__ typedef _BitInt(W) type;
};
template <int W>
struct storage<W, false> {
  __extension__ typedef unsigned _BitInt(W) type;
};
template <>
struct storage<1, true> {  // clang knows no signed _BitInt of one bit
  __extension__ typedef _BitInt(2) type;
};

/// Bits of the unsigned storage of W bits.
constexpr int stored_bits(int w) { return w; }

#else

template <int W, bool S>
struct storage {
  static_assert(W <= 128 || !S, "without _BitInt a signed value has at most 128 bits");
  using type = typename std::conditional<(W > 128), limbs<W>,
                                         typename std::conditional<S, int128, uint128>::type>::type;
};

constexpr int stored_bits(int w) { return w > 128 ? (w + 63) / 64 * 64 : 128; }

#endif

/// Values of W bits, and what is done to their bits.
template <int W, bool S>
struct bits {
  static_assert(W >= 1, "a value has at least one bit");
  using type = typename storage<W, S>::type;
  using pattern = typename storage<W, false>::type;

  /// The low n bits set, 1 <= n <= W.
  GW_AP_INLINE static constexpr pattern ones(int n) {
    return static_cast<pattern>(~pattern(0)) >> (stored_bits(W) - n);
  }

  /// The value that equals `v` modulo 2**W.
  template <class T>
  GW_AP_INLINE static constexpr type wrap(const T& v) {
    return wrapped(v, std::integral_constant<int, !GW_AP_HAS_BITINT ? 2 : S && W == 1>());
  }

  /// Bits `high` to `low` of v, 0 <= low <= high < W.
  GW_AP_INLINE static constexpr pattern get(const type& v, int high, int low) {
    return (static_cast<pattern>(v) >> low) & ones(high - low + 1);
  }

  /// Put the low bits of `piece` there.
  GW_AP_INLINE static void set(type& v, int high, int low, const pattern& piece) {
    const pattern mask = ones(high - low + 1) << low;
    v = wrap((static_cast<pattern>(v) & ~mask) | ((piece << low) & mask));
  }

  /// v * 2**n modulo 2**W, rounded down where n is negative.
  GW_AP_INLINE static constexpr type left(const type& v, int n) {
    return n < 0 ? down(v, -n) : n >= W ? type(0) : wrap(static_cast<pattern>(v) << n);
  }

  /// v / 2**n rounded down, modulo 2**W where n is negative.
  GW_AP_INLINE static constexpr type right(const type& v, int n) {
    return n < 0 ? left(v, -n) : down(v, n);
  }

 private:
  GW_AP_INLINE static constexpr type down(const type& v, int n) {
    return n < W ? static_cast<type>(v >> n) : S ? static_cast<type>(v >> (W - 1)) : type(0);
  }
  template <class T>
  GW_AP_INLINE static constexpr type wrapped(const T& v, std::integral_constant<int, 0>) {
    return static_cast<type>(v);
  }
  template <class T>
  GW_AP_INLINE static constexpr type wrapped(const T& v, std::integral_constant<int, 1>) {
    return static_cast<type>(-static_cast<type>(v & 1));
  }
  template <class T>
  GW_AP_INLINE static constexpr type wrapped(const T& v, std::integral_constant<int, 2>) {
    return extended(static_cast<pattern>(v) & ones(W), std::integral_constant<bool, S>());
  }
  GW_AP_INLINE static constexpr type extended(const pattern& v, std::true_type) {
    return static_cast<type>((v ^ (pattern(1) << (W - 1))) - (pattern(1) << (W - 1)));
  }
  GW_AP_INLINE static constexpr type extended(const pattern& v, std::false_type) { return v; }
};

}  // namespace gw_ap
