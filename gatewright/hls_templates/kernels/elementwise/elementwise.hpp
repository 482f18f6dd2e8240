// A function of one value, and of its channel, on every value of a stream, a row of lanes a cycle.
//
// P has: CHANNELS, LANES, ROWS, TAP; in_beat, out_beat; function, with apply(value, row, lane): of
// lookup.hpp, multiply_add.hpp or requantize.hpp; storage(). Reads beats until `last`, writes one
// beat for each.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"
#include "lookup.hpp"
#include "multiply_add.hpp"
#include "requantize.hpp"

namespace gw {

template <class P>
void elementwise(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  static_assert(P::ROWS * P::LANES >= P::CHANNELS, "the rows cover all channels");
  P::storage();
  typename P::in_beat::value_t x[std::size_t(P::ROWS)][std::size_t(P::LANES)];
  typename P::out_beat::value_t y[std::size_t(P::ROWS)][std::size_t(P::LANES)];
#pragma HLS array_partition variable = x type = complete dim = 0
#pragma HLS array_partition variable = y type = complete dim = 0
  clear(x);
  clear(y);

  int row = 0;
  bool last = false;
  bool keep = false;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const bool known = last;  // where a beat has several passes, an earlier one read it
    if (row == 0) {
      const typename P::in_beat beat = in.read();
      for (int i = 0; i < P::CHANNELS; ++i) x[i / P::LANES][i % P::LANES] = beat.data[i];
      last = beat.last;
      keep = beat.keep;
    }
    for (int lane = 0; lane < P::LANES; ++lane) {
      const int channel = row * P::LANES + lane;
      if (channel < P::CHANNELS) {
        y[row][lane] = P::function::apply(x[row][lane], row, lane);
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
