// The recurrent engine: one layer in one direction, any cell.
//
// The gate matrix is cut into tiles of UNITS hidden units x all GATES x COLUMNS inputs. A generated
// schedule has a slot for each cycle of a time step, with a tile or, where all must wait for h,
// without one (a bubble); each pass of the one loop below does one slot, and when the last tile of
// a row block is done, its units go down the cell's tail (P::tail). One big loop, so that it
// pipelines across time steps as well.
//
// P has: INPUTS, HIDDEN, GATES, UNITS, COLUMNS, ROWS, SLOTS, TILES, X_BLOCKS, H_BLOCKS, DISTANCE,
// ACCUMULATORS (ROWS, or 1 where each row block's tiles follow each other); operand_t, cell_t,
// acc_t, in_beat; slot(i), weight(i, k, lane) of the i-th tile, bias(row, lane), tail(),
// initial_h::at(i), initial_c::at(i).
// Reads beats of INPUTS values until `last`. Its further streams have roles, each the number of the
// stream among the arguments, or -1: H0 and C0 are read once a sequence for the state it begins
// with (else it is P::initial_...), OUT takes h of every step, H_N and C_N the final state once. A
// sequence whose first beat has `keep` begins with the final state of the one before instead, if
// there was one; H0 and C0 are read all the same.
// Not for: empty sequences, or schedules that read h before it is written.
#pragma once

#include "gw_kept.hpp"
#include "gw_roles.hpp"
#include "gw_stream.hpp"
#include "gw_taps.hpp"
#include "gw_types.hpp"

namespace gw {

/// One entry of the schedule ROM.
struct slot_entry {
  bool active;           // whether there is a tile; else nothing below means anything
  std::uint16_t row;     // row block: units row * UNITS and following
  std::uint16_t column;  // column block, of x or of h
  bool hidden;           // whether the columns are h
  bool first;            // first tile of this row block in a step: start from the bias
  bool last;             // last tile of this row block in a step: its units are ready
};

/// The final state of the last sequence, if there was one.
template <class P>
struct recurrent_state {
  typename P::operand_t h[P::HIDDEN];
  typename P::cell_t c[P::HIDDEN];
  bool there;
};

/// The values of a step; whether it is the last one.
template <int N, class B, class T>
bool take_step(const B& beat, T& x) {
#pragma HLS inline
  for (int i = 0; i < N; ++i) x[i] = beat.data[i];
  return beat.last;
}

/// The state a sequence begins with: a constant row, or a beat. Padding is zero.
template <class Row, class T, std::size_t N>
void begin_state(const none&, T (&state)[N], int width) {
#pragma HLS inline
  for (int i = 0; i < int(N); ++i) state[i] = i < width ? T(Row::at(i)) : T(0);
}

template <class Row, class T, std::size_t N, class U, int M>
void begin_state(stream<beat<U, M>>& given, T (&state)[N], int) {
#pragma HLS inline
  const beat<U, M> x = given.read();
  for (int i = 0; i < int(N); ++i) state[i] = i < M ? T(x.data[i < M ? i : 0]) : T(0);
}

/// A state as a beat, where somebody reads it.
template <class T, std::size_t N>
void write_state(const none&, const T (&)[N], bool, bool) {
#pragma HLS inline
}

template <class T, std::size_t N, class U, int M>
void write_state(stream<beat<U, M>>& out, const T (&state)[N], bool last, bool keep) {
#pragma HLS inline
  beat<U, M> x;
  for (int i = 0; i < M; ++i) x.data[i] = U(state[i]);
  x.last = last;
  x.keep = keep;
  out.write(x);
}

template <class P, class... S>
void recurrent(GW_KEPT_PARAMETER(recurrent_state<P>) stream<typename P::in_beat>& in,
               S&... streams) {
  static_assert(P::ROWS * P::UNITS >= P::HIDDEN, "the rows cover all units");
  static_assert(P::X_BLOCKS * P::COLUMNS >= P::INPUTS, "the columns cover x");
  static_assert(P::H_BLOCKS * P::COLUMNS >= P::HIDDEN, "the columns cover h");
  constexpr int LANES = padded_lanes(P::UNITS * P::GATES);
  constexpr int X_WIDTH = P::X_BLOCKS * P::COLUMNS;
  constexpr int H_READ = P::H_BLOCKS * P::COLUMNS;
  constexpr int H_WRITTEN = P::ROWS * P::UNITS;
  constexpr int H_WIDTH = H_READ > H_WRITTEN ? H_READ : H_WRITTEN;

  GW_KEPT_STATIC(recurrent_state<P>);
#pragma HLS reset variable = kept
#pragma HLS array_partition variable = kept.h complete
#pragma HLS array_partition variable = kept.c complete
  typename P::operand_t x[std::size_t(X_WIDTH)];
  typename P::operand_t h[2][std::size_t(H_WIDTH)];   // read one bank, write the other
  typename P::operand_t out[std::size_t(H_WRITTEN)];  // h: OUT reads it sooner than DISTANCE allows
  typename P::cell_t c[std::size_t(H_WRITTEN)];
  typename P::acc_t acc[P::ACCUMULATORS][std::size_t(LANES)];
#pragma HLS array_partition variable = x complete
#pragma HLS array_partition variable = h complete dim = 0
#pragma HLS array_partition variable = out complete
#pragma HLS array_partition variable = c complete
#pragma HLS array_partition variable = acc complete dim = 0

  for (int i = 0; i < X_WIDTH; ++i) x[i] = 0;
  for (int i = 0; i < H_WIDTH; ++i) h[1][i] = 0;
  begin_state<typename P::initial_h>(pick<P::H0>(streams...), h[0], P::HIDDEN);
  begin_state<typename P::initial_c>(pick<P::C0>(streams...), c, P::HIDDEN);
  const typename P::in_beat begin = in.read();
  const bool keep = begin.keep;
  bool last_step = take_step<P::INPUTS>(begin, x);
  if (keep && kept.there) {
    for (int i = 0; i < P::HIDDEN; ++i) {
      h[0][i] = kept.h[i];
      c[i] = kept.c[i];
    }
  }

  int slot = 0;
  int tile = 0;  // of those of this time step: the place of its weights
  int bank = 0;
  bool begun = false;  // x of the first step is there
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
#pragma HLS dependence variable = h inter RAW distance = P::DISTANCE true
#pragma HLS dependence variable = c inter RAW distance = P::SLOTS true
    if (slot == 0 && begun) last_step = take_step<P::INPUTS>(in.read(), x);
    begun = true;
    const slot_entry entry = P::slot(slot);

    if (entry.active) {
      typename P::operand_t v[P::COLUMNS];
      for (int k = 0; k < P::COLUMNS; ++k) {
        const int column = entry.column * P::COLUMNS + k;
        v[k] = entry.hidden ? h[bank][column] : x[column];
      }
      const int sums = P::ACCUMULATORS == 1 ? 0 : entry.row;
      // The products are summed first: only one addition lies on the loop through acc.
      typename P::acc_t sum[std::size_t(LANES)];
      for (int lane = 0; lane < LANES; ++lane) sum[lane] = 0;
      for (int k = 0; k < P::COLUMNS; ++k)
        for (int lane = 0; lane < LANES; ++lane)
          sum[lane] += multiply<typename P::acc_t>(P::weight(tile, k, lane), v[k]);
      for (int lane = 0; lane < LANES; ++lane) {
        sum[lane] += entry.first ? typename P::acc_t(P::bias(entry.row, lane)) : acc[sums][lane];
        acc[sums][lane] = sum[lane];
      }

      if (entry.last) {
        for (int u = 0; u < P::UNITS; ++u) {
          const int unit = entry.row * P::UNITS + u;
          if (unit < P::HIDDEN) {
            P::tail(&sum[u * P::GATES], unit, h[bank][unit], c[unit], out[unit], c[unit]);
            h[1 - bank][unit] = out[unit];
          }
        }
      }
      ++tile;
#ifndef __SYNTHESIS__
      if (tile == P::TILES) slot = P::SLOTS - 1;  // only bubbles follow: they cost time, no work
#endif
    }

    if (slot == P::SLOTS - 1) {
      write_state(pick<P::OUT>(streams...), out, last_step, keep);
      GW_TAP_STEP(P::FIRST_TAP, P::TAPS);
      bank = 1 - bank;
      slot = 0;
      tile = 0;
      running = !last_step;
    } else {
      ++slot;
    }
  }
  // After the last step the banks have changed places.
  write_state(pick<P::H_N>(streams...), h[bank], true, keep);
  write_state(pick<P::C_N>(streams...), c, true, keep);
  for (int i = 0; i < P::HIDDEN; ++i) {
    kept.h[i] = h[bank][i];
    kept.c[i] = c[i];
  }
  kept.there = true;
}

}  // namespace gw
