// A core that stays between runs, and the C interface through which a host drives it: a run goes on
// for a while at a time, so that the host can give it up, and an exception ends it with a message.
//
// C is the adapter of a simulator; see harness.hpp.
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "ends.hpp"
#include "harness.hpp"

namespace gw {

/// A core that stays, with its signals, between runs.
template <class C>
class session {
 public:
  session() {
    try {
      core_ = std::make_unique<C>();
      ends_ = core_->ends();
    } catch (const std::exception& error) {
      core_.reset();
      message_ = error.what();
    }
  }

  /// Begin a run; task and result have to stay until it ends or is given up.
  void start(const task& t, result& r) {
    r.status = STOPPED;
    result_ = &r;
    if (core_)
      attempt([&] {
        run_ = std::make_unique<harness<C>>(*core_, ends_, t, r);
        run_->start();
      });
  }

  /// Run for a while; whether there is more to do.
  bool go_on() {
    bool more = false;
    if (run_) attempt([&] { more = run_->go_on(); });
    if (more) return true;
    if (run_ && result_->status == STOPPED) message_ = core_->message();
    if (run_ && result_->status == BAD_TRACE) message_ = core_->trouble();
    give_up();
    return false;
  }

  /// End a run, or leave it where it is.
  void give_up() { run_.reset(); }

  const char* message() const { return message_.c_str(); }

 private:
  template <class Action>
  void attempt(Action action) {
    try {
      action();
    } catch (const std::exception& error) {  // the core's own $fatal, or the simulator's
      message_ = error.what();
      result_->status = STOPPED;
      give_up();
    }
  }

  std::unique_ptr<C> core_;
  signals ends_;
  result* result_ = nullptr;
  std::unique_ptr<harness<C>> run_;
  std::string message_;
};

}  // namespace gw

/// The C interface, for hosts that load a library; open it where the core's ROM files are.
#define GW_EXPORT extern "C" __attribute__((visibility("default")))
#define GW_INTERFACE(CORE)                                                                \
  GW_EXPORT void* gw_open() { return new gw::session<CORE>(); }                           \
  GW_EXPORT void gw_close(void* s) { delete static_cast<gw::session<CORE>*>(s); }         \
  GW_EXPORT const char* gw_message(void* s) {                                             \
    return static_cast<gw::session<CORE>*>(s)->message();                                 \
  }                                                                                       \
  GW_EXPORT void gw_start(void* s, const gw::task* t, gw::result* r) {                    \
    static_cast<gw::session<CORE>*>(s)->start(*t, *r);                                    \
  }                                                                                       \
  GW_EXPORT int gw_go_on(void* s) { return static_cast<gw::session<CORE>*>(s)->go_on(); } \
  GW_EXPORT void gw_give_up(void* s) { static_cast<gw::session<CORE>*>(s)->give_up(); }
