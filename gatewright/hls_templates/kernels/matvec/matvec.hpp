// Matrix-vector product with a constant matrix and an integer bias, folded to UNITS x COLUMNS.
//
// P has: INPUTS, OUTPUTS, UNITS, COLUMNS, ROWS, BLOCKS, TAP; acc_t, in_beat, out_beat;
// weight(tile, k, u) with tile = row * BLOCKS + block, bias(row, u), both zero beyond the matrix;
// storage().
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

  P::storage();
  // Blocks stand side by side: a run-time index picks a whole one, never a single value.
  typename P::in_beat::value_t x[std::size_t(P::BLOCKS)][std::size_t(P::COLUMNS)];
  typename P::out_beat::value_t y[std::size_t(P::ROWS)][std::size_t(P::UNITS)];
  typename P::acc_t acc[std::size_t(P::UNITS)];
#pragma HLS array_partition variable = x type = complete dim = 0
#pragma HLS array_partition variable = y type = complete dim = 0
#pragma HLS array_partition variable = acc type = complete
  clear(x);

  constexpr int TILES = P::ROWS * P::BLOCKS;
  int tile = 0;
  int row = 0;
  int block = 0;
  // Known a pass ahead, so that no comparison lies before what hangs on them.
  bool row_ends = P::BLOCKS == 1;
  bool beat_ends = TILES == 1;
  bool last = false;
  bool keep = false;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
    const bool known = last;  // where a beat has several passes, an earlier one read it
    if (tile == 0) {
      const typename P::in_beat beat = in.read();
      for (int i = 0; i < P::INPUTS; ++i) x[i / P::COLUMNS][i % P::COLUMNS] = beat.data[i];
      last = beat.last;
      keep = beat.keep;
    }
    // The products are summed first: only one addition lies on the loop through acc.
    typename P::acc_t sum[std::size_t(P::UNITS)];
    for (int u = 0; u < P::UNITS; ++u)
      sum[u] = block > 0 ? typename P::acc_t(0) : typename P::acc_t(P::bias(row, u));
    for (int k = 0; k < P::COLUMNS; ++k)
      for (int u = 0; u < P::UNITS; ++u)
        sum[u] += multiply<typename P::acc_t>(P::weight(tile, k, u), x[block][k]);
    for (int u = 0; u < P::UNITS; ++u) {
      if (block == 0) acc[u] = 0;
      acc[u] += sum[u];
    }
    if (row_ends) {
      for (int u = 0; u < P::UNITS; ++u) {
        const int output = row * P::UNITS + u;
        if (output < P::OUTPUTS) {
          y[row][u] = acc[u];
          GW_TAP(P::TAP, output, acc[u]);
        }
      }
    }
    if (beat_ends) {
      typename P::out_beat beat;
      for (int i = 0; i < P::OUTPUTS; ++i) beat.data[i] = y[i / P::UNITS][i % P::UNITS];
      beat.last = last;
      beat.keep = keep;
      out.write(beat);
      GW_TAP_STEP(P::TAP, 1);
      running = !(TILES > 1 ? known : last);
    }
    const bool row_ends_next = P::BLOCKS == 1 || block == P::BLOCKS - 2;
    const bool beat_ends_next = TILES == 1 || tile == TILES - 2;
    row = beat_ends ? 0 : (row_ends ? row + 1 : row);
    block = row_ends ? 0 : block + 1;
    tile = beat_ends ? 0 : tile + 1;
    row_ends = row_ends_next;
    beat_ends = beat_ends_next;
  }
}

}  // namespace gw
