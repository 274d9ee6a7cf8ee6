#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/cbor.h"

namespace ward::codec {

// CborWriter writes one data item in deterministic CBOR (RFC 8949 section 4.2.1), what parse_cbor
// reads: shortest heads, definite lengths, and the members of each map sorted when the map ends, so
// that callers write them in any order. It keeps the first mistake and take() reports it.
//
//   CborWriter w;
//   w.begin_map().member("argv", ...).name("files").begin_array();
//   for (...) w.begin_array().text(path).bytes(digest).end_array();
//   WARD_TRY(Buffer out, w.end_array().end_map().take());
class CborWriter {
 public:
  CborWriter& uint(std::uint64_t v);
  CborWriter& integer(std::int64_t v);
  CborWriter& bytes(Bytes v);
  CborWriter& text(std::string_view v);
  CborWriter& boolean(bool v);
  CborWriter& null();

  // tag encloses the one item that follows.
  CborWriter& tag(std::uint64_t number);

  CborWriter& begin_array() { return open(CborValue::Kind::kArray); }

  CborWriter& end_array() { return close(CborValue::Kind::kArray); }

  // In a map keys (integers, byte or text strings) and values alternate.
  CborWriter& begin_map() { return open(CborValue::Kind::kMap); }

  CborWriter& end_map() { return close(CborValue::Kind::kMap); }

  // raw takes one item that is encoded already, as parse_cbor reads it; it is parsed to make sure.
  CborWriter& raw(Bytes encoding);

  // value picks the call by the type of `v`; an empty optional is null.
  template <class T>
  CborWriter& value(const T& v) {
    if constexpr (std::same_as<T, bool>) {
      return boolean(v);
    } else if constexpr (std::unsigned_integral<T>) {
      return uint(v);
    } else if constexpr (std::signed_integral<T>) {
      return integer(v);
    } else if constexpr (std::same_as<T, CborValue>) {
      return raw(v.encoding());
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
      return text(v);
    } else if constexpr (std::convertible_to<const T&, Bytes>) {
      return bytes(v);
    } else {
      return v ? value(*v) : null();
    }
  }

  // name writes a key; exactly one value follows.
  CborWriter& name(std::string_view key) { return text(key); }

  CborWriter& name(std::int64_t key) { return integer(key); }

  template <class K, class T>
  CborWriter& member(const K& key, const T& v) {
    return value(key).value(v);
  }

  // take hands the encoding over; the writer is done with. kMalformed: text that is not UTF-8, a
  // key twice in one map, raw that does not parse. kUnsupported: a key of another kind. kLimit:
  // nesting beyond kMaxCborDepth. kInternal: calls that do not make one complete item.
  [[nodiscard]] Result<Buffer> take();

 private:
  struct Frame {
    CborValue::Kind kind = CborValue::Kind::kArray;
    std::size_t begin = 0;           // where its contents begin in out_
    std::uint32_t levels = 1;        // itself and the tags right around it
    std::vector<std::size_t> items;  // where each child begins
  };

  CborWriter& open(CborValue::Kind kind);
  CborWriter& close(CborValue::Kind kind);
  bool before_item(CborValue::Kind kind);
  bool may_nest();
  void head(std::uint8_t major, std::uint64_t argument);
  void sort_members(const Frame& frame);
  void fail(Error error);

  Buffer out_;
  std::vector<Frame> frames_;
  std::uint32_t depth_ = 0;  // levels of all open frames
  std::uint32_t tags_ = 0;   // written, waiting for their item
  bool done_ = false;        // the outermost item has begun
  std::optional<Error> error_;
};

}  // namespace ward::codec
