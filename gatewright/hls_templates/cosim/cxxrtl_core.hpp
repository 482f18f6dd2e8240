// A core that yosys wrote as C++ (CXXRTL), for session.hpp: one translation unit with the model.
//
// gw_model.hpp is generated and includes the file that yosys wrote. With
// GW_TRACE there is a waveform. The front end leaves assertions out, so nothing stops a core here.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "gw_model.hpp"
#include "session.hpp"
#ifdef GW_TRACE
#include <cxxrtl/cxxrtl_vcd.h>
#endif

namespace {

template <std::size_t BITS, std::size_t HAS>
std::uint8_t* bytes(cxxrtl::value<HAS>& value) {
  static_assert(BITS == HAS, "rtl/ is not what 3_kernels.json says");
  return reinterpret_cast<std::uint8_t*>(value.data);
}

template <std::size_t BITS, std::size_t HAS>
std::uint8_t* bytes(cxxrtl::wire<HAS>& wire) {
  return bytes<BITS>(wire.curr);
}

#include "adapter.hpp"

class cxxrtl_core {
 public:
  gw::signals ends() { return ends_of(*top_); }
  void eval() { top_->step(); }
  bool stopped() const { return false; }
  std::string message() const { return ""; }
  std::string trouble() const { return words_; }

#ifdef GW_TRACE
  bool open(const char* path) {
    words_.clear();
    file_ = std::fopen(path, "w");
    if (!noted(file_ != nullptr)) return false;
    cxxrtl::debug_items items;
    top_->debug_info(&items, nullptr, "");
    wave_ = std::make_unique<cxxrtl::vcd_writer>();
    wave_->timescale(1, "ns");
    wave_->add_without_memories(items);
    return true;
  }
  bool dump(gw::i64 time) {
    wave_->sample(static_cast<std::uint64_t>(time));
    const std::size_t size = wave_->buffer.size();
    const bool well = noted(std::fwrite(wave_->buffer.data(), 1, size, file_) == size);
    wave_->buffer.clear();
    return well;
  }
  bool close() { return noted(std::fclose(file_) == 0); }
#else
  bool open(const char*) { return false; }
  bool dump(gw::i64) { return true; }
  bool close() { return true; }
#endif

 private:
  /// Keep the first thing that went wrong with the file.
  bool noted(bool well) {
    if (!well && words_.empty()) words_ = std::strerror(errno);
    return well;
  }

  std::string words_;
  std::unique_ptr<gw_model> top_ = std::make_unique<gw_model>();
#ifdef GW_TRACE
  std::unique_ptr<cxxrtl::vcd_writer> wave_;
  std::FILE* file_ = nullptr;
#endif
};

}  // namespace

GW_INTERFACE(cxxrtl_core)
