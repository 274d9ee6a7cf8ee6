#include "codec/cbor_write.h"

#include <algorithm>
#include <utility>

#include "base/writer.h"
#include "codec/utf8.h"

namespace ward::codec {
namespace {

// RFC 8949 section 3: major types in the three high bits.
constexpr std::uint8_t kMajorUint = 0;
constexpr std::uint8_t kMajorNegative = 1;
constexpr std::uint8_t kMajorBytes = 2;
constexpr std::uint8_t kMajorText = 3;
constexpr std::uint8_t kMajorArray = 4;
constexpr std::uint8_t kMajorMap = 5;
constexpr std::uint8_t kMajorTag = 6;
constexpr std::uint8_t kFalse = 0xf4;
constexpr std::uint8_t kTrue = 0xf5;
constexpr std::uint8_t kNull = 0xf6;

// The shortest head (section 4.2.1).
Buffer head_of(std::uint8_t major, std::uint64_t argument) {
  Writer w;
  const auto initial = [major](unsigned info) {
    return static_cast<std::uint8_t>((static_cast<unsigned>(major) << 5U) | info);
  };
  if (argument < 24) {
    w.u8(initial(static_cast<unsigned>(argument)));
  } else if (argument <= 0xff) {
    w.u8(initial(24));
    w.u8(static_cast<std::uint8_t>(argument));
  } else if (argument <= 0xffff) {
    w.u8(initial(25));
    w.u16be(static_cast<std::uint16_t>(argument));
  } else if (argument <= 0xffffffff) {
    w.u8(initial(26));
    w.u32be(static_cast<std::uint32_t>(argument));
  } else {
    w.u8(initial(27));
    w.u64be(argument);
  }
  return w.take();
}

// One member of a map: the encodings of its key and of both together.
struct Entry {
  Bytes key;
  Bytes whole;
};

bool key_less(const Entry& a, const Entry& b) {
  return std::lexicographical_compare(a.key.begin(), a.key.end(), b.key.begin(), b.key.end());
}

bool key_equal(const Entry& a, const Entry& b) { return equal(a.key, b.key); }

}  // namespace

void CborWriter::fail(Error error) {
  if (!error_) error_ = error;
}

void CborWriter::head(std::uint8_t major, std::uint64_t argument) {
  const Buffer h = head_of(major, argument);
  out_.insert(out_.end(), h.begin(), h.end());
}

// Notes where a child begins; false where none of this kind may stand here.
bool CborWriter::before_item(CborValue::Kind kind) {
  if (error_) return false;
  if (tags_ > 0) {
    if (kind != CborValue::Kind::kTag) tags_ = 0;
    return true;
  }
  if (frames_.empty()) {
    if (done_) fail(Error(Errc::kInternal, "cbor: a second item at the top"));
    done_ = true;
    return !error_;
  }
  Frame& frame = frames_.back();
  const bool is_key = frame.kind == CborValue::Kind::kMap && frame.items.size() % 2 == 0;
  if (is_key && kind > CborValue::Kind::kText) {
    fail(Error(Errc::kUnsupported, "cbor: a key that is no integer or string"));
    return false;
  }
  frame.items.push_back(out_.size());
  return true;
}

bool CborWriter::may_nest() {
  if (!error_ && depth_ + tags_ >= kMaxCborDepth) fail(Error(Errc::kLimit, "cbor: nesting"));
  return !error_;
}

CborWriter& CborWriter::uint(std::uint64_t v) {
  if (before_item(CborValue::Kind::kUint)) head(kMajorUint, v);
  return *this;
}

CborWriter& CborWriter::integer(std::int64_t v) {
  if (v >= 0) return uint(static_cast<std::uint64_t>(v));
  if (before_item(CborValue::Kind::kNegative)) {
    head(kMajorNegative, static_cast<std::uint64_t>(-1 - v));
  }
  return *this;
}

CborWriter& CborWriter::bytes(Bytes v) {
  if (!before_item(CborValue::Kind::kBytes)) return *this;
  head(kMajorBytes, v.size());
  out_.insert(out_.end(), v.begin(), v.end());
  return *this;
}

CborWriter& CborWriter::text(std::string_view v) {
  if (!before_item(CborValue::Kind::kText)) return *this;
  if (!is_utf8(v)) {
    fail(Error(Errc::kMalformed, "cbor: text that is not UTF-8"));
    return *this;
  }
  head(kMajorText, v.size());
  out_.insert(out_.end(), v.begin(), v.end());
  return *this;
}

CborWriter& CborWriter::boolean(bool v) {
  if (before_item(CborValue::Kind::kBool)) out_.push_back(v ? kTrue : kFalse);
  return *this;
}

CborWriter& CborWriter::null() {
  if (before_item(CborValue::Kind::kNull)) out_.push_back(kNull);
  return *this;
}

CborWriter& CborWriter::tag(std::uint64_t number) {
  if (!may_nest() || !before_item(CborValue::Kind::kTag)) return *this;
  head(kMajorTag, number);
  ++tags_;
  return *this;
}

CborWriter& CborWriter::raw(Bytes encoding) {
  if (error_) return *this;
  const CborLimits limits{
      .max_bytes = SIZE_MAX, .max_depth = kMaxCborDepth - depth_ - tags_, .max_items = UINT32_MAX};
  const auto item = parse_cbor(encoding, limits);
  if (!item) {
    fail(Error(Errc::kMalformed, "cbor: raw octets that are not one item"));
    return *this;
  }
  if (before_item(item->kind())) {
    tags_ = 0;
    out_.insert(out_.end(), encoding.begin(), encoding.end());
  }
  return *this;
}

CborWriter& CborWriter::open(CborValue::Kind kind) {
  if (!may_nest()) return *this;
  const std::uint32_t levels = tags_ + 1;
  if (!before_item(kind)) return *this;
  depth_ += levels;
  frames_.push_back(Frame{.kind = kind, .begin = out_.size(), .levels = levels});
  return *this;
}

CborWriter& CborWriter::close(CborValue::Kind kind) {
  if (error_) return *this;
  if (frames_.empty() || frames_.back().kind != kind || tags_ > 0) {
    fail(Error(Errc::kInternal, "cbor: an end that closes nothing"));
    return *this;
  }
  const Frame frame = std::move(frames_.back());
  frames_.pop_back();
  depth_ -= frame.levels;
  std::size_t count = frame.items.size();
  if (kind == CborValue::Kind::kMap) {
    if (count % 2 != 0) {
      fail(Error(Errc::kInternal, "cbor: a key without a value"));
      return *this;
    }
    count /= 2;
    sort_members(frame);
  }
  const Buffer h = head_of(kind == CborValue::Kind::kMap ? kMajorMap : kMajorArray, count);
  out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(frame.begin), h.begin(), h.end());
  return *this;
}

// Rewrites the frame's contents with the members ordered by their keys' encodings.
void CborWriter::sort_members(const Frame& frame) {
  const Buffer contents(out_.begin() + static_cast<std::ptrdiff_t>(frame.begin), out_.end());
  const auto cut = [&](std::size_t first, std::size_t last) {
    const std::size_t begin = frame.items[first] - frame.begin;
    const std::size_t end =
        last < frame.items.size() ? frame.items[last] - frame.begin : contents.size();
    return Bytes(contents).subspan(begin, end - begin);
  };
  std::vector<Entry> entries;
  entries.reserve(frame.items.size() / 2);
  for (std::size_t i = 0; i < frame.items.size(); i += 2) {
    entries.push_back({.key = cut(i, i + 1), .whole = cut(i, i + 2)});
  }
  std::sort(entries.begin(), entries.end(), key_less);
  if (std::adjacent_find(entries.begin(), entries.end(), key_equal) != entries.end()) {
    fail(Error(Errc::kMalformed, "cbor: a key twice"));
  }
  out_.resize(frame.begin);
  for (const Entry& entry : entries) {
    out_.insert(out_.end(), entry.whole.begin(), entry.whole.end());
  }
}

Result<Buffer> CborWriter::take() {
  if (!error_ && (!done_ || !frames_.empty() || tags_ > 0)) {
    fail(Error(Errc::kInternal, "cbor: an item that is not complete"));
  }
  if (error_) return *error_;
  fail(Error(Errc::kInternal, "cbor: taken already"));
  return std::move(out_);
}

}  // namespace ward::codec
