// Two streams value by value: their sums, differences or products, a row of lanes a cycle.
//
// P has: CHANNELS, LANES, ROWS, TAP; SUBTRACT, MULTIPLY; a_beat, b_beat, out_beat; wide_t, which
// holds both operands and the result. Reads a beat of each until the first one's `last`, writes one
// beat for each.
// Not for: inputs with different numbers of beats.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"
#include "gw_types.hpp"

namespace gw {

template <class P, class A, class B>
typename P::out_beat::value_t pair_of(const A& a, const B& b) {
#pragma HLS inline
  using wide_t = typename P::wide_t;
  using value_t = typename P::out_beat::value_t;
  if (P::MULTIPLY) return value_t(multiply<wide_t>(a, b));
  if (P::SUBTRACT) return value_t(wide_t(a) - wide_t(b));
  return value_t(wide_t(a) + wide_t(b));
}

template <class P>
void pairs(stream<typename P::a_beat>& as, stream<typename P::b_beat>& bs,
           stream<typename P::out_beat>& out) {
  static_assert(P::ROWS * P::LANES >= P::CHANNELS, "the rows cover all channels");
  typename P::a_beat::value_t a[std::size_t(P::ROWS)][std::size_t(P::LANES)];
  typename P::b_beat::value_t b[std::size_t(P::ROWS)][std::size_t(P::LANES)];
  typename P::out_beat::value_t y[std::size_t(P::ROWS)][std::size_t(P::LANES)];
#pragma HLS array_partition variable = a type = complete dim = 0
#pragma HLS array_partition variable = b type = complete dim = 0
#pragma HLS array_partition variable = y type = complete dim = 0
  clear(a);
  clear(b);
  clear(y);

  int row = 0;
  bool last = false;
  bool keep = false;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const bool known = last;  // where a beat has several passes, an earlier one read it
    if (row == 0) {
      const typename P::a_beat first = as.read();
      const typename P::b_beat second = bs.read();
      for (int i = 0; i < P::CHANNELS; ++i) a[i / P::LANES][i % P::LANES] = first.data[i];
      for (int i = 0; i < P::CHANNELS; ++i) b[i / P::LANES][i % P::LANES] = second.data[i];
      last = first.last;
      keep = first.keep;
    }
    for (int lane = 0; lane < P::LANES; ++lane) {
      const int channel = row * P::LANES + lane;
      if (channel < P::CHANNELS) {
        y[row][lane] = pair_of<P>(a[row][lane], b[row][lane]);
        GW_TAP(P::TAP, channel, y[row][lane]);
      }
    }
    if (row < P::ROWS - 1) {
      ++row;
    } else {
      typename P::out_beat beat;
      for (int i = 0; i < P::CHANNELS; ++i) beat.data[i] = y[i / P::LANES][i % P::LANES];
      beat.last = last;
      beat.keep = keep;
      out.write(beat);
      GW_TAP_STEP(P::TAP, 1);
      row = 0;
      running = !(P::ROWS > 1 ? known : last);
    }
  }
}

}  // namespace gw
