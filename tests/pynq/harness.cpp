// The whole IP in Verilator with AXI DMAs (AMD, PG021: direct register mode, without realignment) and AXI4-Lite.
//
// pins.hpp is generated: ip_top, INPUTS, OUTPUTS, DMAS, and inputs_of, outputs_of, each stream as bytes of its signals.
// Whatever a driver does that the guide does not allow is a message, and so is what the IP does against AXI.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "pins.hpp"

namespace {

using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr u32 RUN = 1, RESET = 4, HALTED = 1, IDLE = 2, INTERNAL = 0x10, DECODE = 0x40, DONE = 0x1000;
constexpr u32 LENGTH_BITS = 26;
constexpr int RESET_CYCLES = 24;
constexpr std::size_t MEMORY_BYTES = 8;  // of a word on the side of the memory

struct beat {
  std::vector<u8> data;
  u64 keep = 0;
  bool last = false;
};

struct channel {
  u32 control = 0, status = HALTED, address = 0, length = 0, moved = 0;
  bool busy = false, stalled = false;
  std::deque<beat> taken;  // of S2MM: what it took before it had to

  void reset() { *this = channel{0, HALTED, 0, 0, 0, false, stalled, {}}; }
};

struct dma {
  channel send, receive;
  int resetting = 0;
};

struct board {
  VerilatedContext context;
  ip_top top{&context};
  std::vector<axis> inputs, outputs;
  std::vector<dma> dmas = std::vector<dma>(DMAS);
  std::vector<std::pair<u64, u64>> memory;  // what may be reached: first byte, and behind the last
  std::vector<beat> offered;                // by the IP in the cycle before, and not taken
  std::vector<bool> offering, sending;
  u8* bytes = nullptr;
  u64 base = 0, cycles = 0, random = 1;
  std::size_t ahead = 4;  // beats that a channel takes before it has to
  int stall = 0;  // of 256 cycles how many nothing moves in
  std::string trouble;

  void complain(const std::string& words) {
    if (trouble.size() < 1000) trouble += words + "; ";
  }
  bool reaches(u64 address, u64 size) const {
    for (const auto& part : memory)
      if (address >= part.first && address + size <= part.second) return true;
    return false;
  }
  bool lucky() {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    return static_cast<int>(random & 255) >= stall;
  }
};

u64 all(std::size_t lanes) { return lanes >= 64 ? ~u64{0} : (u64{1} << lanes) - 1; }

void finish(channel& c) {
  c.busy = false;
  c.status |= IDLE | DONE;
}

void fail(channel& c, u32 why) {
  c.busy = false;
  c.control &= ~RUN;
  c.status = (c.status & ~IDLE) | HALTED | why;
}

/// What a channel lays on a stream of the IP.
void offer(board& b, std::size_t i) {
  channel& c = b.dmas[i].send;
  axis& port = b.inputs[i];
  const std::size_t lanes = port.bytes;
  if (!b.sending[i] && c.busy && !c.stalled && b.lucky()) {
    const u64 from = c.address + c.moved;
    const std::size_t count = std::min<std::size_t>(lanes, c.length - c.moved);
    if (!b.reaches(from, count)) return fail(c, DECODE);
    std::memset(port.data, 0x5a, lanes);  // lanes without tkeep hold nothing
    std::memcpy(port.data, b.bytes + (from - b.base), count);
    const u64 keep = all(count);
    std::memcpy(port.keep, &keep, (lanes + 7) / 8);
    *port.last = c.moved + count == c.length;
    b.sending[i] = true;
  }
  *port.valid = b.sending[i];
}

/// What was taken of it at a clock edge.
void sent(board& b, std::size_t i) {
  channel& c = b.dmas[i].send;
  axis& port = b.inputs[i];
  if (!*port.valid || !*port.ready) return;
  b.sending[i] = false;
  if (!c.busy) return;
  c.moved += static_cast<u32>(std::min<std::size_t>(port.bytes, c.length - c.moved));
  if (c.moved == c.length) finish(c);
}

void receive(board& b, std::size_t i, bool taken) {
  channel& c = b.dmas[i].receive;
  axis& port = b.outputs[i];
  if (taken) {
    beat came;
    came.data.assign(port.data, port.data + port.bytes);
    std::memcpy(&came.keep, port.keep, (port.bytes + 7) / 8);
    came.last = *port.last;
    if (came.keep != all(port.bytes)) b.complain("tkeep of an output is not all ones");
    c.taken.push_back(came);
  }
  if (!c.busy || c.taken.empty() || c.stalled || !b.lucky()) return;
  const beat next = c.taken.front();
  c.taken.pop_front();
  const u64 to = c.address + c.moved;
  if (c.moved + next.data.size() > c.length) return fail(c, INTERNAL);
  if (!b.reaches(to, next.data.size())) return fail(c, DECODE);
  std::memcpy(b.bytes + (to - b.base), next.data.data(), next.data.size());
  c.moved += static_cast<u32>(next.data.size());
  if (!next.last) return;
  c.length = c.moved;
  finish(c);
}

/// AXI4-Stream: what is offered stays as it is until it is taken.
void watch(board& b, std::size_t i, bool in_reset) {
  axis& port = b.outputs[i];
  if (b.offering[i] && !in_reset) {
    const beat& was = b.offered[i];
    if (!*port.valid || *port.last != was.last || std::memcmp(port.data, was.data.data(), port.bytes))
      b.complain("an output changed what it offered");
  }
  b.offering[i] = *port.valid && !*port.ready;
  b.offered[i].data.assign(port.data, port.data + port.bytes);
  b.offered[i].last = *port.last;
}

bool ready(const board& b, const dma& d) {
  const std::size_t room = std::max<std::size_t>(b.ahead, d.receive.busy && !d.receive.stalled ? 1 : 0);
  return d.resetting == 0 && d.receive.taken.size() < room;
}

void clock(board& b) {
  auto& top = b.top;
  for (std::size_t i = 0; i < b.inputs.size(); ++i) offer(b, i);
  for (std::size_t i = 0; i < b.outputs.size(); ++i)
    *b.outputs[i].ready = ready(b, b.dmas[i]);
  top.aclk = 0;
  top.eval();
  std::vector<bool> taken;
  for (std::size_t i = 0; i < b.outputs.size(); ++i) {
    watch(b, i, top.aresetn == 0);
    taken.push_back(*b.outputs[i].valid && *b.outputs[i].ready && top.aresetn);
  }
  for (std::size_t i = 0; i < b.inputs.size(); ++i) sent(b, i);
  for (std::size_t i = 0; i < b.outputs.size(); ++i) receive(b, i, taken[i]);
  for (std::size_t i = 0; i < b.dmas.size(); ++i) {
    auto& d = b.dmas[i];
    if (d.resetting == 0 || --d.resetting != 0) continue;
    d.send.reset();
    d.receive.reset();
    if (i < b.sending.size()) b.sending[i] = false;
  }
  top.aclk = 1;
  top.eval();
  ++b.cycles;
}

channel& at(board& b, int index, u32 offset) {
  auto& d = b.dmas[static_cast<std::size_t>(index)];
  return offset < 0x30 ? d.send : d.receive;
}

/// Whether a DMA was made with that channel.
bool there(board& b, int index, u32 offset) {
  const bool made = static_cast<std::size_t>(index) < (offset < 0x30 ? b.inputs : b.outputs).size();
  if (!made) b.complain("a channel of a DMA that there is not");
  return made;
}

void begin(board& b, channel& c, u32 length, std::size_t lanes) {
  if (length == 0) return b.complain("a transfer of no bytes");
  if (length >> LENGTH_BITS) b.complain("a length of more than 26 bits");
  if (c.status & HALTED) return;  // a halted channel takes no notice
  if (c.busy) return b.complain("a transfer is begun while another is under way");
  if (c.address % std::max(lanes, MEMORY_BYTES)) return b.complain("an address within a word, without realignment");
  c.length = length;
  c.moved = 0;
  c.busy = true;
  c.status &= ~IDLE;
}

}  // namespace

extern "C" {

void* board_new(u8* bytes, u64 base) {
  auto* b = new board;
  b->context.randReset(2);
  b->context.randSeed(1);
  b->bytes = bytes;
  b->base = base;
  b->inputs = inputs_of(b->top);
  b->outputs = outputs_of(b->top);
  b->sending.resize(b->inputs.size());
  b->offering.resize(b->outputs.size());
  b->offered.resize(b->outputs.size());
  b->top.aresetn = 1;
  b->top.aclk = 0;
  b->top.eval();  // here $readmemh reads
  return b;
}

void board_delete(void* handle) { delete static_cast<board*>(handle); }

void board_run(void* handle, int cycles) {
  for (int i = 0; i < cycles; ++i) clock(*static_cast<board*>(handle));
}

/// The reset of the programmable logic: of the IP and of every DMA.
void board_reset(void* handle) {
  auto& b = *static_cast<board*>(handle);
  b.top.aresetn = 0;
  b.top.s_axi_awvalid = b.top.s_axi_wvalid = b.top.s_axi_arvalid = 0;
  b.top.s_axi_bready = b.top.s_axi_rready = 1;
  for (auto& d : b.dmas) d.resetting = RESET_CYCLES;
  board_run(handle, 2 * RESET_CYCLES);
  b.top.aresetn = 1;
  board_run(handle, RESET_CYCLES);
}

void board_memory(void* handle, u64 first, u64 end, int allowed) {
  auto& memory = static_cast<board*>(handle)->memory;
  if (allowed) return memory.emplace_back(first, end), void();
  for (std::size_t i = 0; i < memory.size(); ++i)
    if (memory[i].first == first) return memory.erase(memory.begin() + static_cast<long>(i)), void();
}

/// Whether a transfer that is under way reaches into some bytes.
int board_at_work(void* handle, u64 first, u64 end) {
  for (const auto& d : static_cast<board*>(handle)->dmas)
    for (const channel* c : {&d.send, &d.receive})
      if (c->busy && c->address < end && c->address + u64{c->length} > first) return 1;
  return 0;
}

void board_stall(void* handle, int often, u64 seed) {
  static_cast<board*>(handle)->stall = often;
  static_cast<board*>(handle)->random = seed | 1;
}

void board_ahead(void* handle, int beats) {
  static_cast<board*>(handle)->ahead = static_cast<std::size_t>(beats);
}

/// Let a channel of a DMA stand still, or go on.
void board_hold(void* handle, int index, int receives, int on) {
  at(*static_cast<board*>(handle), index, receives ? 0x30 : 0).stalled = on != 0;
}

/// A register of the IP; -1 if it answers with an error, -2 if it does not.
long long board_read(void* handle, u32 address) {
  auto& b = *static_cast<board*>(handle);
  b.top.s_axi_araddr = address;
  b.top.s_axi_arvalid = 1;
  b.top.s_axi_rready = 1;
  for (int i = 0; i < 100; ++i) {
    b.top.eval();
    const bool asked = b.top.s_axi_arvalid && b.top.s_axi_arready;
    const bool told = b.top.s_axi_rvalid;
    const long long value = b.top.s_axi_rresp ? -1 : static_cast<long long>(b.top.s_axi_rdata);
    clock(b);
    if (asked) b.top.s_axi_arvalid = 0;
    if (told) return value;
  }
  return -2;
}

/// Likewise; 0 if it was written.
int board_write(void* handle, u32 address, u32 value) {
  auto& b = *static_cast<board*>(handle);
  b.top.s_axi_awaddr = address;
  b.top.s_axi_wdata = value;
  b.top.s_axi_wstrb = 15;
  b.top.s_axi_awvalid = b.top.s_axi_wvalid = b.top.s_axi_bready = 1;
  for (int i = 0; i < 100; ++i) {
    b.top.eval();
    const bool address_taken = b.top.s_axi_awvalid && b.top.s_axi_awready;
    const bool data_taken = b.top.s_axi_wvalid && b.top.s_axi_wready;
    const bool told = b.top.s_axi_bvalid;
    const int answer = b.top.s_axi_bresp ? -1 : 0;
    clock(b);
    if (address_taken) b.top.s_axi_awvalid = 0;
    if (data_taken) b.top.s_axi_wvalid = 0;
    if (told) return answer;
  }
  return -2;
}

u32 board_dma_read(void* handle, int index, u32 offset) {
  auto& b = *static_cast<board*>(handle);
  if (!there(b, index, offset)) return 0;
  const channel& c = at(b, index, offset);
  const bool resetting = b.dmas[static_cast<std::size_t>(index)].resetting != 0;
  switch (offset % 0x30) {
    case 0x00: return c.control | (resetting ? RESET : 0);
    case 0x04: return c.status;
    case 0x18: return c.address;
    case 0x28: return c.length;
    default: b.complain("a register of a DMA that there is not"); return 0;
  }
}

void board_dma_write(void* handle, int index, u32 offset, u32 value) {
  auto& b = *static_cast<board*>(handle);
  if (!there(b, index, offset)) return;
  auto& d = b.dmas[static_cast<std::size_t>(index)];
  channel& c = at(b, index, offset);
  if (d.resetting != 0) return b.complain("a DMA is written while it resets");
  const auto& ports = offset < 0x30 ? b.inputs : b.outputs;
  const auto place = static_cast<std::size_t>(index);
  switch (offset % 0x30) {
    case 0x00:
      if (value & RESET) {
        d.resetting = RESET_CYCLES;
        break;
      }
      c.control = value;
      c.status = value & RUN ? c.status & ~HALTED : c.status | HALTED;
      break;
    case 0x04: c.status &= ~(value & 0x7000); break;
    case 0x18: c.address = value; break;
    case 0x28: begin(b, c, value, place < ports.size() ? ports[place].bytes : 1); break;
    default: b.complain("a register of a DMA that there is not");
  }
}

u64 board_cycles(void* handle) { return static_cast<board*>(handle)->cycles; }

const char* board_trouble(void* handle) { return static_cast<board*>(handle)->trouble.c_str(); }
}

// What Verilator's run-time library asks of a host: a failed assertion ends the test with its words.
extern "C" int gw_printf(const char* format, ...) { return std::fputs(format, stderr); }
void vl_stop(const char* file, int line, const char* scope) VL_MT_UNSAFE {
  std::fprintf(stderr, "%s:%d: stopped in %s\n", file, line, scope);
  std::abort();
}
void vl_finish(const char* file, int line, const char* scope) VL_MT_UNSAFE { vl_stop(file, line, scope); }
void vl_warn(const char* file, int line, const char*, const char* words) VL_MT_UNSAFE {
  vl_stop(file ? file : "", line, words);
}
void vl_fatal(const char* file, int line, const char*, const char* words) VL_MT_UNSAFE {
  vl_stop(file ? file : "", line, words);
}
