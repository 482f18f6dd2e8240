// ap_int and ap_uint over the compiler's integers: a second implementation of AMD's interface
// (UG1399), of what the emitted C++ needs of it.
//
// It stands where AMD's headers refuse to: under __SYNTHESIS__ outside of Vitis HLS. There every
// function is inlined, so that the LLVM IR holds operations of the widths that hardware has.
// Tests hold it equal to AMD's headers on random operands (tests/lint/test_ap_int.py).
// Not for: division, floating point, strings, concatenation; a range whose ends are in the wrong
// order. Comparisons go by value: AMD's open headers take some signed operands for unsigned there.
#pragma once

#include "gw_bits.h"
#include "gw_operands.h"
#include "gw_references.h"

/// Members of both; V is the value. W bits, in two's complement where S.
template <int W, bool S>
struct ap_int_base {
  using held = gw_ap::bits<W, S>;
  using type = typename held::type;
  static constexpr int width = W;

  ap_int_base() = default;

  /// The value modulo 2**W.
  template <class T, class = typename std::enable_if<gw_ap::operand<T>::known>::type>
  GW_AP_INLINE constexpr ap_int_base(T v) : V(held::wrap(gw_ap::operand<T>::value(v))) {}

  using builtin = typename std::conditional<S, long long, unsigned long long>::type;
  GW_AP_INLINE constexpr operator builtin() const { return static_cast<builtin>(V); }
  GW_AP_INLINE constexpr bool to_bool() const { return V != type(0); }
  GW_AP_INLINE constexpr int to_int() const { return static_cast<int>(builtin(*this)); }
  GW_AP_INLINE constexpr unsigned to_uint() const { return static_cast<unsigned>(builtin(*this)); }
  GW_AP_INLINE constexpr long to_long() const { return static_cast<long>(builtin(*this)); }
  GW_AP_INLINE constexpr long long to_int64() const {
    return static_cast<long long>(builtin(*this));
  }
  GW_AP_INLINE constexpr unsigned long long to_uint64() const {
    return static_cast<unsigned long long>(builtin(*this));
  }
  GW_AP_INLINE constexpr int length() const { return W; }

  GW_AP_INLINE ap_range_ref<W, S> range(int high, int low) { return {*this, high, low}; }
  GW_AP_INLINE ap_range_ref<W, S> range() { return {*this, W - 1, 0}; }
  GW_AP_INLINE ap_range_ref<W, S> operator()(int high, int low) { return {*this, high, low}; }
  GW_AP_INLINE constexpr ap_uint<W> range(int high, int low) const {
    return ap_uint<W>(gw_ap::exact(), held::get(V, high, low));
  }
  GW_AP_INLINE constexpr ap_uint<W> range() const { return range(W - 1, 0); }
  GW_AP_INLINE constexpr ap_uint<W> operator()(int high, int low) const { return range(high, low); }
  GW_AP_INLINE ap_bit_ref<W, S> operator[](int at) { return {*this, at}; }
  GW_AP_INLINE ap_bit_ref<W, S> bit(int at) { return {*this, at}; }
  GW_AP_INLINE constexpr bool operator[](int at) const { return test(at); }
  GW_AP_INLINE constexpr bool bit(int at) const { return test(at); }
  GW_AP_INLINE constexpr bool test(int at) const {
    return held::get(V, at, at) != typename held::pattern(0);
  }

  GW_AP_INLINE constexpr bool operator!() const { return V == type(0); }
  GW_AP_INLINE constexpr gw_ap::number<W, S> operator+() const { return *this; }
  template <class R = typename gw_ap::results<1, false, W, S>::difference>
  GW_AP_INLINE constexpr R operator-() const {
    return R(gw_ap::exact(), typename R::type(0) - static_cast<typename R::type>(V));
  }
  GW_AP_INLINE constexpr gw_ap::number<W, S> operator~() const {
    return gw_ap::number<W, S>(gw_ap::exact(), held::wrap(static_cast<type>(~V)));
  }
  GW_AP_INLINE ap_int_base& operator++() { return *this += 1; }
  GW_AP_INLINE ap_int_base& operator--() { return *this -= 1; }
  GW_AP_INLINE gw_ap::number<W, S> operator++(int) {
    const gw_ap::number<W, S> before = *this;
    *this += 1;
    return before;
  }
  GW_AP_INLINE gw_ap::number<W, S> operator--(int) {
    const gw_ap::number<W, S> before = *this;
    *this -= 1;
    return before;
  }

  type V;

 protected:
  GW_AP_INLINE constexpr ap_int_base(gw_ap::exact, const type& v) : V(v) {}
};

template <int W>
struct ap_int : ap_int_base<W, true> {
  using base = ap_int_base<W, true>;
  ap_int() = default;
  template <class T, class = typename std::enable_if<gw_ap::operand<T>::known>::type>
  GW_AP_INLINE constexpr ap_int(T v) : base(v) {}
  /// A value of the storage that needs no more than W bits.
  GW_AP_INLINE constexpr ap_int(gw_ap::exact is, const typename base::type& v) : base(is, v) {}
};

template <int W>
struct ap_uint : ap_int_base<W, false> {
  using base = ap_int_base<W, false>;
  ap_uint() = default;
  template <class T, class = typename std::enable_if<gw_ap::operand<T>::known>::type>
  GW_AP_INLINE constexpr ap_uint(T v) : base(v) {}
  /// A value of the storage that needs no more than W bits.
  GW_AP_INLINE constexpr ap_uint(gw_ap::exact is, const typename base::type& v) : base(is, v) {}
};

#include "gw_operators.h"
