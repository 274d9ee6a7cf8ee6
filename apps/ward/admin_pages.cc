#include "apps/ward/admin_pages.h"

#include <utility>

namespace ward::cli {

using codec::JsonValue;
using codec::JsonWriter;

int unreadable() { return fail(kCouldNotTell, "the server's answer cannot be read"); }

std::string text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value == nullptr ? std::string() : std::string(value->as_string().value_or(""));
}

std::string line(const std::string& text) { return for_terminal(text) + "\n"; }

int print_json(JsonWriter& w) {
  const auto text = w.take();
  return text ? print(*text + "\n") : unreadable();
}

std::optional<JsonValue> page_of(Bytes body) {
  auto page = codec::parse_json(
      body, {.max_bytes = std::size_t{64} << 20U, .max_depth = 16, .max_values = 10'000'000});
  if (!page) return std::nullopt;
  return *std::move(page);
}

}  // namespace ward::cli
