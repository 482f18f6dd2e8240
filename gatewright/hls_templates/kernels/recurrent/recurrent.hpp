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
// initial_h::at(block, k), initial_c::at(row, u), storage(). Of UNITS and COLUMNS one divides the
// other.
// Reads beats of INPUTS values until `last`. Its further streams have roles, each the number of the
// stream among the arguments, or -1: H0 and C0 are read once a sequence for the state it begins
// with (else it is P::initial_...), OUT takes h of every step, H_N and C_N the final state once. A
// sequence whose first beat has `keep` begins with the final state of the one before instead, if
// there was one; H0 and C0 are read all the same.
//
// h and c are memories. Each has two halves, one that the step reads and one that it writes, and a
// bank for each unit of the wider of tile and block: an access has its bank in the text and its
// address at run time, which is what lets a `dependence` with a distance act on it. (Of registers
// Vitis takes every pass to need what the one before gave.)
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
  bool active;   // whether there is a tile; else sums and h stay what they are
  bool hidden;   // whether the columns are h
  bool first;    // first tile of this row block in a step: start from the bias
  bool last;     // last tile of this row block in a step: its units are ready
  bool changes;  // the next tile is of another row block or step: go on with other sums
  bool recent;   // with those that the slot before put away; else with what it picked
  bool stores;   // and this row block is not ready: put its sums away
  bool picks;    // the next slot may change: have what it goes on with at hand
  int pick_row;  // the sums of this row block, from 1; 0 for none
  int row;       // row block: units row * UNITS and following
  int column;    // column block, of x or of h
  int read;      // the word of h with these columns, and which part of it they are
  int read_part;
  int written;  // the word of h where these units go, and which part of it
  int written_part;
};

/// The sizes of the memories of h and c: halves of two words at least, since what has fewer than
/// four in all may be taken apart into registers.
template <class P>
struct recurrent_banks {
  static_assert(P::UNITS % P::COLUMNS == 0 || P::COLUMNS % P::UNITS == 0, "parts of a word");
  static constexpr int BANKS = P::UNITS > P::COLUMNS ? P::UNITS : P::COLUMNS;
  static constexpr int UNITS_COVERED = P::ROWS * P::UNITS;
  static constexpr int COLUMNS_COVERED = P::H_BLOCKS * P::COLUMNS;
  static constexpr int COVERED = UNITS_COVERED > COLUMNS_COVERED ? UNITS_COVERED : COLUMNS_COVERED;
  static constexpr int WORDS = COVERED > BANKS ? (COVERED + BANKS - 1) / BANKS : 2;
  static constexpr int C_WORDS = P::ROWS > 1 ? P::ROWS : 2;
  using h_memory = typename P::operand_t[std::size_t(2 * WORDS)][std::size_t(BANKS)];
  using c_memory = typename P::cell_t[std::size_t(2 * C_WORDS)][std::size_t(P::UNITS)];
};

/// What outlives a sequence: h and c, the half of them that is the state, whether there is one.
template <class P>
struct recurrent_state {
  using banks = recurrent_banks<P>;
  typename banks::h_memory h;
  typename banks::c_memory c;
  bool half;
  bool there;

  /// The values of a unit, for hosts.
  std::int32_t h_of(int i) const {
    return static_cast<std::int32_t>(
        h[(half ? banks::WORDS : 0) + i / banks::BANKS][i % banks::BANKS]);
  }
  std::int32_t c_of(int i) const {
    return static_cast<std::int32_t>(c[(half ? banks::C_WORDS : 0) + i / P::UNITS][i % P::UNITS]);
  }
};

/// A state that is given, once a sequence, as registers.
template <class T, std::size_t N, std::size_t M>
void take_state(const none&, T (&)[N][M]) {
#pragma HLS inline
}

template <class T, std::size_t N, std::size_t M, class U, int W>
void take_state(stream<beat<U, W>>& given, T (&state)[N][M]) {
#pragma HLS inline
  const beat<U, W> x = given.read();
  for (int i = 0; i < W; ++i) {
#pragma HLS unroll
    state[i / int(M)][i % int(M)] = T(x.data[i]);
  }
}

/// A value of the state that a sequence begins with: of a constant row, or of what was given.
template <class Row, class T, std::size_t N, std::size_t M>
T begin_value(const none&, const T (&)[N][M], int block, int i) {
#pragma HLS inline
  return T(Row::at(block, i));
}

template <class Row, class T, std::size_t N, std::size_t M, class S>
T begin_value(const stream<S>&, const T (&state)[N][M], int block, int i) {
#pragma HLS inline
  return state[block][i];
}

/// A state as a beat, where somebody reads it.
template <class T, std::size_t N, std::size_t M>
void write_state(const none&, const T (&)[N][M], bool, bool) {
#pragma HLS inline
}

template <class T, std::size_t N, std::size_t M, class U, int W>
void write_state(stream<beat<U, W>>& out, const T (&state)[N][M], bool last, bool keep) {
#pragma HLS inline
  beat<U, W> x;
  for (int n = 0; n < int(N); ++n) {
#pragma HLS unroll
    for (int m = 0; m < int(M); ++m) {
#pragma HLS unroll
      if (n * int(M) + m < W) x.data[n * int(M) + m] = U(state[n][m]);
    }
  }
  x.last = last;
  x.keep = keep;
  out.write(x);
}

template <class P, class... S>
void recurrent(GW_KEPT_PARAMETER(recurrent_state<P>) stream<typename P::in_beat>& in,
               S&... streams) {
  static_assert(P::TILES > 1, "x and h are tiles of their own");
  static_assert(P::ROWS * P::UNITS >= P::HIDDEN, "the rows cover all units");
  static_assert(P::X_BLOCKS * P::COLUMNS >= P::INPUTS, "the columns cover x");
  static_assert(P::H_BLOCKS * P::COLUMNS >= P::HIDDEN, "the columns cover h");
  using banks = recurrent_banks<P>;
  constexpr int LANES = padded_lanes(P::UNITS * P::GATES);
  P::storage();

  GW_KEPT_STATIC(typename banks::h_memory, h);
  GW_KEPT_STATIC(typename banks::c_memory, c);
  GW_KEPT_STATIC(bool, half);
  GW_KEPT_STATIC(bool, there);
#pragma HLS reset variable = half
#pragma HLS reset variable = there
#pragma HLS array_partition variable = h type = complete dim = 2
#pragma HLS array_partition variable = c type = complete dim = 2
#pragma HLS bind_storage variable = h type = ram_s2p impl = lutram
#pragma HLS bind_storage variable = c type = ram_s2p impl = lutram
  // Registers: x is written whole in one pass, the others are read and written in consecutive ones.
  typename P::operand_t x[std::size_t(P::X_BLOCKS)][std::size_t(P::COLUMNS)];
  typename P::operand_t h_now[std::size_t(P::ROWS)][std::size_t(P::UNITS)];
  typename P::cell_t c_now[std::size_t(P::ROWS)][std::size_t(P::UNITS)];
  typename P::operand_t h_given[std::size_t(P::H_BLOCKS)][std::size_t(P::COLUMNS)];
  typename P::cell_t c_given[std::size_t(P::ROWS)][std::size_t(P::UNITS)];
  typename P::acc_t total[std::size_t(LANES)];
  typename P::acc_t latest[std::size_t(LANES)];
  typename P::acc_t picked[std::size_t(LANES)];
  typename P::acc_t acc[std::size_t(P::ACCUMULATORS + 1)]
                       [std::size_t(LANES)];  // the first row is zero
#pragma HLS array_partition variable = x type = complete dim = 0
#pragma HLS array_partition variable = h_now type = complete dim = 0
#pragma HLS array_partition variable = c_now type = complete dim = 0
#pragma HLS array_partition variable = h_given type = complete dim = 0
#pragma HLS array_partition variable = c_given type = complete dim = 0
#pragma HLS array_partition variable = total type = complete
#pragma HLS array_partition variable = latest type = complete
#pragma HLS array_partition variable = picked type = complete
#pragma HLS array_partition variable = acc type = complete dim = 0

  clear(x);
  clear(h_now);
  clear(c_now);
  for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
    total[lane] = 0;
    latest[lane] = 0;
    picked[lane] = 0;
    acc[0][lane] = 0;
  }
  take_state(pick<P::H0>(streams...), h_given);
  take_state(pick<P::C0>(streams...), c_given);
  bool side = half;
  int slot = 0;
  int tile = 0;        // of those of this time step: the place of its weights
  bool begun = false;  // the first step is over, or the state is kept: it lies in the memories
  bool begins = true;
  bool keep = false;
  bool last_step = false;
  bool running = true;
  while (running) {
#pragma HLS pipeline II = 1 style = flp
#pragma HLS dependence variable = h inter RAW distance = P::DISTANCE true
#pragma HLS dependence variable = c inter RAW distance = P::SLOTS true
    const bool ends = last_step;  // read by an earlier pass: a step has several
    if (slot == 0) {
      const typename P::in_beat beat = in.read();
      for (int i = 0; i < P::INPUTS; ++i) x[i / P::COLUMNS][i % P::COLUMNS] = beat.data[i];
      last_step = beat.last;
      if (begins) {
        keep = beat.keep;
        begun = keep && there;
      }
      begins = false;
    }
    // Before anything hangs on the schedule: the control is not to wait for its ROM.
    bool step_ends = slot == P::SLOTS - 1;
    const slot_entry entry = P::slot(slot);
    slot = step_ends ? 0 : slot + 1;
    // The products are summed first, to zero in a bubble: one addition lies on the loop through the
    // sums of a row block, and behind it one selection.
    typename P::acc_t sum[std::size_t(LANES)];
#pragma HLS array_partition variable = sum type = complete
    if (entry.first) {
      for (int lane = 0; lane < LANES; ++lane) sum[lane] = P::bias(entry.row, lane);
    } else {
      for (int lane = 0; lane < LANES; ++lane) sum[lane] = 0;
    }
    if (entry.active) {
      typename P::operand_t word[std::size_t(banks::BANKS / P::COLUMNS)][std::size_t(P::COLUMNS)];
#pragma HLS array_partition variable = word type = complete dim = 0
      const int read = (side ? banks::WORDS : 0) + entry.read;
      for (int b = 0; b < banks::BANKS; ++b) word[b / P::COLUMNS][b % P::COLUMNS] = h[read][b];
      typename P::operand_t v[std::size_t(P::COLUMNS)];
#pragma HLS array_partition variable = v type = complete
      for (int k = 0; k < P::COLUMNS; ++k) {
        if (!entry.hidden)
          v[k] = x[entry.column][k];
        else if (begun)
          v[k] = word[entry.read_part][k];
        else
          v[k] =
              begin_value<typename P::initial_h>(pick<P::H0>(streams...), h_given, entry.column, k);
      }
      for (int k = 0; k < P::COLUMNS; ++k)
        for (int lane = 0; lane < LANES; ++lane)
          sum[lane] += multiply<typename P::acc_t>(P::weight(tile, k, lane), v[k]);
      ++tile;
#ifndef __SYNTHESIS__
      if (tile == P::TILES) {  // only bubbles follow: they cost time, no work
        step_ends = true;
        slot = 0;
      }
#endif
    }
    for (int lane = 0; lane < LANES; ++lane) total[lane] += sum[lane];
    if (entry.last) {
      const int before = (side ? banks::C_WORDS : 0) + entry.row;
      const int after = (side ? 0 : banks::C_WORDS) + entry.row;
      for (int u = 0; u < P::UNITS; ++u) {
        if (entry.row * P::UNITS + u < P::HIDDEN) {
          const typename P::cell_t c_before =
              begun ? c[before][u]
                    : begin_value<typename P::initial_c>(pick<P::C0>(streams...), c_given,
                                                         entry.row, u);
          typename P::acc_t sums_of_unit[std::size_t(P::GATES)];
#pragma HLS array_partition variable = sums_of_unit type = complete
          for (int g = 0; g < P::GATES; ++g) sums_of_unit[g] = total[u * P::GATES + g];
          P::tail(sums_of_unit, entry.row, u, c_before, h_now[entry.row][u], c_now[entry.row][u]);
          c[after][u] = c_now[entry.row][u];
        }
      }
      const int written = (side ? 0 : banks::WORDS) + entry.written;
      for (int b = 0; b < banks::BANKS; ++b)
        if (b / P::UNITS == entry.written_part) h[written][b] = h_now[entry.row][b % P::UNITS];
    }

    // What the next tile goes on with was picked a pass ahead, since that takes a cycle of its own,
    // and before that pass put its own sums away: those are at hand in `latest`.
    // C-simulation leaves out what nobody looks at, hardware the selection.
#ifndef __SYNTHESIS__
    if (entry.changes)
#endif
      for (int lane = 0; lane < LANES; ++lane) {
        const typename P::acc_t sums = total[lane];
        if (entry.changes) total[lane] = entry.recent ? latest[lane] : picked[lane];
        latest[lane] = sums;
      }
#ifndef __SYNTHESIS__
    if (entry.picks)
#endif
      for (int lane = 0; lane < LANES; ++lane) picked[lane] = acc[entry.pick_row][lane];
    if (entry.stores) {
      for (int lane = 0; lane < LANES; ++lane) acc[entry.row + 1][lane] = latest[lane];
    }

    if (step_ends) {
      write_state(pick<P::OUT>(streams...), h_now, ends, keep);
      GW_TAP_STEP(P::FIRST_TAP, P::TAPS);
      side = !side;
      tile = 0;
      begun = true;
      running = !ends;
    }
  }
  write_state(pick<P::H_N>(streams...), h_now, true, keep);
  write_state(pick<P::C_N>(streams...), c_now, true, keep);
  half = side;
  there = true;
}

}  // namespace gw
