#include "codec/cbor.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/reader.h"
#include "codec/utf8.h"

namespace ward::codec {
namespace {

// RFC 8949 section 3, the three high bits of an initial octet.
enum class Major : std::uint8_t { kUint, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

constexpr std::uint8_t kInfo8 = 24;
constexpr std::uint8_t kInfo16 = 25;
constexpr std::uint8_t kInfo32 = 26;
constexpr std::uint8_t kInfo64 = 27;
constexpr std::uint8_t kIndefinite = 31;
constexpr std::uint8_t kBreak = 0xff;
constexpr std::uint64_t kFalse = 20;
constexpr std::uint64_t kTrue = 21;
constexpr std::uint64_t kNull = 22;

struct Head {
  Major major = Major::kUint;
  std::uint8_t info = 0;  // the five low bits
  std::uint64_t argument = 0;

  [[nodiscard]] bool indefinite() const { return info == kIndefinite; }
};

bool less(Bytes a, Bytes b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

// Reads the argument behind the initial octet, of the width that `info` says.
bool read_argument(Reader& r, std::uint8_t info, std::uint64_t& out) {
  std::uint8_t b = 0;
  std::uint16_t h = 0;
  std::uint32_t w = 0;
  switch (info) {
    case kInfo8:
      if (!r.u8(b)) return false;
      out = b;
      return true;
    case kInfo16:
      if (!r.u16be(h)) return false;
      out = h;
      return true;
    case kInfo32:
      if (!r.u32be(w)) return false;
      out = w;
      return true;
    case kInfo64:
      return r.u64be(out);
    default:
      out = info;
      return true;
  }
}

// The smallest argument that needs this width (RFC 8949 section 4.2.1).
std::uint64_t least_of_width(std::uint8_t info) {
  switch (info) {
    case kInfo8:
      return kInfo8;
    case kInfo16:
      return 0x100;
    case kInfo32:
      return 0x10000;
    case kInfo64:
      return 0x100000000;
    default:
      return 0;
  }
}

Result<Head> read_head(Reader& r, CborRules rules) {
  const std::size_t at = r.offset();
  std::uint8_t initial = 0;
  if (!r.u8(initial)) return Error(Errc::kTruncated, "cbor: head", at);
  Head head{.major = static_cast<Major>(initial >> 5U),
            .info = static_cast<std::uint8_t>(initial & 0x1fU)};
  if (head.indefinite()) {
    const bool container = head.major == Major::kArray || head.major == Major::kMap;
    if (rules == CborRules::kForeign && container) return head;
    return Error(Errc::kMalformed, "cbor: indefinite length or break", at);
  }
  if (head.info > kInfo64) return Error(Errc::kMalformed, "cbor: reserved head", at);
  if (!read_argument(r, head.info, head.argument)) {
    return Error(Errc::kTruncated, "cbor: head", at);
  }
  // Behind the initial octets of major type 7 stand floats and simple values, not arguments.
  if (head.major != Major::kSimple && head.argument < least_of_width(head.info)) {
    return Error(Errc::kMalformed, "cbor: head is not the shortest", at);
  }
  return head;
}

}  // namespace

// CborParser descends at most max_depth levels, which kMaxCborDepth bounds.
class CborParser {
 public:
  CborParser(Bytes document, const CborLimits& limits, CborRules rules)
      : document_(document), limits_(limits), rules_(rules), reader_(document) {}

  Result<CborValue> document() {
    WARD_TRY(CborValue value, item(0));
    if (!reader_.empty()) {
      return Error(Errc::kMalformed, "cbor: trailing octets", reader_.offset());
    }
    return value;
  }

 private:
  Result<CborValue> item(std::uint32_t depth);
  Result<void> string(CborValue& value, std::size_t at);
  Result<bool> another(const Head& head, std::uint64_t done);
  Result<void> children(CborValue& value, Head head, std::uint32_t depth);
  Result<void> members(CborValue& value, const Head& head, std::uint32_t depth);
  static Result<void> simple(CborValue& value, const Head& head, std::size_t at);
  static Result<void> no_duplicates(const CborValue& map, std::size_t at);

  Bytes document_;
  CborLimits limits_;
  CborRules rules_;
  Reader reader_;
  std::uint32_t items_ = 0;
};

// NOLINTBEGIN(misc-no-recursion): at most max_depth levels
Result<CborValue> CborParser::item(std::uint32_t depth) {
  const std::size_t at = reader_.offset();
  if (items_ >= limits_.max_items) return Error(Errc::kLimit, "cbor: number of items", at);
  ++items_;
  WARD_TRY(const Head head, read_head(reader_, rules_));
  CborValue value;
  value.argument_ = head.argument;
  switch (head.major) {
    case Major::kUint:
      value.kind_ = CborValue::Kind::kUint;
      break;
    case Major::kNegative:
      value.kind_ = CborValue::Kind::kNegative;
      break;
    case Major::kBytes:
      value.kind_ = CborValue::Kind::kBytes;
      WARD_CHECK_OK(string(value, at));
      break;
    case Major::kText:
      value.kind_ = CborValue::Kind::kText;
      WARD_CHECK_OK(string(value, at));
      break;
    case Major::kArray:
      value.kind_ = CborValue::Kind::kArray;
      WARD_CHECK_OK(children(value, head, depth));
      break;
    case Major::kTag:
      value.kind_ = CborValue::Kind::kTag;
      WARD_CHECK_OK(children(value, head, depth));
      break;
    case Major::kMap:
      value.kind_ = CborValue::Kind::kMap;
      WARD_CHECK_OK(members(value, head, depth));
      break;
    case Major::kSimple:
      WARD_CHECK_OK(simple(value, head, at));
      break;
  }
  value.encoding_ = document_.subspan(at, reader_.offset() - at);
  return value;
}

Result<void> CborParser::string(CborValue& value, std::size_t at) {
  if (!reader_.bytes(value.argument_, value.contents_)) {
    return Error(Errc::kTruncated, "cbor: string", at);
  }
  if (value.kind_ == CborValue::Kind::kText && !is_utf8(as_text(value.contents_))) {
    return Error(Errc::kMalformed, "cbor: text is not UTF-8", at);
  }
  return {};
}

// Says whether the container whose head was read has another child behind the `done` ones; takes
// the break of one of indefinite length.
Result<bool> CborParser::another(const Head& head, std::uint64_t done) {
  if (!head.indefinite()) return done < head.argument;
  if (reader_.empty()) return Error(Errc::kTruncated, "cbor: no break", reader_.offset());
  if (reader_.rest().front() != kBreak) return true;
  Bytes taken;
  static_cast<void>(reader_.bytes(1, taken));
  return false;
}

Result<void> CborParser::children(CborValue& value, Head head, std::uint32_t depth) {
  const std::size_t at = reader_.offset();
  if (depth >= std::min(limits_.max_depth, kMaxCborDepth)) {
    return Error(Errc::kLimit, "cbor: nesting", at);
  }
  if (head.major == Major::kTag) head.argument = 1;
  // Every item takes an octet: a count beyond what is left is refused before anything is read.
  if (head.argument > reader_.rest().size()) return Error(Errc::kTruncated, "cbor: array", at);
  while (true) {
    WARD_TRY(const bool more, another(head, value.items_.size()));
    if (!more) return {};
    WARD_TRY(CborValue child, item(depth + 1));
    value.items_.push_back(std::move(child));
  }
}

Result<void> CborParser::members(CborValue& value, const Head& head, std::uint32_t depth) {
  const std::size_t at = reader_.offset();
  if (depth >= std::min(limits_.max_depth, kMaxCborDepth)) {
    return Error(Errc::kLimit, "cbor: nesting", at);
  }
  if (head.argument > reader_.rest().size() / 2) return Error(Errc::kTruncated, "cbor: map", at);
  while (true) {
    WARD_TRY(const bool more, another(head, value.members_.size()));
    if (!more) break;
    const std::size_t key_at = reader_.offset();
    WARD_TRY(CborValue key, item(depth + 1));
    if (key.kind_ > CborValue::Kind::kText) return Error(Errc::kUnsupported, "cbor: key", key_at);
    if (rules_ == CborRules::kDeterministic && !value.members_.empty() &&
        !less(value.members_.back().first.encoding(), key.encoding())) {
      return Error(Errc::kMalformed, "cbor: keys out of order or twice", key_at);
    }
    WARD_TRY(CborValue member, item(depth + 1));
    value.members_.emplace_back(std::move(key), std::move(member));
  }
  // Where the order is strict, none can be twice.
  return rules_ == CborRules::kDeterministic ? Result<void>() : no_duplicates(value, at);
}

// NOLINTEND(misc-no-recursion)

// Heads are the shortest, so equal keys have equal encodings.
Result<void> CborParser::no_duplicates(const CborValue& map, std::size_t at) {
  std::vector<Bytes> keys;
  keys.reserve(map.members().size());
  for (const CborValue::Member& member : map.members()) {
    keys.push_back(member.first.encoding());
  }
  std::sort(keys.begin(), keys.end(), less);
  if (std::adjacent_find(keys.begin(), keys.end(), equal) == keys.end()) return {};
  return Error(Errc::kMalformed, "cbor: a key twice", at);
}

Result<void> CborParser::simple(CborValue& value, const Head& head, std::size_t at) {
  if (head.info < kInfo8 && (head.argument == kFalse || head.argument == kTrue)) {
    value.kind_ = CborValue::Kind::kBool;
    value.argument_ = head.argument - kFalse;
    return {};
  }
  if (head.info < kInfo8 && head.argument == kNull) {
    value.kind_ = CborValue::Kind::kNull;
    return {};
  }
  // RFC 8949 section 3.3: a second octet below 32 is not well formed.
  if (head.info == kInfo8 && head.argument < 32) {
    return Error(Errc::kMalformed, "cbor: simple value in two octets", at);
  }
  return Error(Errc::kUnsupported, "cbor: float or simple value", at);
}

std::optional<std::uint64_t> CborValue::as_uint() const {
  if (kind_ != Kind::kUint) return std::nullopt;
  return argument_;
}

std::optional<std::int64_t> CborValue::as_int() const {
  if (kind_ != Kind::kUint && kind_ != Kind::kNegative) return std::nullopt;
  if (argument_ > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  const auto magnitude = static_cast<std::int64_t>(argument_);
  return kind_ == Kind::kUint ? magnitude : -1 - magnitude;
}

std::optional<bool> CborValue::as_bool() const {
  if (kind_ != Kind::kBool) return std::nullopt;
  return argument_ == 1;
}

std::optional<Bytes> CborValue::as_bytes() const {
  if (kind_ != Kind::kBytes) return std::nullopt;
  return contents_;
}

std::optional<std::string_view> CborValue::as_text() const {
  if (kind_ != Kind::kText) return std::nullopt;
  return ward::as_text(contents_);
}

std::optional<std::uint64_t> CborValue::as_tag() const {
  if (kind_ != Kind::kTag) return std::nullopt;
  return argument_;
}

const CborValue* CborValue::tagged(std::uint64_t number) const {
  return kind_ == Kind::kTag && argument_ == number ? &items_.front() : nullptr;
}

const CborValue* CborValue::find(std::string_view key) const {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [key](const Member& m) { return m.first.as_text() == key; });
  return it == members_.end() ? nullptr : &it->second;
}

const CborValue* CborValue::find(std::int64_t key) const {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [key](const Member& m) { return m.first.as_int() == key; });
  return it == members_.end() ? nullptr : &it->second;
}

Result<CborValue> parse_cbor(Bytes document, const CborLimits& limits, CborRules rules) {
  if (document.size() > limits.max_bytes) {
    return Error(Errc::kLimit, "cbor: size", document.size());
  }
  return CborParser(document, limits, rules).document();
}

}  // namespace ward::codec
