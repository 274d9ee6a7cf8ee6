#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "codec/json.h"
#include "codec/json_octets.h"
#include "codec/json_path.h"
#include "codec/utf8.h"

namespace ward::codec {
namespace {

constexpr std::size_t kSmallObject = 12;  // up to here every pair of names is compared

constexpr const char* kFewerValues = "fewer values (limit of count)";
constexpr const char* kPair = "a surrogate pair that is complete";

static_assert(sizeof(JsonValue) <= 48, "a document has many: each member counts");

// RapidJSON 1.1 checks the second half of a surrogate pair but lets a lone second half through.
// Its raw octets are refused as invalid UTF-8, so where they stand in a decoded string an escape
// put them there.
bool has_surrogate(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\xed' && static_cast<unsigned char>(text[i + 1]) >= 0xa0U) return true;
  }
  return false;
}

// Most numbers are as short as an octet's: these are read without more ado.
bool is_short_natural(std::string_view text, std::int64_t& out) {
  constexpr std::size_t kDigits = 18;  // any number of that many fits
  if (text.size() > kDigits) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  return true;
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
      return kPair;
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
// the grammar alone would let through. What is read of containers that are still open lies on one
// stack, so that each container is allocated once, when its size is known.
class JsonBuilder {
 public:
  JsonBuilder(Bytes document, const JsonLimits& limits)
      : document_(document),
        limits_(limits),
        utf8_(utf8_prefix(as_text(document))),
        decoded_(std::make_unique_for_overwrite<char[]>(utf8_)) {
    frames_.reserve(16);
    pending_.reserve(64);
  }

  Result<JsonValue, Diag> parse();

  // NOLINTBEGIN(readability-identifier-naming): RapidJSON's names
  bool Null() { return add<std::monostate>(stream_.Tell() - 4, stream_.Tell()); }

  bool Bool(bool b) { return add<bool>(stream_.Tell() - (b ? 4 : 5), stream_.Tell(), b); }

  bool RawNumber(const char* /*text*/, rapidjson::SizeType size, bool /*copy*/);
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/);
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/);

  bool StartObject() { return open(true); }

  bool StartArray();

  bool EndObject(rapidjson::SizeType /*count*/);
  bool EndArray(rapidjson::SizeType /*count*/);

  // With numbers as text these are never called; the reader names them all the same.
  static bool Int(int /*i*/) { std::abort(); }

  static bool Uint(unsigned /*u*/) { std::abort(); }

  static bool Int64(std::int64_t /*i*/) { std::abort(); }

  static bool Uint64(std::uint64_t /*u*/) { std::abort(); }

  static bool Double(double /*d*/) { std::abort(); }

  // NOLINTEND(readability-identifier-naming)

 private:
  // A member's name, and where it stands; of other values, empty.
  struct Name {
    std::string_view text;  // of decoded_
    std::uint32_t begin = 0;
  };

  // A value whose container is still open.
  struct Pending {
    template <class T, class... Args>
    Pending(Name own, std::in_place_type_t<T> type, std::uint32_t begin, std::uint32_t end,
            Args&&... args)
        : name(own), value(type, begin, end, std::forward<Args>(args)...) {}

    Name name;
    JsonValue value;
  };

  // A container that is open.
  struct Frame {
    std::size_t first = 0;  // of pending_
    std::uint32_t begin = 0;
    std::uint32_t count = 0;  // values that have ended
    bool object = false;
    std::optional<Name> name;  // of the member whose value comes next
  };

  // Whether what stands in the innermost container is read without being kept.
  [[nodiscard]] bool is_skimmed() const { return frames_.size() > limits_.kept_depth; }

  template <class T, class... Args>
  void push(std::size_t begin, std::size_t end, Args&&... args) {
    Name name;
    if (!frames_.empty()) {
      Frame& frame = frames_.back();
      ++frame.count;
      if (frame.name) {
        name = *frame.name;
        frame.name.reset();
      }
      if (is_skimmed()) {  // an object's names are compared all the same
        if (frame.object) emplace<std::monostate>(name, begin, end);
        return;
      }
    }
    emplace<T>(name, begin, end, std::forward<Args>(args)...);
  }

  template <class T, class... Args>
  void emplace(const Name& name, std::size_t begin, std::size_t end, Args&&... args) {
    pending_.emplace_back(name, std::in_place_type<T>, static_cast<std::uint32_t>(begin),
                          static_cast<std::uint32_t>(end), std::forward<Args>(args)...);
  }

  template <class T, class... Args>
  bool add(std::size_t begin, std::size_t end, Args&&... args) {
    if (values_ >= limits_.max_values) return refuse(begin, kFewerValues);
    ++values_;
    push<T>(begin, end, std::forward<Args>(args)...);
    return true;
  }

  bool open(bool object);

  // What the innermost container holds.
  [[nodiscard]] std::span<Pending> held() {
    return std::span(pending_).subspan(frames_.back().first);
  }

  // The innermost container ends: what it held has been moved into `content`.
  template <class T>
  void close(T content) {
    const Frame frame = frames_.back();
    const bool skimmed = is_skimmed();
    frames_.pop_back();
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(frame.first), pending_.end());
    push<T>(frame.begin, stream_.Tell(), std::move(content));
    if (skimmed && !is_skimmed()) pending_.back().value.skimmed_ = 1;
  }

  static bool has_duplicates(std::span<const Pending> members);
  static const Name& first_duplicate(std::span<const Pending> members);

  // Whether the string whose event this is has no lone surrogate. Only an escape makes one.
  [[nodiscard]] bool is_complete(std::string_view decoded) const {
    const bool as_it_stands = string_end_ - stream_.Tell() == decoded.size() + 2;
    return as_it_stands || !has_surrogate(decoded);
  }

  bool refuse(std::size_t at, const char* expected) {
    refuse_with_path(at, expected, path());
    return false;
  }

  void refuse_with_path(std::size_t at, const char* expected, std::string path) {
    refused_at_ = at;
    refusal_ = expected;
    refused_path_ = std::move(path);
  }

  [[nodiscard]] std::string path() const;

  Bytes document_;
  JsonLimits limits_;
  std::size_t utf8_;  // the document's octets up to the first that are not UTF-8
  std::unique_ptr<char[]> decoded_;
  std::size_t string_end_ = 0;
  OctetStream stream_{as_text(document_.first(utf8_)), decoded_.get(), &string_end_};
  std::vector<Frame> frames_;
  std::vector<Pending> pending_;
  std::uint32_t values_ = 0;
  std::size_t refused_at_ = 0;
  const char* refusal_ = nullptr;
  std::string refused_path_;
};

// RapidJSON could test each character by itself, which takes as long again. It gets the part of the
// document that is UTF-8 instead: what stops it at that part's end is the octet that is not.
Result<JsonValue, Diag> JsonBuilder::parse() {
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>> reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream_, *this);
  if (refusal_ != nullptr) return diag_at(document_, refused_at_, refused_path_, refusal_);
  const bool cut = utf8_ < document_.size();
  if (!result.IsError()) {
    if (!cut) return std::move(pending_.front().value);
    return diag_at(document_, utf8_, "",
                   expected_for(rapidjson::kParseErrorDocumentRootNotSingular));
  }
  const bool in_string = result.Code() == rapidjson::kParseErrorStringMissQuotationMark;
  return diag_at(
      document_, result.Offset(), path(),
      expected_for(cut && in_string ? rapidjson::kParseErrorStringInvalidEncoding : result.Code()));
}

bool JsonBuilder::RawNumber(const char* /*text*/, rapidjson::SizeType size, bool /*copy*/) {
  const std::size_t begin = stream_.Tell();
  const std::size_t end = begin + size;
  const std::string_view text = as_text(document_.subspan(begin, size));
  const char* const last = text.data() + text.size();
  std::int64_t whole = 0;
  if (is_short_natural(text, whole)) return add<std::int64_t>(begin, end, whole);
  auto r = std::from_chars(text.data(), last, whole);
  if (r.ptr != last) {  // at a point or an exponent
    double real = 0;
    r = std::from_chars(text.data(), last, real);
    // Out of range is a number too large for a double and one so small that it would become zero.
    if (r.ec != std::errc{}) return refuse(begin, "a number in the range of a double");
    return add<double>(begin, end, real);
  }
  if (r.ec == std::errc{}) return add<std::int64_t>(begin, end, whole);
  std::uint64_t positive = 0;
  r = std::from_chars(text.data(), last, positive);
  if (r.ec != std::errc{}) return refuse(begin, "an integer of at most 64 bits");
  return add<std::uint64_t>(begin, end, positive);
}

bool JsonBuilder::String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
  const std::size_t begin = stream_.Tell();
  if (!is_complete({text, size})) return refuse(begin, kPair);
  return add<std::string>(begin, string_end_, text, size);
}

bool JsonBuilder::Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
  const std::size_t begin = stream_.Tell();
  if (!is_complete({text, size})) return refuse(begin, kPair);
  frames_.back().name = Name{.text = {text, size}, .begin = static_cast<std::uint32_t>(begin)};
  return true;
}

bool JsonBuilder::open(bool object) {
  const std::size_t begin = stream_.Tell() - 1;
  if (frames_.size() >= std::min(limits_.max_depth, kMaxJsonDepth)) {
    return refuse(begin, "less nesting (limit of depth)");
  }
  if (values_ >= limits_.max_values) return refuse(begin, kFewerValues);
  ++values_;
  frames_.push_back({.first = pending_.size(),
                     .begin = static_cast<std::uint32_t>(begin),
                     .count = 0,
                     .object = object,
                     .name = std::nullopt});
  return true;
}

// Whether a name stands twice. Beyond small objects by sorting: no hash that a sender could make
// collide, no quadratic search.
bool JsonBuilder::has_duplicates(std::span<const Pending> members) {
  if (members.size() <= kSmallObject) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (members[i].name.text == members[k].name.text) return true;
      }
    }
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const Pending& member : members) {
    names.push_back(member.name.text);
  }
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// The second of the first name in order that stands twice.
const JsonBuilder::Name& JsonBuilder::first_duplicate(std::span<const Pending> members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [members](std::size_t a, std::size_t b) {
    return members[a].name.text < members[b].name.text;
  });
  const auto same =
      std::adjacent_find(order.begin(), order.end(), [members](std::size_t a, std::size_t b) {
        return members[a].name.text == members[b].name.text;
      });
  return members[*std::next(same)].name;
}

bool JsonBuilder::EndObject(rapidjson::SizeType /*count*/) {
  const std::span<Pending> all = held();
  if (has_duplicates(all)) {
    const Name& second = first_duplicate(all);
    std::string where = path();
    append_json_member(where, second.text);
    refuse_with_path(second.begin, "each member name once", std::move(where));
    return false;
  }
  std::vector<JsonValue::Member> members;
  if (!is_skimmed()) {
    members.reserve(all.size());
    for (Pending& member : all) {
      members.emplace_back(member.name.text, std::move(member.value));
    }
  }
  close(std::move(members));
  return true;
}

// Octets are often written as a list of numbers (SNP's certificates). What RapidJSON does for each
// number, by a copy of the stream and one call, costs ten times as much as the number itself.
bool JsonBuilder::StartArray() {
  if (!open(false)) return false;
  stream_.skip_blanks();
  const bool kept = !is_skimmed();
  Frame& frame = frames_.back();
  OctetStream::Natural one;
  while (values_ < limits_.max_values && stream_.take_listed(one)) {
    ++values_;
    ++frame.count;
    if (kept) emplace<std::int64_t>(Name{}, one.begin, one.end, one.value);
  }
  return true;
}

bool JsonBuilder::EndArray(rapidjson::SizeType /*count*/) {
  const std::span<Pending> all = held();
  std::vector<JsonValue> items;
  items.reserve(all.size());
  for (Pending& item : all) {
    items.push_back(std::move(item.value));
  }
  close(std::move(items));
  return true;
}

// Of the value that is being read.
std::string JsonBuilder::path() const {
  std::string out;
  for (const Frame& frame : frames_) {
    if (!frame.object) {
      append_json_index(out, frame.count);
    } else if (frame.name) {
      append_json_member(out, frame.name->text);
    }
  }
  return out;
}

Result<JsonValue, Diag> parse_json(Bytes document, const JsonLimits& limits) {
  if (document.size() > std::min(limits.max_bytes, kMaxJsonBytes)) {
    return Diag{.expected = "a smaller document (limit of size)"};
  }
  const std::size_t nul = as_text(document).find('\0');
  if (nul != std::string_view::npos) {
    return diag_at(document, nul, "", "text without NUL octets");
  }
  return JsonBuilder(document, limits).parse();
}

}  // namespace ward::codec
