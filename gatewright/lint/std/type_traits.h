// What the synthesized C++ needs of <type_traits>, for a parser that brings no library.
#pragma once

namespace std {

template <class T, T V>
struct integral_constant {
  static constexpr T value = V;
  using value_type = T;
  using type = integral_constant;
  constexpr operator T() const { return V; }
};
using true_type = integral_constant<bool, true>;
using false_type = integral_constant<bool, false>;

template <bool B, class T, class F>
struct conditional {
  using type = T;
};
template <class T, class F>
struct conditional<false, T, F> {
  using type = F;
};

template <bool B, class T = void>
struct enable_if {};
template <class T>
struct enable_if<true, T> {
  using type = T;
};

template <class A, class B>
struct is_same : false_type {};
template <class A>
struct is_same<A, A> : true_type {};

template <class T>
struct is_integral : integral_constant<bool, __is_integral(T)> {};
template <class T>
struct is_signed : integral_constant<bool, __is_signed(T)> {};
template <class T>
struct is_unsigned : integral_constant<bool, __is_unsigned(T)> {};

}  // namespace std
