#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::codec {

// No CborLimits allow deeper nesting than this.
inline constexpr std::uint32_t kMaxCborDepth = 64;

// Bounds on a CBOR document from outside; each is tested at its value and one above.
struct CborLimits {
  std::size_t max_bytes = 1U << 20U;
  std::uint32_t max_depth = 16;  // nested arrays, maps and tags
  std::uint32_t max_items =
      100'000;  // data items of every kind in the whole document, keys included
};

// Whose CBOR is read.
enum class CborRules : std::uint8_t {
  // All that ward writes: definite lengths; map keys ordered by the octets of their encodings (RFC
  // 8949 section 4.2.1). Two different documents never mean the same.
  kDeterministic,
  // Formats of others (COSE, EAT, AWS Nitro): map keys in any order, arrays and maps also of
  // indefinite length. What is signed or compared is then the raw octets, never the values.
  kForeign,
};

// CborValue is one data item of a parsed document. It borrows: byte and text strings are views into
// the document that it was parsed from, which must outlive it.
class CborValue {
 public:
  enum class Kind : std::uint8_t {
    kUint,      // 0..2^64-1
    kNegative,  // -1..-2^64
    kBytes,
    kText,
    kArray,
    kMap,
    kTag,
    kBool,
    kNull,
  };
  using Member = std::pair<CborValue, CborValue>;

  [[nodiscard]] Kind kind() const { return kind_; }

  [[nodiscard]] bool is_array() const { return kind_ == Kind::kArray; }

  [[nodiscard]] bool is_map() const { return kind_ == Kind::kMap; }

  [[nodiscard]] bool is_null() const { return kind_ == Kind::kNull; }

  // Each as_* is nullopt where the item is of another kind or does not fit.
  [[nodiscard]] std::optional<std::uint64_t> as_uint() const;
  [[nodiscard]] std::optional<std::int64_t> as_int() const;  // of either sign
  [[nodiscard]] std::optional<bool> as_bool() const;
  [[nodiscard]] std::optional<Bytes> as_bytes() const;
  [[nodiscard]] std::optional<std::string_view> as_text() const;
  [[nodiscard]] std::optional<std::uint64_t> as_tag() const;  // the tag's number

  // items of an array, in order; of a tag, the one item that it encloses; empty for other kinds.
  [[nodiscard]] const std::vector<CborValue>& items() const { return items_; }

  // members of a map in the document's order; empty for other kinds.
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

  // tagged is the item inside tag `number`, or nullptr; borrowed from this value.
  [[nodiscard]] const CborValue* tagged(std::uint64_t number) const;

  // find returns the value of the member with this text or integer key, or nullptr; borrowed from
  // this value.
  [[nodiscard]] const CborValue* find(std::string_view key) const;
  [[nodiscard]] const CborValue* find(std::int64_t key) const;

  // encoding is the item's whole octets in the document.
  [[nodiscard]] Bytes encoding() const { return encoding_; }

 private:
  friend class CborParser;
  Kind kind_ = Kind::kNull;
  std::uint64_t argument_ = 0;  // of numbers, strings and tags (RFC 8949 section 3); of a bool 0, 1
  Bytes contents_;
  Bytes encoding_;
  std::vector<CborValue> items_;
  std::vector<Member> members_;
};

// parse_cbor reads exactly one data item (RFC 8949) of ward's subset: integers, byte and text
// strings, arrays, maps, tags, false, true, null; heads the shortest, text valid UTF-8, map keys
// integers, byte or text strings and none twice; lengths and order of keys as `rules` say.
// kTruncated where the document ends inside an item; kUnsupported for floats, undefined, other
// simple values and other keys; kLimit; kMalformed for everything else, octets behind the item
// included. The error's value is the offset.
[[nodiscard]] Result<CborValue> parse_cbor(Bytes document, const CborLimits& limits = {},
                                           CborRules rules = CborRules::kDeterministic);

}  // namespace ward::codec
