#include "tee/tpm/ima.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/reader.h"
#include "base/writer.h"
#include "tee/tpm/structures.h"

namespace ward::tpm {
namespace {

constexpr std::size_t kSha1Size = 20;
constexpr std::size_t kOldNameSize = 256;  // TCG_EVENT_NAME_LEN_MAX and its zero
constexpr std::size_t kMaxNameSize = 32;   // octets of a template's name

constexpr std::string_view kOld = "ima";
constexpr std::string_view kNg = "ima-ng";
constexpr std::string_view kSig = "ima-sig";
constexpr std::string_view kBuf = "ima-buf";

// How many fields a template has; 0 for one that is not read.
std::size_t fields_of(std::string_view name) {
  if (name == kOld || name == kNg) return 2;
  return name == kSig || name == kBuf ? 3 : 0;
}

// take_word takes what stands before the next blank, or all that is left.
std::string_view take_word(std::string_view& line) {
  const std::size_t blank = line.find(' ');
  const std::string_view out = line.substr(0, blank);
  line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
  return out;
}

Buffer with_zero(std::string_view text) {
  Buffer out = to_buffer(as_bytes(text));
  out.push_back(0);
  return out;
}

// "sha256:<hex>" as d-ng holds it: the name, ':', a zero, the digest.
std::optional<Buffer> digest_field(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const auto digest = from_hex(text.substr(colon + 1));
  if (!digest || digest->empty()) return std::nullopt;
  return concat({with_zero(text.substr(0, colon + 1)), *digest});
}

// The fields of one line behind the template's name. nullopt where they are not its own.
std::optional<std::vector<Buffer>> ascii_fields(std::string_view name, std::string_view rest) {
  std::vector<Buffer> out;
  const std::string_view first = take_word(rest);
  if (name == kOld) {
    const auto digest = from_hex(first);
    if (!digest || digest->size() != kSha1Size || rest.size() >= kOldNameSize) return std::nullopt;
    return std::vector<Buffer>{*digest, to_buffer(as_bytes(rest))};
  }
  const auto digest = digest_field(first);
  if (!digest) return std::nullopt;
  out.push_back(*digest);
  // Of ima-ng the name is all that is left; the kernel writes blanks in names as '_'.
  const std::string_view path = name == kNg ? rest : take_word(rest);
  if (path.find(' ') != std::string_view::npos) return std::nullopt;
  out.push_back(with_zero(path));
  if (name == kNg) return out;
  const auto last = from_hex(rest);
  if (!last) return std::nullopt;
  out.push_back(*last);
  return out;
}

std::optional<ImaEntry> ascii_entry(std::string_view line) {
  if (line.find('\0') != std::string_view::npos) return std::nullopt;
  ImaEntry out;
  const std::string_view pcr = take_word(line);
  const auto [end, error] = std::from_chars(pcr.data(), pcr.data() + pcr.size(), out.pcr);
  const auto digest = from_hex(take_word(line));
  out.template_name = take_word(line);
  if (error != std::errc{} || end != pcr.data() + pcr.size() || out.pcr > 23 || !digest ||
      digest->size() != kSha1Size || fields_of(out.template_name) == 0) {
    return std::nullopt;
  }
  auto fields = ascii_fields(out.template_name, line);
  if (!fields) return std::nullopt;
  out.template_digest = *digest;
  out.fields = *std::move(fields);
  return out;
}

Result<std::vector<ImaEntry>> parse_ascii(std::string_view text) {
  std::vector<ImaEntry> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return Error(Errc::kTruncated, "tpm.ima: the last line does not end", out.size());
    }
    if (out.size() == kMaxImaEntries) return Error(Errc::kLimit, "tpm.ima: entries", out.size());
    if (end > kMaxImaField) return Error(Errc::kLimit, "tpm.ima: an entry's length", out.size());
    auto entry = ascii_entry(text.substr(0, end));
    if (!entry) return Error(Errc::kMalformed, "tpm.ima: entry", out.size());
    out.push_back(*std::move(entry));
    text.remove_prefix(end + 1);
  }
  return out;
}

bool read_sized(Reader& r, std::size_t max, Bytes& out) {
  std::uint32_t size = 0;
  return r.u32le(size) && size <= max && r.bytes(size, out);
}

// The data of one binary entry of a template with sized fields.
bool read_fields(Reader& r, ImaEntry& out) {
  Bytes all;
  if (!read_sized(r, kMaxImaField, all)) return false;
  Reader fields(all);
  for (std::size_t i = 0; i < fields_of(out.template_name); ++i) {
    Bytes field;
    if (!read_sized(fields, kMaxImaField, field)) return false;
    out.fields.push_back(to_buffer(field));
  }
  return fields.empty();
}

// d-ng holds a name, ':', a zero and octets; n-ng ends in its only zero.
bool well_formed(const ImaEntry& e) {
  if (e.template_name == kOld) return true;
  const std::string_view digest = as_text(e.fields[0]);
  const std::size_t zero = digest.find('\0');
  const std::string_view path = as_text(e.fields[1]);
  return zero != std::string_view::npos && zero > 1 && digest[zero - 1] == ':' &&
         digest.find(':') == zero - 1 && zero + 1 < digest.size() && !path.empty() &&
         path.find('\0') == path.size() - 1;
}

Result<ImaEntry> binary_entry(Reader& r, std::size_t number) {
  const auto cut = [&] { return Error(Errc::kTruncated, "tpm.ima: cut entry", number); };
  ImaEntry out;
  Bytes digest;
  Bytes name;
  if (!r.u32le(out.pcr) || !r.bytes(kSha1Size, digest) || !read_sized(r, kMaxNameSize, name)) {
    return cut();
  }
  out.template_digest = to_buffer(digest);
  out.template_name = as_text(name);
  if (fields_of(out.template_name) == 0) {
    return Error(Errc::kUnsupported, "tpm.ima: template of entry", number);
  }
  if (out.pcr > 23) return Error(Errc::kMalformed, "tpm.ima: PCR of entry", number);
  if (out.template_name == kOld) {
    Bytes file;
    if (!r.bytes(kSha1Size, digest) || !read_sized(r, kOldNameSize - 1, file)) return cut();
    out.fields = {to_buffer(digest), to_buffer(file)};
    return out;
  }
  if (!read_fields(r, out)) return Error(Errc::kMalformed, "tpm.ima: fields of entry", number);
  if (!well_formed(out)) return Error(Errc::kMalformed, "tpm.ima: digest or name of entry", number);
  return out;
}

Result<std::vector<ImaEntry>> parse_binary(Bytes in) {
  std::vector<ImaEntry> out;
  Reader r(in);
  while (!r.empty()) {
    if (out.size() == kMaxImaEntries) return Error(Errc::kLimit, "tpm.ima: entries", out.size());
    WARD_TRY(ImaEntry entry, binary_entry(r, out.size()));
    out.push_back(std::move(entry));
  }
  return out;
}

bool is_ascii(Bytes in) {
  return in.size() > 2 && in[0] >= '0' && in[0] <= '9' && (in[1] == ' ' || in[2] == ' ');
}

void extend(Buffer& value, std::uint16_t hash, Bytes digest) {
  value = digest_by(hash, concat({value, digest}));
}

// What an entry extends the bank with.
Buffer extension(const ImaEntry& entry, std::uint16_t hash, bool own_hash) {
  const std::size_t size = digest_size_of(hash);
  if (entry.is_violation()) return Buffer(size, 0xff);
  Buffer out = own_hash ? digest_by(hash, entry.data()) : entry.template_digest;
  out.resize(size);
  return out;
}

ImaReplay replay_by(const std::vector<ImaEntry>& entries, std::uint16_t hash, std::uint32_t pcr,
                    Bytes expected, bool own_hash) {
  ImaReplay out{.sha1 = hash == alg::kSha1 || !own_hash};
  out.last = Buffer(digest_size_of(hash));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].pcr != pcr) continue;
    extend(out.last, hash, extension(entries[i], hash, own_hash));
    if (!equal(out.last, expected)) continue;
    out.matches = true;
    out.believed = i + 1;
  }
  return out;
}

}  // namespace

Buffer ImaEntry::data() const {
  Writer w;
  if (template_name == kOld) {
    w.bytes(fields[0]);
    w.bytes(fields[1]);
    w.zeros(kOldNameSize - fields[1].size());
    return w.take();
  }
  for (const Buffer& field : fields) {
    w.u32le(static_cast<std::uint32_t>(field.size()));
    w.bytes(field);
  }
  return w.take();
}

bool ImaEntry::is_violation() const { return all_zero(template_digest); }

std::string ImaEntry::path() const {
  std::string out(as_text(fields[1]));
  if (!out.empty() && out.back() == '\0') out.pop_back();
  return out;
}

std::string ImaEntry::digest_text() const {
  if (template_name == kOld) return "sha1:" + to_hex(fields[0]);
  const std::string_view field = as_text(fields[0]);
  const std::size_t zero = field.find('\0');
  return std::string(field.substr(0, zero)) + to_hex(Bytes(fields[0]).subspan(zero + 1));
}

bool is_ima_log(Bytes in) {
  if (is_ascii(in)) {
    std::string_view line = as_text(in.first(std::min<std::size_t>(in.size(), 128)));
    take_word(line);
    const auto digest = from_hex(take_word(line));
    return digest && digest->size() == kSha1Size && fields_of(take_word(line)) != 0;
  }
  Reader r(in);
  std::uint32_t pcr = 0;
  Bytes digest;
  Bytes name;
  return r.u32le(pcr) && pcr <= 23 && r.bytes(kSha1Size, digest) &&
         read_sized(r, kMaxNameSize, name) && fields_of(as_text(name)) != 0;
}

Result<std::vector<ImaEntry>> parse_ima_log(Bytes in) {
  if (in.size() > kMaxImaBytes) return Error(Errc::kLimit, "tpm.ima: octets", in.size());
  if (in.empty()) return Error(Errc::kTruncated, "tpm.ima: no entry");
  return is_ascii(in) ? parse_ascii(as_text(in)) : parse_binary(in);
}

Buffer write_ima_binary(const std::vector<ImaEntry>& entries) {
  Writer w;
  const auto sized = [&](Bytes octets) {
    w.u32le(static_cast<std::uint32_t>(octets.size()));
    w.bytes(octets);
  };
  for (const ImaEntry& e : entries) {
    w.u32le(e.pcr);
    w.bytes(e.template_digest);
    sized(as_bytes(e.template_name));
    if (e.template_name == kOld) {
      w.bytes(e.fields[0]);
      sized(e.fields[1]);
    } else {
      sized(e.data());
    }
  }
  return w.take();
}

std::string write_ima_ascii(const std::vector<ImaEntry>& entries) {
  std::string out;
  for (const ImaEntry& e : entries) {
    out += std::to_string(e.pcr) + " " + to_hex(e.template_digest) + " " + e.template_name + " ";
    out += e.template_name == kOld ? to_hex(e.fields[0]) : e.digest_text();
    out += " " + e.path();
    if (e.fields.size() == 3) out += " " + to_hex(e.fields[2]);
    out += "\n";
  }
  return out;
}

std::optional<std::size_t> wrong_digest(const std::vector<ImaEntry>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ImaEntry& e = entries[i];
    if (!e.is_violation() && digest_by(alg::kSha1, e.data()) != e.template_digest) return i;
  }
  return std::nullopt;
}

ImaReplay replay_ima(const std::vector<ImaEntry>& entries, std::uint16_t hash, std::uint32_t pcr,
                     Bytes value) {
  ImaReplay own = replay_by(entries, hash, pcr, value, true);
  if (own.matches || hash == alg::kSha1) return own;
  ImaReplay padded = replay_by(entries, hash, pcr, value, false);
  return padded.matches ? padded : own;
}

}  // namespace ward::tpm
