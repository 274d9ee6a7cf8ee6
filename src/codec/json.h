#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/result.h"

namespace ward::codec {

// Bounds on a JSON document from outside; each is tested at its value and one above.
struct JsonLimits {
  std::size_t max_bytes = 1U << 20U;
  std::uint32_t max_depth = 32;       // nested arrays and objects
  std::uint32_t max_values = 100000;  // values of every kind in the whole document
  // Arrays and objects nested deeper than this are read and refused like all others, but what they
  // hold is not kept: JsonValue::kept is false of them. For who needs their octets only.
  std::uint32_t kept_depth = UINT32_MAX;
};

// No JsonLimits allow more than these: the reader's and the destructor's own bounds.
inline constexpr std::size_t kMaxJsonBytes = 1U << 30U;
inline constexpr std::uint32_t kMaxJsonDepth = 256;

// JsonValue is one value of a parsed document. Members keep the document's order. Numbers are kept
// as integers where they are written as integers that fit 64 bits (kInt, or kUint above its range);
// those written with a point or an exponent are doubles, nearest to what is written. An integer
// beyond 64 bits, and what a double could hold only as infinity or as zero, is refused.
class JsonValue {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kUint, kDouble, kString, kArray, kObject };
  using Member = std::pair<std::string, JsonValue>;

  JsonValue() = default;  // null, of no document

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(value_.index()); }

  [[nodiscard]] bool is_object() const { return kind() == Kind::kObject; }

  [[nodiscard]] bool is_array() const { return kind() == Kind::kArray; }

  // Each as_* is nullopt where the value is of another kind or does not fit. as_int and as_uint
  // take either integer kind where the value fits, never a double; as_double takes any number that
  // a double holds exactly.
  [[nodiscard]] std::optional<bool> as_bool() const;
  [[nodiscard]] std::optional<std::int64_t> as_int() const;
  [[nodiscard]] std::optional<std::uint64_t> as_uint() const;
  [[nodiscard]] std::optional<double> as_double() const;
  [[nodiscard]] std::optional<std::string_view> as_string() const;

  // items of an array; empty for other kinds.
  [[nodiscard]] const std::vector<JsonValue>& items() const;

  // members of an object; empty for other kinds.
  [[nodiscard]] const std::vector<Member>& members() const;

  // kept is false of an array or an object beyond JsonLimits::kept_depth: items and members show
  // none of what it holds.
  [[nodiscard]] bool kept() const { return skimmed_ == 0; }

  // find returns the member's value, or nullptr; borrowed from this value.
  [[nodiscard]] const JsonValue* find(std::string_view name) const;

  // [begin, end) are the octets of this value in the document, without surrounding blanks.
  [[nodiscard]] std::size_t begin() const { return begin_; }

  [[nodiscard]] std::size_t end() const { return end_; }

  // raw cuts this value's octets out of the document that it was parsed from.
  [[nodiscard]] Bytes raw(Bytes document) const { return document.subspan(begin_, end_ - begin_); }

 private:
  friend class JsonBuilder;

  template <class T, class... Args>
  JsonValue(std::in_place_type_t<T> type, std::uint32_t begin, std::uint32_t end, Args&&... args)
      : value_(type, std::forward<Args>(args)...), begin_(begin), end_(end & INT32_MAX) {}

  // In the order of Kind.
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string,
               std::vector<JsonValue>, std::vector<Member>>
      value_;
  std::uint32_t begin_ = 0;        // kMaxJsonBytes fits
  std::uint32_t end_ : 31 = 0;     // and here
  std::uint32_t skimmed_ : 1 = 0;  // without a word of its own: a document has many values
};

// parse_json reads one JSON text (RFC 8259) and nothing behind it but blanks: strict grammar, valid
// UTF-8, no byte order mark, no lone surrogates, no duplicate member names (compared after
// unescaping), within `limits`. The Diag names the place. The result owns its strings; byte ranges
// refer to `document`.
[[nodiscard]] Result<JsonValue, Diag> parse_json(Bytes document, const JsonLimits& limits = {});

}  // namespace ward::codec
