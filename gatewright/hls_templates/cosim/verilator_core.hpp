// A core that Verilator made, for session.hpp: one translation unit with the model itself.
//
// gw_model.hpp is generated and includes the files that Verilator wrote. With GW_TRACE there is
// a waveform. A failed assertion is a message here, not the end of the host process: the run-time
// library is compiled with our vl_stop, vl_finish, vl_fatal and vl_warn.
#pragma once

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "session.hpp"
#include "verilated.h"
#ifdef GW_TRACE
#include "verilated_vcd_c.h"
#endif

#include "gw_model.hpp"

namespace {

struct speech {
  bool stopped = false;
  std::string words;
};

/// What the core says that is at work in this thread: one library serves several cores.
thread_local speech* said = nullptr;

struct listening {
  explicit listening(speech& to) { said = &to; }
  ~listening() { said = nullptr; }
};

/// Bits of the words that Verilator keeps a signal of so many in.
constexpr std::size_t kept_bits(std::size_t bits) {
  return bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : (bits + 31) / 32 * 32;
}

template <std::size_t BITS, class T>
std::uint8_t* bytes(T& value) {
  static_assert(8 * sizeof(T) == kept_bits(BITS), "rtl/ is not what 3_kernels.json says");
  return reinterpret_cast<std::uint8_t*>(&value);
}

#include "adapter.hpp"

#ifdef GW_TRACE
/// A file that remembers what went wrong: Verilator's own ends the process on a full disk.
class wave_file : public VerilatedVcdFile {
 public:
  bool open(const std::string& name) override {
    file_ = std::fopen(name.c_str(), "wb");
    note(file_ != nullptr);
    return file_ != nullptr;
  }
  ssize_t write(const char* words, ssize_t length) override {
    const std::size_t size = gw::index(length);
    if (!failed()) note(std::fwrite(words, 1, size, file_) == size);
    return length;
  }
  void close() override {
    if (file_ != nullptr) note(std::fclose(file_) == 0);
    file_ = nullptr;
  }
  bool failed() const { return error_ != 0; }
  const char* words() const { return std::strerror(error_); }

 private:
  void note(bool well) {
    if (!well && !failed()) error_ = errno;
  }

  std::FILE* file_ = nullptr;
  int error_ = 0;
};
#endif

class verilator_core {
 public:
  verilator_core() {
#ifdef GW_TRACE
    context_.traceEverOn(true);
#endif
    // Registers begin with bits of no meaning, as in hardware, and always the same ones.
    context_.randReset(2);
    context_.randSeed(1);
    const listening here(said_);
    top_ = std::make_unique<gw_model>(&context_, "gatewright_core");
    top_->aclk = 0;
    top_->eval();  // $readmemh happens here
  }
  ~verilator_core() {
    const listening here(said_);
    top_->final();
  }

  gw::signals ends() { return ends_of(*top_); }
  void eval() {
    const listening here(said_);
    top_->eval();
  }
  bool stopped() const { return said_.stopped; }
  std::string message() const { return said_.words; }

#ifdef GW_TRACE
  std::string trouble() const { return file_->words(); }
  bool open(const char* path) {
    const listening here(said_);
    wave_.reset();
    file_ = std::make_unique<wave_file>();
    wave_ = std::make_unique<VerilatedVcdC>(file_.get());  // a new one: its times may only grow
    top_->trace(wave_.get(), 99);
    wave_->open(path);
    return wave_->isOpen();
  }
  bool dump(gw::i64 time) {
    const listening here(said_);
    wave_->dump(static_cast<std::uint64_t>(time));
    return !file_->failed();
  }
  bool close() {
    const listening here(said_);
    wave_->close();
    return !file_->failed();
  }
#else
  std::string trouble() const { return "it was compiled without"; }
  bool open(const char*) { return false; }
  bool dump(gw::i64) { return true; }
  bool close() { return true; }
#endif

 private:
  speech said_;
  VerilatedContext context_;
  std::unique_ptr<gw_model> top_;
#ifdef GW_TRACE
  std::unique_ptr<wave_file> file_;
  std::unique_ptr<VerilatedVcdC> wave_;
#endif
};

}  // namespace

/// What the run-time library prints: the words of an assertion.
extern "C" int gw_printf(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (said->words.size() < 4 * sizeof text) said->words += text;
  return length;
}

void vl_stop(const char* file, int line, const char* scope) VL_MT_UNSAFE {
  said->stopped = true;
  gw_printf("%s:%d: stopped in %s\n", file, line, scope);
}
void vl_finish(const char* file, int line, const char* scope) VL_MT_UNSAFE {
  vl_stop(file, line, scope);
}
void vl_warn(const char* file, int line, const char*, const char* words) VL_MT_UNSAFE {
  said->stopped = true;
  gw_printf("%s:%d: %s\n", file ? file : "", line, words);
}
void vl_fatal(const char* file, int line, const char*, const char* words) VL_MT_UNSAFE {
  throw std::runtime_error(std::string(file ? file : "") + ":" + std::to_string(line) + ": " +
                           words);
}

GW_INTERFACE(verilator_core)
