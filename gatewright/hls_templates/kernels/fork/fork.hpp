// Copies a stream to several readers: every beat of a sequence to each of them.
//
// P has: beat_t. Reads beats until `last`.
#pragma once

#include "gw_stream.hpp"

namespace gw {

template <class B>
void write_all(const B&) {
#pragma HLS inline
}

template <class B, class... S>
void write_all(const B& value, stream<B>& first, S&... rest) {
#pragma HLS inline
  first.write(value);
  write_all(value, rest...);
}

template <class P, class... S>
void fork(stream<typename P::beat_t>& in, S&... outs) {
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const typename P::beat_t x = in.read();
    write_all(x, outs...);
    running = !x.last;
  }
}

}  // namespace gw
