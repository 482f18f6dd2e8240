// The simulated board, with a UART at its pins: bits of CLOCKS_PER_BIT cycles each, in and out.
#include <cstdint>

#include "Vgatewright_board.h"
#include "verilated.h"

namespace {

struct Board {
  VerilatedContext context;
  Vgatewright_board top{&context};
  std::uint64_t cycles = 0;
  int clocks_per_bit = 8;
  // To the board: the bits of a byte that are left, and cycles of the one that is on the line.
  std::uint32_t in_bits = 0;
  int in_left = 0, in_clocks = 0;
  // From the board: counted from the falling edge of the start bit.
  int out_clock = -1;
  std::uint32_t out_byte = 0;

  void clock() {
    top.clk_i = 0;
    top.eval();
    top.clk_i = 1;
    top.eval();
    ++cycles;
  }
};

}  // namespace

extern "C" {

void* board_new(int clocks_per_bit) {
  auto* board = new Board;
  board->clocks_per_bit = clocks_per_bit;
  board->top.uart_rx_i = 1;
  board->top.rst_i = 0;
  board->top.eval();  // here $readmemh reads
  return board;
}

void board_delete(void* handle) { delete static_cast<Board*>(handle); }

void board_reset(void* handle, int on) { static_cast<Board*>(handle)->top.rst_i = on; }

std::uint64_t board_cycles(void* handle) { return static_cast<Board*>(handle)->cycles; }

/// Whether a frame is under way, or bits are on a line.
int board_busy(void* handle) {
  auto& board = *static_cast<Board*>(handle);
  return board.top.led_o || board.in_left || board.out_clock >= 0 || !board.top.uart_tx_o;
}

/// Hold the line low for some cycles, as a glitch or a break does, and then high for a bit.
void board_low(void* handle, int cycles) {
  auto& board = *static_cast<Board*>(handle);
  board.top.uart_rx_i = 0;
  for (int i = 0; i < cycles; ++i) board.clock();
  board.top.uart_rx_i = 1;
  for (int i = 0; i < board.clocks_per_bit; ++i) board.clock();
}

/// Run some cycles; returns bytes read from the board, *taken of those for it were begun.
int board_run(void* handle, int cycles, const std::uint8_t* in, int available, int* taken,
              std::uint8_t* out) {
  auto& board = *static_cast<Board*>(handle);
  int written = 0;
  *taken = 0;
  for (int i = 0; i < cycles; ++i) {
    if (board.in_left == 0 && *taken < available) {
      board.in_bits = 0x200u | (static_cast<std::uint32_t>(in[(*taken)++]) << 1);
      board.in_left = 10;
      board.in_clocks = board.clocks_per_bit;
    }
    if (board.in_left != 0) {
      board.top.uart_rx_i = board.in_bits & 1;
      if (--board.in_clocks == 0) {
        board.in_bits >>= 1;
        board.in_clocks = board.clocks_per_bit;
        --board.in_left;
      }
    }
    board.clock();
    if (board.out_clock < 0) {
      if (!board.top.uart_tx_o) board.out_clock = 0;
      board.out_byte = 0;
      continue;
    }
    ++board.out_clock;
    const int bit = board.out_clock / board.clocks_per_bit;
    if (board.out_clock % board.clocks_per_bit == board.clocks_per_bit / 2) {
      if (bit >= 1 && bit <= 8) board.out_byte |= static_cast<unsigned>(board.top.uart_tx_o) << (bit - 1);
      if (bit == 9) {
        if (board.top.uart_tx_o) out[written++] = static_cast<std::uint8_t>(board.out_byte);
        board.out_clock = -1;
      }
    }
  }
  return written;
}
}
