#include "tee/tcg/event_log.h"

#include <algorithm>

#include "base/reader.h"
#include "base/writer.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

constexpr std::size_t kSha1Size = 20;
constexpr std::size_t kMinZeroPadding = 8;  // no event begins so: its type would be reserved

using Signature = std::array<std::uint8_t, 16>;
constexpr Signature kSpecId = {'S', 'p', 'e', 'c', ' ', 'I', 'D', ' ',
                               'E', 'v', 'e', 'n', 't', '0', '3', 0};
constexpr std::size_t kSignaturePlace = 14;  // of the digit that tells the forms apart

// What the first event says of the form.
enum class First : std::uint8_t { kAgile, kSha1, kUnknown };

First first_of(const Event& event) {
  if (event.type != event_type::kNoAction) return First::kSha1;
  if (event.data.size() < kSpecId.size()) return First::kUnknown;
  Signature signature{};
  std::copy_n(event.data.begin(), signature.size(), signature.begin());
  const std::uint8_t digit = signature[kSignaturePlace];
  signature[kSignaturePlace] = kSpecId[kSignaturePlace];
  if (signature != kSpecId) return First::kUnknown;
  if (digit == '3') return First::kAgile;
  return digit == '0' || digit == '2' ? First::kSha1 : First::kUnknown;
}

// read_data reads event size and data, of every form.
Result<void> read_data(Reader& r, Bytes& out) {
  std::uint32_t size = 0;
  if (!r.u32le(size)) return Error(Errc::kTruncated, "tcg.log: event size", r.offset());
  if (size > kMaxEventSize) return Error(Errc::kLimit, "tcg.log: event size", size);
  if (!r.bytes(size, out)) return Error(Errc::kTruncated, "tcg.log: event data", r.offset());
  return {};
}

Result<Event> read_sha1_event(Reader& r) {
  Event out{.offset = r.offset()};
  if (!r.u32le(out.register_index) || !r.u32le(out.type) || !r.bytes(kSha1Size, out.digests)) {
    return Error(Errc::kTruncated, "tcg.log: event header", r.offset());
  }
  WARD_CHECK_OK(read_data(r, out.data));
  out.size = r.offset() - out.offset;
  return out;
}

const AlgorithmSize* find(const std::vector<AlgorithmSize>& algorithms, std::uint16_t id) {
  const auto it = std::ranges::find(algorithms, id, &AlgorithmSize::id);
  return it == algorithms.end() ? nullptr : &*it;
}

// Reads TPML_DIGEST_VALUES: each algorithm is one of the header's, and at most once.
Result<Bytes> read_digests(Reader& r, const std::vector<AlgorithmSize>& algorithms) {
  std::uint32_t count = 0;
  if (!r.u32le(count)) return Error(Errc::kTruncated, "tcg.log: digest count", r.offset());
  if (count > algorithms.size()) {
    return Error(Errc::kMalformed, "tcg.log: more digests than algorithms", r.offset());
  }
  const Bytes begin = r.rest();
  const std::size_t from = r.offset();
  std::array<std::uint16_t, kMaxAlgorithms> seen{};
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t id = 0;
    Bytes value;
    if (!r.u16le(id)) return Error(Errc::kTruncated, "tcg.log: digest algorithm", r.offset());
    const AlgorithmSize* algorithm = find(algorithms, id);
    if (algorithm == nullptr) {
      return Error(Errc::kMalformed, "tcg.log: digest of an algorithm not in the header",
                   r.offset());
    }
    if (std::find(seen.begin(), seen.begin() + i, id) != seen.begin() + i) {
      return Error(Errc::kMalformed, "tcg.log: two digests of one algorithm", r.offset());
    }
    seen[i] = id;
    if (!r.bytes(algorithm->size, value)) {
      return Error(Errc::kTruncated, "tcg.log: digest", r.offset());
    }
  }
  return begin.first(r.offset() - from);
}

Result<Event> read_agile_event(Reader& r, const SpecId& spec) {
  Event out{.offset = r.offset()};
  if (!r.u32le(out.register_index) || !r.u32le(out.type)) {
    return Error(Errc::kTruncated, "tcg.log: event header", r.offset());
  }
  WARD_TRY(out.digests, read_digests(r, spec.algorithms));
  WARD_CHECK_OK(read_data(r, out.data));
  out.size = r.offset() - out.offset;
  return out;
}

Result<void> read_algorithms(Reader& r, std::vector<AlgorithmSize>& out) {
  std::uint32_t count = 0;
  if (!r.u32le(count)) return Error(Errc::kTruncated, "tcg.log: Spec ID event", r.offset());
  if (count > kMaxAlgorithms) return Error(Errc::kLimit, "tcg.log: algorithms", count);
  if (count == 0) return Error(Errc::kMalformed, "tcg.log: no algorithm");
  for (std::size_t i = 0; i < count; ++i) {
    AlgorithmSize algorithm;
    if (!r.u16le(algorithm.id) || !r.u16le(algorithm.size)) {
      return Error(Errc::kTruncated, "tcg.log: Spec ID event", r.offset());
    }
    if (find(out, algorithm.id) != nullptr) {
      return Error(Errc::kMalformed, "tcg.log: an algorithm listed twice", algorithm.id);
    }
    const auto known = known_algorithm(algorithm.id);
    if (known ? algorithm.size != digest_size(*known) : algorithm.size == 0) {
      return Error(Errc::kMalformed, "tcg.log: digest size of an algorithm", algorithm.size);
    }
    if (algorithm.size > kMaxDigestSize) {
      return Error(Errc::kLimit, "tcg.log: digest size of an algorithm", algorithm.size);
    }
    out.push_back(algorithm);
  }
  return {};
}

Result<SpecId> parse_spec_id(const Event& header) {
  if (!all_zero(header.digests)) {
    return Error(Errc::kMalformed, "tcg.log: digest of the Spec ID event");
  }
  Reader r(header.data.subspan(kSpecId.size()));
  SpecId out{.register_index = header.register_index};
  std::uint8_t vendor_size = 0;
  Bytes vendor;
  if (!r.u32le(out.platform_class) || !r.u8(out.version_minor) || !r.u8(out.version_major) ||
      !r.u8(out.errata) || !r.u8(out.uintn_size)) {
    return Error(Errc::kTruncated, "tcg.log: Spec ID event", r.offset());
  }
  WARD_CHECK_OK(read_algorithms(r, out.algorithms));
  if (!r.u8(vendor_size) || !r.bytes(vendor_size, vendor)) {
    return Error(Errc::kTruncated, "tcg.log: vendor information", r.offset());
  }
  if (!r.empty()) return Error(Errc::kMalformed, "tcg.log: bytes behind the Spec ID event");
  out.vendor_info = to_buffer(vendor);
  return out;
}

// Where the run of equal octets, all 0 or all 0xFF, begins that ends the log. Found once, from the
// end, so that looking at every event costs nothing.
std::size_t tail_begin(Bytes in) {
  if (in.empty() || (in.back() != 0 && in.back() != 0xff)) return in.size();
  std::size_t begin = in.size();
  while (begin > 0 && in[begin - 1] == in.back()) {
    --begin;
  }
  return begin;
}

bool is_padding(const Reader& r, Bytes in, std::size_t tail) {
  if (r.empty() || r.offset() < tail) return false;
  return in.back() == 0xff || r.rest().size() >= kMinZeroPadding;
}

}  // namespace

std::vector<DigestView> EventLog::digests_of(const Event& event) const {
  std::vector<DigestView> out;
  Reader r(event.digests);
  while (!r.empty()) {
    DigestView digest{.algorithm = spec.algorithms.front().id};  // kSha1: the only one
    if (form == Form::kCryptoAgile && !r.u16le(digest.algorithm)) break;
    const AlgorithmSize* entry = find(spec.algorithms, digest.algorithm);
    if (entry == nullptr || !r.bytes(entry->size, digest.value)) break;
    out.push_back(digest);
  }
  return out;
}

std::optional<Bytes> EventLog::digest(const Event& event, Algorithm algorithm) const {
  for (const DigestView& d : digests_of(event)) {
    if (d.algorithm == static_cast<std::uint16_t>(algorithm)) return d.value;
  }
  return std::nullopt;
}

bool EventLog::has(Algorithm algorithm) const {
  return find(spec.algorithms, static_cast<std::uint16_t>(algorithm)) != nullptr;
}

Result<EventLog> parse_event_log(Bytes in) {
  if (in.size() > kMaxLogSize) return Error(Errc::kLimit, "tcg.log: size", in.size());
  EventLog out{.raw = in};
  Reader r(in);
  WARD_TRY(Event first, read_sha1_event(r));
  const First kind = first_of(first);
  if (kind == First::kUnknown) {
    return Error(Errc::kUnsupported, "tcg.log: the first event is no Spec ID event");
  }
  if (kind == First::kAgile) {
    WARD_TRY(out.spec, parse_spec_id(first));
    first.digests = {};
  } else {
    out.form = Form::kSha1;
    out.spec.algorithms = {{static_cast<std::uint16_t>(Algorithm::kSha1), kSha1Size}};
  }
  out.events.push_back(first);
  const std::size_t tail = tail_begin(in);
  while (!r.empty() && !is_padding(r, in, tail)) {
    if (out.events.size() == kMaxEvents) return Error(Errc::kLimit, "tcg.log: events", kMaxEvents);
    WARD_TRY(const Event event,
             out.form == Form::kSha1 ? read_sha1_event(r) : read_agile_event(r, out.spec));
    out.events.push_back(event);
  }
  out.padding = r.rest().size();
  return out;
}

bool is_event_log(Bytes in) {
  Reader r(in);
  std::uint32_t index = 0;
  std::uint32_t type = 0;
  Bytes digest;
  std::uint32_t size = 0;
  Event first;
  if (!r.u32le(index) || !r.u32le(type) || !r.bytes(kSha1Size, digest) || !r.u32le(size)) {
    return false;
  }
  first.type = type;
  first.data = r.rest();
  if (type == event_type::kNoAction) return first_of(first) != First::kUnknown;
  return index == 0 && type != 0 && event_type_name(type) != nullptr &&
         parse_event_log(in).has_value();
}

Buffer write_event_log(const LogParts& parts) {
  Writer w;
  if (parts.form == Form::kCryptoAgile) {
    Writer spec;
    spec.bytes(kSpecId);
    spec.u32le(parts.spec.platform_class);
    spec.u8(parts.spec.version_minor);
    spec.u8(parts.spec.version_major);
    spec.u8(parts.spec.errata);
    spec.u8(parts.spec.uintn_size);
    spec.u32le(static_cast<std::uint32_t>(parts.spec.algorithms.size()));
    for (const AlgorithmSize& algorithm : parts.spec.algorithms) {
      spec.u16le(algorithm.id);
      spec.u16le(algorithm.size);
    }
    spec.u8(static_cast<std::uint8_t>(parts.spec.vendor_info.size()));
    spec.bytes(parts.spec.vendor_info);
    w.u32le(parts.spec.register_index);
    w.u32le(event_type::kNoAction);
    w.zeros(kSha1Size);
    w.u32le(static_cast<std::uint32_t>(spec.size()));
    w.bytes(spec.view());
  }
  for (const EventParts& event : parts.events) {
    w.u32le(event.register_index);
    w.u32le(event.type);
    if (parts.form == Form::kCryptoAgile) {
      w.u32le(static_cast<std::uint32_t>(event.digests.size()));
    }
    for (const DigestParts& digest : event.digests) {
      if (parts.form == Form::kCryptoAgile) w.u16le(digest.algorithm);
      w.bytes(digest.value);
    }
    w.u32le(static_cast<std::uint32_t>(event.data.size()));
    w.bytes(event.data);
  }
  w.bytes(Buffer(parts.padding, parts.padding_octet));
  return w.take();
}

LogParts to_parts(const EventLog& log) {
  LogParts out{.form = log.form, .spec = log.spec, .padding = log.padding};
  if (log.padding != 0) out.padding_octet = log.raw.back();
  const std::size_t header = log.form == Form::kCryptoAgile ? 1 : 0;
  for (std::size_t i = header; i < log.events.size(); ++i) {
    const Event& event = log.events[i];
    EventParts parts{.register_index = event.register_index, .type = event.type};
    parts.data = to_buffer(event.data);
    for (const DigestView& d : log.digests_of(event)) {
      parts.digests.push_back({d.algorithm, to_buffer(d.value)});
    }
    out.events.push_back(std::move(parts));
  }
  return out;
}

EventParts measured(std::uint32_t register_index, std::uint32_t type, Bytes hashed, Bytes data,
                    std::span<const Algorithm> algorithms) {
  EventParts out{.register_index = register_index, .type = type, .data = to_buffer(data)};
  for (const Algorithm algorithm : algorithms) {
    out.digests.push_back({static_cast<std::uint16_t>(algorithm), digest(algorithm, hashed)});
  }
  return out;
}

}  // namespace ward::tcg
