// Bit patterns of more than 128 bits for compilers without _BitInt: words of AXI4-Stream.
//
// Not for: arithmetic; there is none but on bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace gw_ap {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/// W bits, rounded up to whole limbs.
template <int W>
struct limbs {
  static constexpr int COUNT = (W + 63) / 64;

  limbs() = default;

  /// From an integer, whose sign goes on upwards.
  template <class T>
  explicit constexpr limbs(T v) : limb() {
    const int128 low = static_cast<int128>(v);
    const bool negative = !std::is_same<T, uint128>::value && low < 0;
    for (int i = 0; i < COUNT; ++i)
      limb[i] = i < 2 ? static_cast<std::uint64_t>(low >> (64 * i)) : std::uint64_t(0) - negative;
  }

  template <int W2>
  explicit constexpr limbs(const limbs<W2>& v) : limb() {
    for (int i = 0; i < COUNT; ++i) limb[i] = i < limbs<W2>::COUNT ? v.limb[i] : 0;
  }

  explicit constexpr operator uint128() const { return uint128(limb[1]) << 64 | limb[0]; }
  explicit constexpr operator int128() const { return static_cast<int128>(uint128(*this)); }
  explicit constexpr operator unsigned long long() const { return limb[0]; }
  explicit constexpr operator long long() const { return static_cast<long long>(limb[0]); }

  constexpr limbs operator~() const {
    limbs r = *this;
    for (int i = 0; i < COUNT; ++i) r.limb[i] = ~limb[i];
    return r;
  }
  constexpr limbs operator&(const limbs& b) const {
    limbs r = *this;
    for (int i = 0; i < COUNT; ++i) r.limb[i] &= b.limb[i];
    return r;
  }
  constexpr limbs operator|(const limbs& b) const { return ~(~*this & ~b); }
  constexpr limbs operator<<(int n) const {
    limbs r(0);
    for (int i = COUNT - 1; i >= n / 64; --i) {
      const int from = i - n / 64;
      r.limb[i] = limb[from] << (n % 64);
      if (n % 64 != 0 && from > 0) r.limb[i] |= limb[from - 1] >> (64 - n % 64);
    }
    return r;
  }
  constexpr limbs operator>>(int n) const {
    limbs r(0);
    for (int i = 0; i < COUNT - n / 64; ++i) {
      const int from = i + n / 64;
      r.limb[i] = limb[from] >> (n % 64);
      if (n % 64 != 0 && from + 1 < COUNT) r.limb[i] |= limb[from + 1] << (64 - n % 64);
    }
    return r;
  }
  constexpr bool operator==(const limbs& b) const {
    for (int i = 0; i < COUNT; ++i)
      if (limb[i] != b.limb[i]) return false;
    return true;
  }
  constexpr bool operator!=(const limbs& b) const { return !(*this == b); }

  std::uint64_t limb[std::size_t(COUNT)];
};

}  // namespace gw_ap
