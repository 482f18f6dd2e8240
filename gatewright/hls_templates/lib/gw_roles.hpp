// Streams by role: a kernel with optional streams is given those it has, in any number.
//
// pick<N>(a, b, ...) is the N-th of its arguments, and gw::none for N = -1.
#pragma once

namespace gw {

/// Stands for a stream that a kernel does not have.
struct none {};

template <int N>
struct picker {
  template <class F, class... R>
  static decltype(auto) get(F&, R&... rest) {
#pragma HLS inline
    return picker<N - 1>::get(rest...);
  }
};

template <>
struct picker<0> {
  template <class F, class... R>
  static F& get(F& first, R&...) {
#pragma HLS inline
    return first;
  }
};

template <>
struct picker<-1> {
  template <class... R>
  static none get(R&...) {
#pragma HLS inline
    return none();
  }
};

template <int N, class... S>
decltype(auto) pick(S&... streams) {
#pragma HLS inline
  return picker<N>::get(streams...);
}

}  // namespace gw
