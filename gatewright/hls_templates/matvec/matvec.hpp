// Matrix-vector product with a constant matrix and an integer bias, folded to UNITS x COLUMNS.
//
// P has: INPUTS, OUTPUTS, UNITS, COLUMNS, ROWS, BLOCKS, TAP; acc_t, in_beat, out_beat;
// weight(tile, k, u) with tile = row * BLOCKS + block, and bias(output).
// Reads beats until `last`, writes one beat for each.
// Not for: requantization, which is a kernel of its own.
#pragma once

#include "gw_stream.hpp"
#include "gw_taps.hpp"
#include "gw_types.hpp"

namespace gw {

template <class P>
void matvec(stream<typename P::in_beat>& in, stream<typename P::out_beat>& out) {
  static_assert(P::ROWS * P::UNITS >= P::OUTPUTS, "the rows cover all outputs");
  static_assert(P::BLOCKS * P::COLUMNS >= P::INPUTS, "the blocks cover all inputs");

  typename P::in_beat x;
  typename P::out_beat y;
  typename P::acc_t acc[P::UNITS];
#pragma HLS array_partition variable = acc complete

  int row = 0;
  int block = 0;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1
    if (row == 0 && block == 0) x = in.read();
    for (int u = 0; u < P::UNITS; ++u) {
      const int output = row * P::UNITS + u;
      if (block == 0)
        acc[u] = output < P::OUTPUTS ? typename P::acc_t(P::bias(output)) : typename P::acc_t(0);
    }
    for (int k = 0; k < P::COLUMNS; ++k) {
      const int column = block * P::COLUMNS + k;
      if (column < P::INPUTS)
        for (int u = 0; u < P::UNITS; ++u)
          acc[u] += P::weight(row * P::BLOCKS + block, k, u) * x.data[column];
    }
    if (block < P::BLOCKS - 1) {
      ++block;
    } else {
      for (int u = 0; u < P::UNITS; ++u) {
        const int output = row * P::UNITS + u;
        if (output < P::OUTPUTS) {
          y.data[output] = acc[u];
          GW_TAP(P::TAP, output, acc[u]);
        }
      }
      block = 0;
      if (row < P::ROWS - 1) {
        ++row;
      } else {
        y.last = x.last;
        out.write(y);
        GW_TAP_STEP(P::TAP, 1);
        row = 0;
        running = !x.last;
      }
    }
  }
}

}  // namespace gw
