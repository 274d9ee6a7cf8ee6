#include "seal/file/header.h"

#include <algorithm>
#include <charconv>

#include "codec/cbor.h"
#include "codec/utf8.h"
#include "crypto/digest.h"
#include "seal/file/fault.h"
#include "seal/file/head_bytes.h"

namespace ward::seal {
namespace {

using codec::CborValue;

// The head of the longest array or map that the format allows stays far below this.
constexpr codec::CborLimits kCborLimits{
    .max_bytes = kMaxHeaderBytes, .max_depth = 5, .max_items = 1024};

// Fields reads the members of one map and remembers the first fault. Each member must be asked for
// once, and done() checks that there are no others.
class Fields {
 public:
  explicit Fields(const CborValue& map) : map_(map) {
    if (!map.is_map()) fail(Fault::kHeaderMalformed);
  }

  void text(std::string_view key, std::size_t min, std::size_t max, std::string& out) {
    const CborValue* value = next(key);
    if (value == nullptr) return;
    const auto text = value->as_text();
    if (!text) return fail(Fault::kHeaderMalformed);
    if (text->size() > max) return fail(Fault::kHeaderLimit);
    if (text->size() < min) return fail(Fault::kHeaderMalformed);
    out = *text;
  }

  void label(std::string_view key, std::size_t min, std::string& out) {
    text(key, min, kMaxNameBytes, out);
    if (!fault_ && !is_label(out, min, kMaxNameBytes)) fail(Fault::kHeaderMalformed);
  }

  template <std::size_t N>
  void bytes(std::string_view key, std::array<std::uint8_t, N>& out) {
    const CborValue* value = next(key);
    if (value == nullptr) return;
    const auto octets = value->as_bytes();
    const auto fixed = octets ? to_array<N>(*octets) : std::nullopt;
    if (!fixed) return fail(Fault::kHeaderMalformed);
    out = *fixed;
  }

  void uint(std::string_view key, std::uint64_t min, std::uint64_t max, std::uint64_t& out) {
    const CborValue* value = next(key);
    if (value == nullptr) return;
    const auto number = value->as_uint();
    if (!number || *number < min) return fail(Fault::kHeaderMalformed);
    if (*number > max) return fail(Fault::kHeaderLimit);
    out = *number;
  }

  const CborValue* array(std::string_view key, std::size_t min, std::size_t max) {
    const CborValue* value = next(key);
    if (value == nullptr) return nullptr;
    if (!value->is_array() || value->items().size() < min) {
      fail(Fault::kHeaderMalformed);
      return nullptr;
    }
    if (value->items().size() > max) {
      fail(Fault::kHeaderLimit);
      return nullptr;
    }
    return value;
  }

  const CborValue* next(std::string_view key) {
    if (fault_) return nullptr;
    const CborValue* value = map_.find(key);
    if (value == nullptr) fail(Fault::kHeaderMalformed);
    ++asked_;
    return value;
  }

  void fail(Fault fault) {
    if (!fault_) fault_ = fault;
  }

  [[nodiscard]] Result<void> done() {
    if (!fault_ && map_.members().size() != asked_) fail(Fault::kHeaderMalformed);
    if (fault_) return fault_error(*fault_);
    return {};
  }

 private:
  const CborValue& map_;
  std::size_t asked_ = 0;
  std::optional<Fault> fault_;
};

Result<Slot> parse_resource(Fields& fields) {
  ResourceSlot slot;
  fields.text("resource", 1, kMaxNameBytes * 2, slot.resource);
  fields.bytes("wrapped", slot.wrapped);
  fields.bytes("check", slot.check);
  WARD_CHECK_OK(fields.done());
  if (!is_resource_path(slot.resource)) return fault_error(Fault::kHeaderMalformed);
  return Slot{std::move(slot)};
}

Result<Slot> parse_passphrase(Fields& fields) {
  PassphraseSlot slot;
  std::uint64_t log_n = 0;
  fields.bytes("salt", slot.salt);
  fields.uint("log_n", kMinLogN, kMaxLogN, log_n);
  fields.bytes("wrapped", slot.wrapped);
  fields.bytes("check", slot.check);
  WARD_CHECK_OK(fields.done());
  slot.log_n = static_cast<std::uint32_t>(log_n);
  return Slot{slot};
}

Result<Slot> parse_recipient(Fields& fields) {
  RecipientSlot slot;
  fields.text("kid", kThumbprintChars, kThumbprintChars, slot.kid);
  fields.text("jwe", 1, kMaxJweChars, slot.jwe);
  WARD_CHECK_OK(fields.done());
  // Its grammar is src/token's matter; its characters are those of a compact serialisation.
  if (!is_base64url(slot.kid, false) || !is_base64url(slot.jwe, true)) {
    return fault_error(Fault::kHeaderMalformed);
  }
  return Slot{std::move(slot)};
}

Result<Slot> parse_slot(const CborValue& value) {
  Fields fields(value);
  std::string kind;
  fields.text("kind", 1, kMaxNameBytes, kind);
  if (kind == "resource") return parse_resource(fields);
  if (kind == "passphrase") return parse_passphrase(fields);
  if (kind == "recipient") return parse_recipient(fields);
  return fault_error(Fault::kHeaderMalformed);
}

Result<ProvenanceInput> parse_input(const CborValue& value) {
  ProvenanceInput input;
  Fields fields(value);
  fields.label("name", 1, input.name);
  fields.bytes("id", input.id);
  fields.bytes("head", input.head);
  WARD_CHECK_OK(fields.done());
  return input;
}

Result<std::optional<Provenance>> parse_provenance(const CborValue& value) {
  if (value.is_null()) return std::optional<Provenance>();
  Provenance out;
  Fields fields(value);
  fields.text("token", 1, kMaxTokenBytes, out.token);
  fields.text("init_data", 1, kMaxInitDataBytes, out.init_data);
  fields.bytes("content_mac", out.content_mac);
  const CborValue* inputs = fields.array("inputs", 0, kMaxProvenanceInputs);
  WARD_CHECK_OK(fields.done());
  for (const CborValue& item : inputs->items()) {
    WARD_TRY(ProvenanceInput input, parse_input(item));
    out.inputs.push_back(std::move(input));
  }
  return std::optional<Provenance>(std::move(out));
}

Result<std::vector<Slot>> parse_slots(const CborValue& array) {
  std::vector<Slot> out;
  std::size_t passphrases = 0;
  for (const CborValue& item : array.items()) {
    WARD_TRY(Slot slot, parse_slot(item));
    if (std::holds_alternative<PassphraseSlot>(slot) && ++passphrases > kMaxPassphraseSlots) {
      return fault_error(Fault::kHeaderLimit);
    }
    out.push_back(std::move(slot));
  }
  return out;
}

// Version and suite come first: whatever else another version holds is not ours to judge.
Result<void> check_version(const CborValue& root) {
  if (!root.is_map()) return fault_error(Fault::kHeaderMalformed);
  const CborValue* version = root.find("v");
  if (version == nullptr || !version->as_uint()) return fault_error(Fault::kHeaderMalformed);
  if (version->as_uint() != kVersion) {
    return fault_error(Fault::kUnsupportedVersion, *version->as_uint());
  }
  const CborValue* suite = root.find("suite");
  if (suite == nullptr || !suite->as_text()) return fault_error(Fault::kHeaderMalformed);
  if (suite->as_text() != kSuite) return fault_error(Fault::kUnsupportedSuite);
  return {};
}

Result<Header> parse_members(const CborValue& root) {
  Header out;
  Fields fields(root);
  fields.next("v");
  fields.next("suite");
  fields.bytes("id", out.id);
  fields.label("name", 1, out.name);
  fields.uint("content_version", 0, UINT64_MAX, out.content_version);
  fields.label("creator", 0, out.creator);
  std::uint64_t created = 0;
  fields.uint("created", 0, kMaxCreatedSeconds, created);
  out.created.seconds = static_cast<std::int64_t>(created);
  if (const CborValue* size = fields.next("size"); size != nullptr && !size->is_null()) {
    const auto number = size->as_uint();
    if (!number) fields.fail(Fault::kHeaderMalformed);
    if (number && *number > kMaxPlaintextBytes) fields.fail(Fault::kHeaderLimit);
    out.size = number;
  }
  const CborValue* slots = fields.array("slots", 1, kMaxSlots);
  fields.bytes("commitment", out.commitment);
  const CborValue* provenance = fields.next("provenance");
  WARD_CHECK_OK(fields.done());
  WARD_TRY(out.slots, parse_slots(*slots));
  WARD_TRY(out.provenance, parse_provenance(*provenance));
  return out;
}

bool is_part_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool is_path_part(std::string_view part) {
  constexpr std::size_t kMaxPart = 128;
  return !part.empty() && part.size() <= kMaxPart && part != "." && part != ".." &&
         std::all_of(part.begin(), part.end(), is_part_char);
}

}  // namespace

bool is_base64url(std::string_view text, bool dots) {
  return std::all_of(text.begin(), text.end(), [dots](char c) {
    return (is_part_char(c) && c != '.') || (dots && c == '.');
  });
}

bool is_label(std::string_view text, std::size_t min, std::size_t max) {
  if (text.size() < min || text.size() > max || !codec::is_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if (octet < 0x20 || octet == 0x7f) return false;
    // U+0080 to U+009F is C2 80 to C2 9F.
    if (octet == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

bool is_resource_path(std::string_view path) {
  for (int part = 0; part < 3; ++part) {
    const std::size_t slash = part < 2 ? path.find('/') : path.size();
    if (slash == std::string_view::npos || !is_path_part(path.substr(0, slash))) return false;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return path.empty();
}

Result<Header> parse_header(Bytes cbor) {
  if (cbor.size() > kMaxHeaderBytes) return fault_error(Fault::kHeaderLimit, cbor.size());
  const auto root = codec::parse_cbor(cbor, kCborLimits);
  if (!root) {
    return fault_error(root.error().code() == Errc::kLimit ? Fault::kHeaderLimit
                                                           : Fault::kHeaderMalformed);
  }
  WARD_CHECK_OK(check_version(*root));
  return parse_members(*root);
}

Result<std::uint32_t> parse_prefix(Bytes prefix) {
  const Bytes magic = as_bytes(kMagic);
  const std::size_t shown = std::min(prefix.size(), magic.size());
  if (shown == 0 || !equal(prefix.first(shown), magic.first(shown))) {
    return fault_error(Fault::kNotSealed);
  }
  if (prefix.size() < kPrefixBytes) return fault_error(Fault::kTruncated, prefix.size());
  std::uint32_t size = 0;
  for (std::size_t i = magic.size(); i < kPrefixBytes; ++i) {
    size = (size << 8U) | prefix[i];
  }
  if (size == 0) return fault_error(Fault::kHeaderMalformed);
  if (size > kMaxHeaderBytes) return fault_error(Fault::kHeaderLimit, size);
  return size;
}

Result<Head> parse_head(Bytes bytes) {
  std::size_t at = 0;
  return read_head([&](std::span<std::uint8_t> out) -> Result<std::size_t> {
    const std::size_t n = std::min(out.size(), bytes.size() - at);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
    at += n;
    return n;
  });
}

bool is_sealed(Bytes bytes) {
  return bytes.size() >= kMagic.size() && equal(bytes.first(kMagic.size()), as_bytes(kMagic));
}

Buffer Head::authenticated() const { return concat({prefix, octets}); }

Buffer Head::bytes() const {
  return concat({prefix, octets, mac, signature ? Bytes(*signature) : Bytes()});
}

Digest Head::digest() const { return crypto::sha256(bytes()); }

}  // namespace ward::seal
