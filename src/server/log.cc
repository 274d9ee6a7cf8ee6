#include "server/log.h"

#include <cstdio>
#include <ctime>

#include "base/time.h"
#include "codec/json_write.h"

namespace ward::server {

Log stderr_log() {
  return [](std::string_view event, std::initializer_list<Field> fields) {
    codec::JsonWriter w;
    w.begin_object().member("time", format_rfc3339({std::time(nullptr)})).member("event", event);
    for (const auto& [name, value] : fields)
      w.member(name, value);
    auto line = w.end_object().take();
    if (!line) return;  // a field that is not UTF-8: there is nothing to say
    line->push_back('\n');
    std::fwrite(line->data(), 1, line->size(), stderr);  // one call: lines do not mix
  };
}

Log no_log() {
  return [](std::string_view, std::initializer_list<Field>) {};
}

}  // namespace ward::server
