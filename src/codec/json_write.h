#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/json.h"

namespace ward::codec {

// JsonWriter writes one JSON text (RFC 8259), members in the order of the calls, so that what is
// signed or hashed is known to the octet. It keeps the first mistake and take() reports it: no
// caller checks each call.
//
//   JsonWriter w(JsonWriter::Style::kPretty);
//   w.begin_object().member("schema", "ward.appraisal/1").name("checks").begin_array();
//   for (...) w.begin_object().member("id", id).end_object();
//   WARD_TRY(std::string text, w.end_array().end_object().take());
class JsonWriter {
 public:
  enum class Style : std::uint8_t {
    kCompact,    // no blanks at all
    kCanonical,  // as canonical_json (jcs.h): no blanks, members sorted, integers up to 2^53
    kPretty,     // two blanks per level, one after ':', a line per value; no line end at the end
  };

  explicit JsonWriter(Style style = Style::kCompact) : style_(style) {}

  JsonWriter& begin_object() { return open('{'); }

  JsonWriter& end_object() { return close('{'); }

  JsonWriter& begin_array() { return open('['); }

  JsonWriter& end_array() { return close('['); }

  // name starts a member; exactly one value follows.
  JsonWriter& name(std::string_view name);

  JsonWriter& string(std::string_view text);
  JsonWriter& integer(std::int64_t v);
  JsonWriter& unsigned_integer(std::uint64_t v);
  JsonWriter& number(
      double v);  // finite; with a point or an exponent, so that it reads as a double
  JsonWriter& boolean(bool v);
  JsonWriter& null();

  // copy writes a parsed value again: same members, order and numbers, in this writer's style. One
  // that was not kept (JsonLimits::kept_depth) is kInternal.
  JsonWriter& copy(const JsonValue& value);

  // raw_json takes one complete JSON text as a value, octet for octet but where the style is
  // kCanonical; it is parsed to make sure.
  JsonWriter& raw_json(std::string_view text);

  // value picks the call by the type of `v`; an empty optional is null.
  template <class T>
  JsonWriter& value(const T& v) {
    if constexpr (std::same_as<T, bool>) {
      return boolean(v);
    } else if constexpr (std::signed_integral<T>) {
      return integer(v);
    } else if constexpr (std::unsigned_integral<T>) {
      return unsigned_integer(v);
    } else if constexpr (std::floating_point<T>) {
      return number(v);
    } else if constexpr (std::same_as<T, std::nullptr_t>) {
      return null();
    } else if constexpr (std::same_as<T, JsonValue>) {
      return copy(v);
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
      return string(v);
    } else {
      return v ? value(*v) : null();
    }
  }

  template <class T>
  JsonWriter& member(std::string_view member_name, const T& v) {
    return name(member_name).value(v);
  }

  // take hands the text over; the writer is done with. kMalformed: text that is not UTF-8, a number
  // that is not finite, raw_json that does not parse, a member name twice in one object. kLimit:
  // nesting beyond kMaxJsonDepth. kUnsupported: an integer that the style has no form for.
  // kInternal: calls that do not make one complete JSON value.
  [[nodiscard]] Result<std::string> take();

 private:
  struct Frame {
    char kind = '{';
    std::size_t count = 0;
    bool named = false;     // object: a name was written and waits for its value
    std::size_t first = 0;  // of members_
    std::size_t names = 0;  // where those of this object begin in names_
  };

  // Member is one of an object that is open.
  struct Member {
    std::size_t name = 0;  // in names_
    std::size_t name_size = 0;
    std::size_t begin = 0;  // in out_: at the name's quotation mark
  };

  JsonWriter& open(char kind);
  JsonWriter& close(char kind);
  void end_members(const Frame& frame);
  void sort_in_place(std::span<Member> members, std::span<const std::size_t> order);
  [[nodiscard]] std::string_view name_of(const Member& member) const;
  bool before_value();
  void new_line();
  void fail(Error error);

  Style style_;
  std::string out_;
  std::vector<Frame> frames_;
  std::vector<Member> members_;  // of all objects that are open
  std::string names_;            // theirs, one behind the other
  bool done_ = false;            // the outermost value has begun
  std::optional<Error> error_;
};

}  // namespace ward::codec
