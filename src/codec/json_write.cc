#include "codec/json_write.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "codec/jcs.h"
#include "codec/json_text.h"
#include "codec/utf8.h"

namespace ward::codec {

void JsonWriter::fail(Error error) {
  if (!error_) error_ = error;
}

void JsonWriter::new_line() {
  if (style_ != Style::kPretty) return;
  out_ += '\n';
  out_.append(2 * frames_.size(), ' ');
}

// Writes what stands between the value before and this one; false where none may stand here.
bool JsonWriter::before_value() {
  if (error_) return false;
  if (frames_.empty()) {
    if (done_) fail(Error(Errc::kInternal, "json: a second value at the top"));
    done_ = true;
    return !error_;
  }
  Frame& frame = frames_.back();
  if (frame.kind == '{') {
    if (!frame.named) fail(Error(Errc::kInternal, "json: a member without a name"));
    frame.named = false;
    return !error_;
  }
  if (frame.count++ > 0) out_ += ',';
  new_line();
  return true;
}

JsonWriter& JsonWriter::open(char kind) {
  if (!before_value()) return *this;
  if (frames_.size() >= kMaxJsonDepth) {
    fail(Error(Errc::kLimit, "json: nesting", frames_.size()));
    return *this;
  }
  out_ += kind;
  frames_.push_back(
      {.kind = kind, .count = 0, .named = false, .first = members_.size(), .names = names_.size()});
  return *this;
}

JsonWriter& JsonWriter::close(char kind) {
  if (error_) return *this;
  if (frames_.empty() || frames_.back().kind != kind || frames_.back().named) {
    fail(Error(Errc::kInternal, "json: an end that closes nothing"));
    return *this;
  }
  const Frame frame = frames_.back();
  frames_.pop_back();
  if (kind == '{') end_members(frame);
  if (frame.count > 0) new_line();
  out_ += kind == '{' ? '}' : ']';
  return *this;
}

std::string_view JsonWriter::name_of(const Member& member) const {
  return std::string_view(names_).substr(member.name, member.name_size);
}

// An object ends: no name stands in it twice, and where the style says so its members are sorted.
void JsonWriter::end_members(const Frame& frame) {
  const std::span<Member> members = std::span(members_).subspan(frame.first);
  const bool canonical = style_ == Style::kCanonical;
  const auto less = [canonical](std::string_view a, std::string_view b) {
    return canonical ? utf16_less(a, b) : a < b;
  };
  // Most objects are written in order: then each name stands behind the one before it.
  const auto not_behind = [&](const Member& a, const Member& b) {
    return !less(name_of(a), name_of(b));
  };
  if (std::ranges::adjacent_find(members, not_behind) != members.end()) {
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto name = [&](std::size_t at) { return name_of(members[at]); };
    std::ranges::sort(order, less, name);
    if (std::ranges::adjacent_find(order, {}, name) != order.end()) {
      fail(Error(Errc::kMalformed, "json: a member name twice"));
    }
    if (canonical && !std::ranges::is_sorted(order)) sort_in_place(members, order);
  }
  members_.resize(frame.first);
  names_.resize(frame.names);
}

// sort_in_place writes the members again that stand at the end of the text, in their order.
void JsonWriter::sort_in_place(std::span<Member> members, std::span<const std::size_t> order) {
  const std::size_t begin = members.front().begin;
  std::string sorted;
  sorted.reserve(out_.size() - begin);
  for (const std::size_t at : order) {
    const bool last = at + 1 == members.size();
    const std::size_t end = last ? out_.size() : members[at + 1].begin - 1;  // before the comma
    if (!sorted.empty()) sorted += ',';
    sorted.append(out_, members[at].begin, end - members[at].begin);
  }
  out_.replace(begin, std::string::npos, sorted);
}

JsonWriter& JsonWriter::name(std::string_view name) {
  if (error_) return *this;
  if (frames_.empty() || frames_.back().kind != '{' || frames_.back().named) {
    fail(Error(Errc::kInternal, "json: a name where none belongs"));
    return *this;
  }
  if (!is_utf8(name)) {
    fail(Error(Errc::kMalformed, "json: a name that is not UTF-8"));
    return *this;
  }
  Frame& frame = frames_.back();
  if (frame.count++ > 0) out_ += ',';
  new_line();
  members_.push_back({.name = names_.size(), .name_size = name.size(), .begin = out_.size()});
  names_ += name;
  append_json_string(out_, name);
  out_ += style_ == Style::kPretty ? ": " : ":";
  frame.named = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  if (!before_value()) return *this;
  if (!is_utf8(text)) {
    fail(Error(Errc::kMalformed, "json: text that is not UTF-8"));
    return *this;
  }
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t v) {
  if (!before_value()) return *this;
  const bool exact = v <= kMaxCanonicalInteger && v >= -kMaxCanonicalInteger;
  if (style_ == Style::kCanonical && !exact) {
    fail(Error(Errc::kUnsupported, "json: integer beyond 2^53"));
    return *this;
  }
  out_ += std::to_string(v);
  return *this;
}

JsonWriter& JsonWriter::unsigned_integer(std::uint64_t v) {
  if (!before_value()) return *this;
  if (style_ == Style::kCanonical && v > std::uint64_t{kMaxCanonicalInteger}) {
    fail(Error(Errc::kUnsupported, "json: integer beyond 2^53"));
    return *this;
  }
  out_ += std::to_string(v);
  return *this;
}

JsonWriter& JsonWriter::number(double v) {
  if (!before_value()) return *this;
  if (!std::isfinite(v)) {
    fail(Error(Errc::kMalformed, "json: a number that is not finite"));
    return *this;
  }
  const std::size_t begin = out_.size();
  append_json_number(out_, v);
  if (style_ == Style::kCanonical) return *this;
  if (out_.find_first_of(".e", begin) == std::string::npos) out_ += ".0";
  return *this;
}

JsonWriter& JsonWriter::boolean(bool v) {
  if (before_value()) out_ += v ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  if (before_value()) out_ += "null";
  return *this;
}

// NOLINTNEXTLINE(misc-no-recursion): at most kMaxJsonDepth levels
JsonWriter& JsonWriter::copy(const JsonValue& value) {
  if (!value.kept()) {
    fail(Error(Errc::kInternal, "json: a value whose members were not kept"));
    return *this;
  }
  switch (value.kind()) {
    case JsonValue::Kind::kNull:
      return null();
    case JsonValue::Kind::kBool:
      return boolean(value.as_bool().value_or(false));
    case JsonValue::Kind::kInt:
      return integer(value.as_int().value_or(0));
    case JsonValue::Kind::kUint:
      return unsigned_integer(value.as_uint().value_or(0));
    case JsonValue::Kind::kDouble:
      return number(value.as_double().value_or(0));
    case JsonValue::Kind::kString:
      return string(value.as_string().value_or(""));
    case JsonValue::Kind::kArray:
      begin_array();
      for (const JsonValue& item : value.items()) {
        copy(item);
      }
      return end_array();
    case JsonValue::Kind::kObject:
      begin_object();
      for (const auto& [member_name, member_value] : value.members()) {
        name(member_name).copy(member_value);
      }
      return end_object();
  }
  fail(Error(Errc::kInternal, "json: a value of no kind"));
  return *this;
}

JsonWriter& JsonWriter::raw_json(std::string_view text) {
  if (!before_value()) return *this;
  const auto depth = static_cast<std::uint32_t>(frames_.size());
  const JsonLimits limits{.max_bytes = kMaxJsonBytes,
                          .max_depth = kMaxJsonDepth - depth,
                          .max_values = UINT32_MAX,
                          .kept_depth = style_ == Style::kCanonical ? UINT32_MAX : 0};
  const auto parsed = parse_json(as_bytes(text), limits);
  if (!parsed) {
    fail(Error(Errc::kMalformed, "json: raw text that is not JSON"));
    return *this;
  }
  if (style_ != Style::kCanonical) {
    out_ += text;
    return *this;
  }
  const auto canonical = canonical_json(*parsed);
  if (!canonical) {
    fail(canonical.error());
    return *this;
  }
  out_ += *canonical;
  return *this;
}

Result<std::string> JsonWriter::take() {
  if (!error_ && (!done_ || !frames_.empty())) {
    fail(Error(Errc::kInternal, "json: a text that is not complete"));
  }
  if (error_) return *error_;
  fail(Error(Errc::kInternal, "json: taken already"));
  return std::move(out_);
}

}  // namespace ward::codec
