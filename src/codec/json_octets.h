#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

// A failed assertion in RapidJSON is a bug that must stop the process in every build.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define RAPIDJSON_ASSERT(x) ((x) ? static_cast<void>(0) : std::abort())
#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>

// What the JSON reader reads from: for codec/json_reader.cc alone.
namespace ward::codec {

// OctetStream is octets as RapidJSON's stream concept wants them. NUL marks the end, so parse_json
// refuses a document with a NUL in it beforehand. The writing half takes decoded strings: for
// RapidJSON this is parsing in place, which copies no numbers and grows no buffer, but the place is
// `decoded`. RapidJSON works on a copy of the stream within a string or a number (copyOptimization
// below): the original stands at the token's first octet when its event comes, and `string_end`
// behind it.
class OctetStream {
 public:
  using Ch = char;

  // `decoded` has room for as many octets as `in`.
  OctetStream(std::string_view in, char* decoded, std::size_t* string_end)
      : first_(in.data()),
        at_(in.data()),
        last_(in.data() + in.size()),
        put_(decoded),
        string_end_(string_end) {}

  // NOLINTBEGIN(readability-identifier-naming): the concept's names
  [[nodiscard]] Ch Peek() const { return at_ != last_ ? *at_ : '\0'; }

  Ch Take() { return at_ != last_ ? *at_++ : '\0'; }

  [[nodiscard]] std::size_t Tell() const { return static_cast<std::size_t>(at_ - first_); }

  [[nodiscard]] Ch* PutBegin() const { return put_; }

  // No escape is shorter than what it stands for, and the NUL that RapidJSON puts behind a string
  // comes for its closing quote: more is never put than was taken.
  void Put(Ch c) { *put_++ = c; }

  std::size_t PutEnd(const Ch* begin) {
    *string_end_ = Tell();
    return static_cast<std::size_t>(put_ - begin);
  }

  static void Flush() { std::abort(); }  // never called

  // NOLINTEND(readability-identifier-naming)

  // Natural is a number as most are: a few digits and nothing else.
  struct Natural {
    std::int64_t value = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // take_listed takes a natural number, the comma behind it, and blanks, where another number
  // follows. All else, mistakes and the last number of a list among it, it leaves to RapidJSON.
  bool take_listed(Natural& out) {
    constexpr std::ptrdiff_t kDigits = 18;  // any number of that many fits
    const char* const most = last_ - at_ > kDigits ? at_ + kDigits : last_;
    const char* at = at_;
    std::int64_t value = 0;
    for (; at != most && is_digit(*at); ++at) {
      value = value * 10 + (*at - '0');
    }
    const char* const end = at;
    const bool number = end != at_ && (*at_ != '0' || end - at_ == 1);
    if (!number || end == last_ || *end != ',') return false;
    for (++at; at != last_ && is_blank(*at); ++at) {
    }
    if (at == last_ || !is_digit(*at)) return false;
    out = {value, Tell(), static_cast<std::size_t>(end - first_)};
    at_ = at;
    return true;
  }

  void skip_blanks() {
    while (at_ != last_ && is_blank(*at_)) {
      ++at_;
    }
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  const char* first_;
  const char* at_;
  const char* last_;
  char* put_;
  std::size_t* string_end_;
};

}  // namespace ward::codec

namespace rapidjson {

template <>
struct StreamTraits<ward::codec::OctetStream> {
  enum { copyOptimization = 1 };  // NOLINT(readability-identifier-naming): RapidJSON's name
};

// Without the copy, for most calls skip nothing.
template <>
inline void SkipWhitespace(ward::codec::OctetStream& is) {
  is.skip_blanks();
}

}  // namespace rapidjson
