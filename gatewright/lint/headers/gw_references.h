// Some bits of a number, to read and to write: what range() and operator[] return.
#pragma once

#include "gw_operands.h"

template <int W, bool S>
struct ap_range_ref {
  GW_AP_INLINE constexpr ap_range_ref(ap_int_base<W, S>& of, int high, int low)
      : of_(of), high_(high), low_(low) {}
  ap_range_ref(const ap_range_ref&) = default;

  /// The low bits of v.
  template <class T, class = typename std::enable_if<gw_ap::operand<T>::known>::type>
  GW_AP_INLINE ap_range_ref& operator=(T v) {
    using unsigned_t = gw_ap::bits<W, false>;
    gw_ap::bits<W, S>::set(of_.V, high_, low_, unsigned_t::wrap(gw_ap::operand<T>::value(v)));
    return *this;
  }
  GW_AP_INLINE ap_range_ref& operator=(const ap_range_ref& v) { return *this = v.get(); }

  GW_AP_INLINE constexpr ap_uint<W> get() const {
    return ap_uint<W>(gw_ap::exact(), gw_ap::bits<W, S>::get(of_.V, high_, low_));
  }
  GW_AP_INLINE constexpr operator unsigned long long() const { return get(); }
  GW_AP_INLINE constexpr int to_int() const { return get().to_int(); }
  GW_AP_INLINE constexpr unsigned to_uint() const { return get().to_uint(); }
  GW_AP_INLINE constexpr unsigned long long to_uint64() const { return get().to_uint64(); }
  GW_AP_INLINE constexpr int length() const { return high_ - low_ + 1; }

 private:
  ap_int_base<W, S>& of_;
  int high_;
  int low_;
};

template <int W, bool S>
struct ap_bit_ref {
  GW_AP_INLINE constexpr ap_bit_ref(ap_int_base<W, S>& of, int at) : of_(of), at_(at) {}
  ap_bit_ref(const ap_bit_ref&) = default;

  /// Whether v is anything but zero.
  template <class T, class = typename std::enable_if<gw_ap::operand<T>::known>::type>
  GW_AP_INLINE ap_bit_ref& operator=(T v) {
    const auto& value = gw_ap::operand<T>::value(v);
    using pattern = typename gw_ap::bits<W, S>::pattern;
    gw_ap::bits<W, S>::set(of_.V, at_, at_, pattern(value != 0));
    return *this;
  }
  GW_AP_INLINE ap_bit_ref& operator=(const ap_bit_ref& v) { return *this = v.get(); }

  GW_AP_INLINE constexpr bool get() const { return of_.test(at_); }
  GW_AP_INLINE constexpr operator bool() const { return get(); }
  GW_AP_INLINE constexpr bool to_bool() const { return get(); }
  GW_AP_INLINE constexpr bool operator~() const { return !get(); }

 private:
  ap_int_base<W, S>& of_;
  int at_;
};
