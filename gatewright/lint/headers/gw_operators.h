// Operators of ap_int: one template each, for numbers, parts of them and C++'s integers.
//
// Operands come by value: a reference to a static constant would need a definition in C++14.
#pragma once

#include "gw_operands.h"

#define GW_AP_BINARY(op, kind)                                                                   \
  template <class A, class B, class R = typename gw_ap::grown<A, B>::kind>                       \
  GW_AP_INLINE constexpr R operator op(A a, B b) {                                               \
    return R(gw_ap::exact(), static_cast<typename R::type>(gw_ap::operand<A>::value(a))          \
                                 op static_cast<typename R::type>(gw_ap::operand<B>::value(b))); \
  }
GW_AP_BINARY(+, sum)
GW_AP_BINARY(-, difference)
GW_AP_BINARY(*, product)
GW_AP_BINARY(&, logic)
GW_AP_BINARY(|, logic)
GW_AP_BINARY(^, logic)
#undef GW_AP_BINARY

#define GW_AP_COMPARISON(op)                                                \
  template <class A, class B, class R = typename gw_ap::grown<A, B>::logic> \
  GW_AP_INLINE constexpr bool operator op(A a, B b) {                       \
    return static_cast<typename R::type>(gw_ap::operand<A>::value(a))       \
        op static_cast<typename R::type>(gw_ap::operand<B>::value(b));      \
  }
GW_AP_COMPARISON(==)
GW_AP_COMPARISON(!=)
GW_AP_COMPARISON(<)
GW_AP_COMPARISON(<=)
GW_AP_COMPARISON(>)
GW_AP_COMPARISON(>=)
#undef GW_AP_COMPARISON

/// As wide as what is shifted; by a negative number of bits, the other way.
template <class A, class B, class R = typename gw_ap::grown<A, B>::shifted>
GW_AP_INLINE constexpr R operator<<(A a, B b) {
  return R(gw_ap::exact(), R::held::left(gw_ap::operand<A>::value(a),
                                         static_cast<int>(gw_ap::operand<B>::value(b))));
}
template <class A, class B, class R = typename gw_ap::grown<A, B>::shifted>
GW_AP_INLINE constexpr R operator>>(A a, B b) {
  return R(gw_ap::exact(), R::held::right(gw_ap::operand<A>::value(a),
                                          static_cast<int>(gw_ap::operand<B>::value(b))));
}

#define GW_AP_ASSIGNMENT(assign, op)                                           \
  template <int W, bool S, class B,                                            \
            class = typename std::enable_if<gw_ap::operand<B>::known>::type>   \
  GW_AP_INLINE ap_int_base<W, S>& operator assign(ap_int_base<W, S>& a, B b) { \
    return a = ap_int_base<W, S>(a op b);                                      \
  }
GW_AP_ASSIGNMENT(+=, +)
GW_AP_ASSIGNMENT(-=, -)
GW_AP_ASSIGNMENT(*=, *)
GW_AP_ASSIGNMENT(&=, &)
GW_AP_ASSIGNMENT(|=, |)
GW_AP_ASSIGNMENT(^=, ^)
GW_AP_ASSIGNMENT(<<=, <<)
GW_AP_ASSIGNMENT(>>=, >>)
#undef GW_AP_ASSIGNMENT
