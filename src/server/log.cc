#include "server/log.h"

#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "codec/json_write.h"

namespace ward::server {

namespace {

// Limits counts the lines of each event: the events are ours, so there are few.
class Limits {
 public:
  // begin says how many lines were left out before this one, where it may be written.
  std::optional<std::size_t> begin(std::string_view event, UnixTime now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = events_.try_emplace(std::string(event), Event{.since = now}).first;
    Event& one = found->second;
    const std::int64_t age_s = now.seconds - one.since.seconds;
    std::size_t left_out = 0;
    if (age_s < 0 || age_s >= kLogInterval_s) left_out = std::exchange(one, Event{now}).left_out;
    if (++one.lines <= kLinesPerInterval) return left_out;
    ++one.left_out;
    return std::nullopt;
  }

 private:
  struct Event {
    UnixTime since;
    std::size_t lines = 0;
    std::size_t left_out = 0;
  };

  std::mutex mutex_;
  std::map<std::string, Event, std::less<>> events_;  // guarded by mutex_
};

}  // namespace

Log limited_log(Log inner, const Clock& clock) {
  // Shared, because a Log is copied.
  return [inner = std::move(inner), &clock, limits = std::make_shared<Limits>()](
             std::string_view event, std::initializer_list<Field> fields) {
    const auto left_out = limits->begin(event, clock.now());
    if (!left_out) return;
    if (*left_out > 0) {
      inner("log.left_out", {{"of", std::string(event)}, {"lines", std::to_string(*left_out)}});
    }
    inner(event, fields);
  };
}

Log stderr_log(const std::string& tenant) {
  return [tenant](std::string_view event, std::initializer_list<Field> fields) {
    codec::JsonWriter w;
    w.begin_object().member("time", format_rfc3339({std::time(nullptr)})).member("event", event);
    if (!tenant.empty()) w.member("tenant", tenant);
    for (const auto& [name, value] : fields) {
      w.member(name, value);
    }
    auto line = w.end_object().take();
    if (!line) return;  // a field that is not UTF-8: there is nothing to say
    line->push_back('\n');
    (void)std::fwrite(line->data(), 1, line->size(), stderr);  // one call: lines do not mix
  };
}

Log no_log() {
  return [](std::string_view, std::initializer_list<Field>) {};
}

}  // namespace ward::server
