#include "codec/json.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <numeric>

// A failed assertion in RapidJSON is a bug that must stop the process in every build.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define RAPIDJSON_ASSERT(x) ((x) ? static_cast<void>(0) : std::abort())
#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>

#include "codec/json_path.h"

namespace ward::codec {
namespace {

// Octets as RapidJSON's stream concept wants them. NUL marks the end, so parse_json refuses a
// document with a NUL in it beforehand.
class OctetStream {
 public:
  using Ch = char;

  explicit OctetStream(Bytes in) : in_(as_text(in)) {}

  // NOLINTBEGIN(readability-identifier-naming): the concept's names
  [[nodiscard]] Ch Peek() const { return at_ < in_.size() ? in_[at_] : '\0'; }

  Ch Take() { return at_ < in_.size() ? in_[at_++] : '\0'; }

  [[nodiscard]] std::size_t Tell() const { return at_; }

  // The concept's writing half is for parsing in place, which is never asked for.
  static Ch* PutBegin() { std::abort(); }

  static void Put(Ch /*c*/) { std::abort(); }

  static void Flush() { std::abort(); }

  static std::size_t PutEnd(Ch* /*begin*/) { std::abort(); }

  // NOLINTEND(readability-identifier-naming)

 private:
  std::string_view in_;
  std::size_t at_ = 0;
};

// RapidJSON 1.1 checks the second half of a surrogate pair but lets a lone second half through.
// Its raw octets are refused as invalid UTF-8, so where they stand in a decoded string an escape
// put them there.
bool has_surrogate(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\xed' && static_cast<unsigned char>(text[i + 1]) >= 0xa0U) return true;
  }
  return false;
}

bool is_between_tokens(std::uint8_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':';
}

const char* expected_for(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
      return "a JSON value";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "the end of the document";
    case rapidjson::kParseErrorValueInvalid:
      return "a JSON value";
    case rapidjson::kParseErrorObjectMissName:
      return "a member name in double quotes";
    case rapidjson::kParseErrorObjectMissColon:
      return "':' after the member name";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "',' or '}' after the member";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "',' or ']' after the array's element";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "four hexadecimal digits after \\u";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "a surrogate pair that is complete";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "an escape sequence of RFC 8259 and no bare control character";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "'\"' at the end of the string";
    case rapidjson::kParseErrorStringInvalidEncoding:
      return "valid UTF-8";
    case rapidjson::kParseErrorNumberTooBig:
      return "a number in the range of a double";
    case rapidjson::kParseErrorNumberMissFraction:
      return "a digit after the decimal point";
    case rapidjson::kParseErrorNumberMissExponent:
      return "a digit in the exponent";
    case rapidjson::kParseErrorNone:
    case rapidjson::kParseErrorTermination:
    case rapidjson::kParseErrorUnspecificSyntaxError:
      break;
  }
  return "a JSON text (RFC 8259)";
}

}  // namespace

// JsonBuilder is RapidJSON's handler: it makes JsonValues with their byte ranges and refuses what
// the grammar alone would let through. RapidJSON reports events with the stream behind the token
// or on it; where a token begins is found by going on from the end of the one before.
class JsonBuilder {
 public:
  JsonBuilder(Bytes document, const JsonLimits& limits) : document_(document), limits_(limits) {}

  Result<JsonValue, Diag> parse() {
    rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>> reader;
    constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    if (reader.Parse<flags>(stream_, *this)) return std::move(root_);
    if (refusal_ != nullptr) return diag_at(document_, refused_at_, refused_path_, refusal_);
    return diag_at(document_, reader.GetErrorOffset(), path(),
                   expected_for(reader.GetParseErrorCode()));
  }

  // NOLINTBEGIN(readability-identifier-naming): RapidJSON's names
  bool Null() { return scalar(4, JsonValue::Kind::kNull); }

  bool Bool(bool b) { return scalar(b ? 4 : 5, JsonValue::Kind::kBool, b); }

  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/);

  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    JsonValue value;
    value.kind_ = JsonValue::Kind::kString;
    value.begin_ = token_begin();
    value.end_ = stream_.Tell();
    value.string_.assign(text, size);
    if (has_surrogate(value.string_)) return refuse(value.begin_, kNoLoneSurrogates);
    return add(std::move(value));
  }

  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const std::size_t begin = token_begin();
    token_end_ = stream_.Tell();
    Frame& frame = frames_.back();
    frame.key.assign(text, size);
    if (has_surrogate(frame.key)) return refuse(begin, kNoLoneSurrogates);
    frame.key_offsets.push_back(begin);
    return true;
  }

  bool StartObject() { return open(JsonValue::Kind::kObject); }

  bool StartArray() { return open(JsonValue::Kind::kArray); }

  bool EndObject(rapidjson::SizeType /*count*/) { return no_duplicates() && close(); }

  bool EndArray(rapidjson::SizeType /*count*/) { return close(); }

  // With numbers as text these are never called; the reader names them all the same.
  static bool Int(int /*i*/) { std::abort(); }

  static bool Uint(unsigned /*u*/) { std::abort(); }

  static bool Int64(std::int64_t /*i*/) { std::abort(); }

  static bool Uint64(std::uint64_t /*u*/) { std::abort(); }

  static bool Double(double /*d*/) { std::abort(); }

  // NOLINTEND(readability-identifier-naming)

 private:
  static constexpr const char* kNoLoneSurrogates = "a surrogate pair that is complete";

  struct Frame {
    JsonValue value;
    std::string key;  // of the member whose value comes next
    std::vector<std::size_t> key_offsets;
  };

  // Between two tokens stand only blanks, ',' and ':' (the grammar is RapidJSON's matter).
  [[nodiscard]] std::size_t token_begin() const {
    std::size_t at = token_end_;
    while (is_between_tokens(document_[at])) {
      ++at;
    }
    return at;
  }

  bool scalar(std::size_t size, JsonValue::Kind kind, bool b = false) {
    JsonValue value;
    value.kind_ = kind;
    value.bool_ = b;
    value.begin_ = token_begin();
    value.end_ = value.begin_ + size;
    return add(std::move(value));
  }

  bool number(JsonValue& value, std::string_view text);
  bool open(JsonValue::Kind kind);
  bool close();
  bool add(JsonValue value);
  bool no_duplicates();

  bool refuse(std::size_t at, const char* expected) {
    refuse_with_path(at, expected, path());
    return false;
  }

  void refuse_with_path(std::size_t at, const char* expected, std::string path) {
    refused_at_ = at;
    refusal_ = expected;
    refused_path_ = std::move(path);
  }

  // Of the value that is being read.
  [[nodiscard]] std::string path() const {
    std::string out;
    for (const Frame& frame : frames_) {
      if (frame.value.is_array()) {
        append_json_index(out, frame.value.items_.size());
      } else if (frame.key_offsets.size() > frame.value.members_.size()) {
        append_json_member(out, frame.key);
      }
    }
    return out;
  }

  Bytes document_;
  JsonLimits limits_;
  OctetStream stream_{document_};
  std::vector<Frame> frames_;
  JsonValue root_;
  std::uint32_t values_ = 0;
  std::size_t token_end_ = 0;
  std::size_t refused_at_ = 0;
  const char* refusal_ = nullptr;
  std::string refused_path_;
};

bool JsonBuilder::RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
  JsonValue value;
  value.begin_ = token_begin();
  value.end_ = value.begin_ + size;
  return number(value, std::string_view(text, size)) && add(std::move(value));
}

bool JsonBuilder::number(JsonValue& value, std::string_view text) {
  const char* const end = text.data() + text.size();
  std::from_chars_result r{};
  if (text.find_first_of(".eE") != std::string_view::npos) {
    value.kind_ = JsonValue::Kind::kDouble;
    r = std::from_chars(text.data(), end, value.double_);
    // Out of range is a number too large for a double and one so small that it would become zero.
    if (r.ec != std::errc{} || r.ptr != end) {
      return refuse(value.begin_, "a number in the range of a double");
    }
    return true;
  }
  value.kind_ = JsonValue::Kind::kInt;
  r = std::from_chars(text.data(), end, value.int_);
  if (r.ec == std::errc{} && r.ptr == end) return true;
  value.kind_ = JsonValue::Kind::kUint;
  r = std::from_chars(text.data(), end, value.uint_);
  if (r.ec == std::errc{} && r.ptr == end) return true;
  return refuse(value.begin_, "an integer of at most 64 bits");
}

bool JsonBuilder::open(JsonValue::Kind kind) {
  const std::size_t begin = token_begin();
  if (frames_.size() >= std::min(limits_.max_depth, kMaxJsonDepth)) {
    return refuse(begin, "less nesting (limit of depth)");
  }
  if (values_ >= limits_.max_values) return refuse(begin, "fewer values (limit of count)");
  ++values_;
  Frame& frame = frames_.emplace_back();
  frame.value.kind_ = kind;
  frame.value.begin_ = begin;
  token_end_ = begin + 1;
  return true;
}

bool JsonBuilder::close() {
  JsonValue value = std::move(frames_.back().value);
  frames_.pop_back();
  value.end_ = token_begin() + 1;
  --values_;  // add counts it again
  return add(std::move(value));
}

bool JsonBuilder::add(JsonValue value) {
  if (values_ >= limits_.max_values) return refuse(value.begin_, "fewer values (limit of count)");
  ++values_;
  token_end_ = value.end_;
  if (frames_.empty()) {
    root_ = std::move(value);
    return true;
  }
  Frame& frame = frames_.back();
  if (frame.value.is_array()) {
    frame.value.items_.push_back(std::move(value));
  } else {
    frame.value.members_.emplace_back(std::move(frame.key), std::move(value));
    frame.key.clear();
  }
  return true;
}

// Sorts once when the object ends: no hash that a sender could make collide, no quadratic search.
bool JsonBuilder::no_duplicates() {
  const Frame& frame = frames_.back();
  const auto& members = frame.value.members_;
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&members](std::size_t a, std::size_t b) {
    const int c = members[a].first.compare(members[b].first);
    return c != 0 ? c < 0 : a < b;
  });
  const auto same = std::adjacent_find(
      order.begin(), order.end(),
      [&members](std::size_t a, std::size_t b) { return members[a].first == members[b].first; });
  if (same == order.end()) return true;
  const std::size_t second = *std::next(same);
  std::string where = path();
  append_json_member(where, members[second].first);
  refuse_with_path(frame.key_offsets[second], "each member name once", std::move(where));
  return false;
}

std::optional<bool> JsonValue::as_bool() const {
  if (kind_ != Kind::kBool) return std::nullopt;
  return bool_;
}

std::optional<std::int64_t> JsonValue::as_int() const {
  if (kind_ != Kind::kInt) return std::nullopt;  // a kUint is one that does not fit
  return int_;
}

std::optional<std::uint64_t> JsonValue::as_uint() const {
  if (kind_ == Kind::kUint) return uint_;
  if (kind_ != Kind::kInt || int_ < 0) return std::nullopt;
  return static_cast<std::uint64_t>(int_);
}

std::optional<double> JsonValue::as_double() const {
  if (kind_ == Kind::kDouble) return double_;
  // An integer whose odd part has at most 53 bits is exact in a double.
  const bool negative = kind_ == Kind::kInt && int_ < 0;
  const std::optional<std::uint64_t> magnitude =
      negative ? std::uint64_t{0} - static_cast<std::uint64_t>(int_) : as_uint();
  if (!magnitude) return std::nullopt;
  if (*magnitude != 0 &&
      (*magnitude >> static_cast<unsigned>(std::countr_zero(*magnitude))) >> 53U) {
    return std::nullopt;
  }
  const auto value = static_cast<double>(*magnitude);
  return negative ? -value : value;
}

std::optional<std::string_view> JsonValue::as_string() const {
  if (kind_ != Kind::kString) return std::nullopt;
  return string_;
}

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [name](const Member& m) { return m.first == name; });
  return it == members_.end() ? nullptr : &it->second;
}

Result<JsonValue, Diag> parse_json(Bytes document, const JsonLimits& limits) {
  if (document.size() > std::min(limits.max_bytes, kMaxJsonBytes)) {
    return Diag{.expected = "a smaller document (limit of size)"};
  }
  const auto nul = std::find(document.begin(), document.end(), std::uint8_t{0});
  if (nul != document.end()) {
    const auto at = static_cast<std::size_t>(nul - document.begin());
    return diag_at(document, at, "", "text without NUL octets");
  }
  return JsonBuilder(document, limits).parse();
}

}  // namespace ward::codec
