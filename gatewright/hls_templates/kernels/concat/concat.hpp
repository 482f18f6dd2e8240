// Concatenation: the values of several streams side by side, beat by beat.
//
// P has: out_beat. Reads a beat of each input until the first one's `last`.
// Not for: inputs with different numbers of beats.
#pragma once

#include "gw_stream.hpp"

namespace gw {

template <int AT, class Out>
void read_beside(Out&) {
#pragma HLS inline
}

template <int AT, class Out, class T, int N, class... S>
void read_beside(Out& y, stream<beat<T, N>>& first, S&... rest) {
#pragma HLS inline
  const beat<T, N> x = first.read();
  for (int i = 0; i < N; ++i) y.data[AT + i] = x.data[i];
  if (AT == 0) pass_flags(x, y);
  read_beside<AT + N>(y, rest...);
}

template <class P, class... S>
void concat(stream<typename P::out_beat>& out, S&... ins) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    typename P::out_beat y;
    read_beside<0>(y, ins...);
    out.write(y);
    running = !y.last;
  }
}

}  // namespace gw
