#include "ledger/note.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/writer.h"

namespace ward::ledger {
namespace {

constexpr std::uint8_t kEd25519 = 0x01;              // signed-note, signature types
constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a blank
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

bool name_is_good(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '+';
  });
}

// The raw key ends a SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 4), which has 44 octets.
std::optional<Buffer> raw_key(const crypto::PublicKey& key) {
  if (key.type() != crypto::KeyType::kEd25519) return std::nullopt;
  const Buffer spki = key.to_spki();
  if (spki.size() != 12 + kKeyBytes) return std::nullopt;
  return to_buffer(Bytes(spki).subspan(12));
}

Buffer be32(std::uint32_t v) {
  Writer w;
  w.u32be(v);
  return w.take();
}

std::string body_of(const Checkpoint& c) {
  return c.origin + '\n' + std::to_string(c.size) + '\n' + to_base64(c.root, Base64::kStandard) +
         '\n';
}

// next_line cuts one line off, without its end; false where no line end is left.
bool next_line(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (std::to_string(value) != text) return std::nullopt;  // leading zeros
  return value;
}

Result<Checkpoint> parse_body(std::string_view body) {
  std::string_view origin;
  std::string_view size_line;
  std::string_view root_line;
  if (!next_line(body, origin) || !next_line(body, size_line) || !next_line(body, root_line)) {
    return Error(Errc::kMalformed, "checkpoint: lines");
  }
  const auto size = decimal(size_line);
  if (origin.empty() || !size) return Error(Errc::kMalformed, "checkpoint: origin or size");
  const auto root = from_base64(root_line, Base64::kStandard);
  const auto hash = root ? to_array<32>(*root) : std::nullopt;
  if (!hash) return Error(Errc::kMalformed, "checkpoint: root");
  std::string_view extension;
  while (next_line(body, extension)) {
    if (extension.empty()) return Error(Errc::kMalformed, "checkpoint: empty extension line");
  }
  return Checkpoint{std::string(origin), *size, *hash};
}

struct SignatureLine {
  std::string_view name;
  Buffer octets;  // key id || signature
};

Result<SignatureLine> parse_signature(std::string_view line) {
  if (line.substr(0, kDash.size()) != kDash) return Error(Errc::kMalformed, "note: signature line");
  line.remove_prefix(kDash.size());
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return Error(Errc::kMalformed, "note: signature line");
  const std::string_view name = line.substr(0, blank);
  auto octets = from_base64(line.substr(blank + 1), Base64::kStandard);
  if (!name_is_good(name) || !octets || octets->size() < 5) {
    return Error(Errc::kMalformed, "note: signature line");
  }
  return SignatureLine{name, *std::move(octets)};
}

// check_signatures wants one signature of `key`, right, and no wrong one.
Result<void> check_signatures(std::string_view text, std::string_view lines, const NoteKey& key) {
  const Buffer id = be32(key.id());
  bool found = false;
  std::size_t count = 0;
  std::string_view line;
  while (next_line(lines, line)) {
    if (++count > kMaxNoteSignatures) return Error(Errc::kLimit, "note: signatures", count);
    WARD_TRY(const SignatureLine s, parse_signature(line));
    const Bytes octets(s.octets);
    if (s.name != key.name() || !equal(octets.first(4), id)) continue;
    if (octets.size() != 4 + kSignatureBytes ||
        !key.key().verify(crypto::SignatureAlgorithm::kEd25519, as_bytes(text),
                          octets.subspan(4))) {
      return Error(Errc::kUntrusted, "note: signature");
    }
    found = true;
  }
  if (!lines.empty()) return Error(Errc::kMalformed, "note: last line does not end");
  if (!found) return Error(Errc::kUntrusted, "note: no signature of the trusted key");
  return {};
}

}  // namespace

NoteKey::NoteKey(std::string name, crypto::PublicKey key, Buffer raw)
    : name_(std::move(name)), key_(std::move(key)), raw_(std::move(raw)) {
  Writer w;
  w.bytes(as_bytes(name_));
  w.u8(0x0a);
  w.u8(kEd25519);
  w.bytes(raw_);
  const auto hash = crypto::sha256(w.view());
  for (std::size_t i = 0; i < 4; ++i) {
    id_ = (id_ << 8U) | hash[i];
  }
}

Result<NoteKey> NoteKey::make(std::string_view name, const crypto::PublicKey& key) {
  if (!name_is_good(name)) return Error(Errc::kMalformed, "note: key name");
  auto raw = raw_key(key);
  if (!raw) return Error(Errc::kUnsupported, "note: key is not Ed25519");
  return NoteKey(std::string(name), key, *std::move(raw));
}

Result<NoteKey> NoteKey::parse(std::string_view vkey) {
  if (vkey.size() > 512) return Error(Errc::kLimit, "note: key text", vkey.size());
  const std::size_t first = vkey.find('+');
  const std::size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos) return Error(Errc::kMalformed, "note: key text");
  const auto octets = from_base64(vkey.substr(second + 1), Base64::kStandard);
  if (!octets || octets->empty()) return Error(Errc::kMalformed, "note: key text");
  if ((*octets)[0] != kEd25519) return Error(Errc::kUnsupported, "note: type of key", (*octets)[0]);
  WARD_TRY(const auto key, crypto::PublicKey::from_ed25519(Bytes(*octets).subspan(1)));
  WARD_TRY(NoteKey out, make(vkey.substr(0, first), key));
  if (to_hex(be32(out.id())) != vkey.substr(first + 1, second - first - 1)) {
    return Error(Errc::kMalformed, "note: key id is another key's");
  }
  return out;
}

std::string NoteKey::to_text() const {
  const std::array<std::uint8_t, 1> type = {kEd25519};
  return name_ + '+' + to_hex(be32(id_)) + '+' + to_base64(concat({type, raw_}), Base64::kStandard);
}

Result<std::string> sign_checkpoint(const NoteSigner& signer, std::uint64_t size,
                                    const NodeHash& root) {
  const std::string body = body_of({signer.key.name(), size, root});
  WARD_TRY(const Buffer signature, signer.sign(as_bytes(body)));
  if (signature.size() != kSignatureBytes) {
    return Error(Errc::kInternal, "note: length of the signature", signature.size());
  }
  return body + '\n' + std::string(kDash) + signer.key.name() + ' ' +
         to_base64(concat({be32(signer.key.id()), signature}), Base64::kStandard) + '\n';
}

Result<Checkpoint> open_checkpoint(std::string_view note, const NoteKey& key) {
  if (note.size() > kMaxNoteBytes) return Error(Errc::kLimit, "note: size", note.size());
  const std::size_t gap = note.find("\n\n");
  if (gap == std::string_view::npos) return Error(Errc::kMalformed, "note: no signatures");
  const std::string_view text = note.substr(0, gap + 1);
  WARD_CHECK_OK(check_signatures(text, note.substr(gap + 2), key));
  WARD_TRY(Checkpoint out, parse_body(text));
  if (out.origin != key.name()) return Error(Errc::kUntrusted, "checkpoint: another log's");
  return out;
}

std::string first_signer(std::string_view note) {
  const std::size_t gap = note.find("\n\n");
  if (note.size() > kMaxNoteBytes || gap == std::string_view::npos) return {};
  std::string_view lines = note.substr(gap + 2);
  std::string_view line;
  if (!next_line(lines, line)) return {};
  const auto signature = parse_signature(line);
  if (!signature) return {};
  return std::string(signature->name) + '+' + to_hex(Bytes(signature->octets).first(4));
}

}  // namespace ward::ledger
