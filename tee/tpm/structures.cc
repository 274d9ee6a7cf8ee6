#include "tee/tpm/structures.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/writer.h"
#include "codec/der.h"
#include "tee/tcg/algorithm.h"

namespace ward::tpm {
namespace {

struct Named {
  std::uint16_t id;
  const char* name;
};

constexpr Named kNames[] = {
    {alg::kRsa, "rsa"},       {alg::kSha1, "sha1"},     {alg::kAes, "aes"},
    {alg::kSha256, "sha256"}, {alg::kSha384, "sha384"}, {alg::kSha512, "sha512"},
    {alg::kNull, "null"},     {alg::kRsassa, "rsassa"}, {alg::kRsaes, "rsaes"},
    {alg::kRsapss, "rsapss"}, {alg::kOaep, "oaep"},     {alg::kEcdsa, "ecdsa"},
    {alg::kEcdh, "ecdh"},     {alg::kEcdaa, "ecdaa"},   {alg::kEcc, "ecc"},
    {alg::kCfb, "cfb"},
};

struct NamedBit {
  std::uint32_t bit;
  const char* name;
};

constexpr NamedBit kAttributes[] = {
    {1, "fixedtpm"},     {2, "stclear"},         {4, "fixedparent"}, {5, "sensitivedataorigin"},
    {6, "userwithauth"}, {7, "adminwithpolicy"}, {10, "noda"},       {11, "encryptedduplication"},
    {16, "restricted"},  {17, "decrypt"},        {18, "sign"},       {19, "x509sign"}};

Error truncated(const Reader& r) {
  return {Errc::kTruncated, "tpm: the structure ends early", r.offset()};
}

bool read_selection(Reader& r, PcrSelection& out) {
  std::uint8_t size = 0;
  Bytes select;
  if (!r.u16be(out.hash) || !r.u8(size) || !r.bytes(size, select)) return false;
  out.select = to_buffer(select);
  return true;
}

Result<void> read_selections(Reader& r, std::vector<PcrSelection>& out) {
  std::uint32_t count = 0;
  if (!r.u32be(count)) return truncated(r);
  if (count > kMaxBanks) return Error(Errc::kLimit, "tpm.quote: banks", count);
  for (std::uint32_t i = 0; i < count; ++i) {
    PcrSelection one;
    if (!read_selection(r, one)) return truncated(r);
    if (one.select.size() < kMinSelect || one.select.size() > kMaxSelect) {
      return Error(Errc::kLimit, "tpm.quote: octets of a PCR selection", one.select.size());
    }
    out.push_back(std::move(one));
  }
  return {};
}

// A sized buffer of a structure: too long or cut.
Result<Buffer> take_2b(Reader& r, std::size_t max) {
  Bytes out;
  if (!read_2b(r, max, out)) return Error(Errc::kMalformed, "tpm: a sized buffer", r.offset());
  return to_buffer(out);
}

void write_2b(Writer& w, Bytes octets) {
  w.u16be(static_cast<std::uint16_t>(octets.size()));
  w.bytes(octets);
}

// TPMT_SYM_DEF_OBJECT (table 138).
bool read_symmetric(Reader& r, Public& out) {
  return r.u16be(out.symmetric) && (out.symmetric == alg::kNull ||
                                    (r.u16be(out.symmetric_bits) && r.u16be(out.symmetric_mode)));
}

bool has_hash(std::uint16_t scheme) { return scheme != alg::kNull && scheme != alg::kRsaes; }

// TPMT_RSA_SCHEME (table 171), TPMT_ECC_SCHEME (table 182).
bool read_scheme(Reader& r, Public& out) {
  if (!r.u16be(out.scheme)) return false;
  if (has_hash(out.scheme) && !r.u16be(out.scheme_hash)) return false;
  return out.scheme != alg::kEcdaa || r.u16be(out.ecdaa_count);
}

bool is_known_scheme(const Public& p) {
  static constexpr std::array kRsaSchemes = {alg::kNull, alg::kRsassa, alg::kRsapss, alg::kRsaes,
                                             alg::kOaep};
  static constexpr std::array kEccSchemes = {alg::kNull, alg::kEcdsa, alg::kEcdaa, alg::kEcdh};
  return p.type == alg::kRsa ? std::ranges::count(kRsaSchemes, p.scheme) > 0
                             : std::ranges::count(kEccSchemes, p.scheme) > 0;
}

Result<void> read_rsa(Reader& r, Public& out) {
  if (!r.u16be(out.key_bits) || !r.u32be(out.exponent)) return truncated(r);
  WARD_TRY(out.modulus, take_2b(r, kMaxRsa));
  if (out.modulus.size() * 8 != out.key_bits) {
    return Error(Errc::kMalformed, "tpm.public: keyBits is not the modulus's size", out.key_bits);
  }
  return {};
}

Result<void> read_ecc(Reader& r, Public& out) {
  if (!r.u16be(out.curve) || !r.u16be(out.kdf)) return truncated(r);
  if (out.kdf != alg::kNull && !r.u16be(out.kdf_hash)) return truncated(r);
  WARD_TRY(out.x, take_2b(r, kMaxParameter));
  WARD_TRY(out.y, take_2b(r, kMaxParameter));
  return {};
}

std::optional<crypto::KeyType> curve_type(std::uint16_t curve) {
  if (curve == kCurveP256) return crypto::KeyType::kP256;
  if (curve == kCurveP384) return crypto::KeyType::kP384;
  if (curve == kCurveP521) return crypto::KeyType::kP521;
  return std::nullopt;
}

std::size_t width_of(std::uint16_t curve) {
  if (curve == kCurveP256) return 32;
  return curve == kCurveP384 ? 48 : 66;
}

// The modulus and exponent of an RSA SubjectPublicKeyInfo (RFC 8017 A.1.1), magnitudes.
std::pair<Buffer, std::uint32_t> rsa_parts(Bytes spki) {
  codec::DerReader all(spki);
  codec::DerReader info({});
  codec::DerReader algorithm({});
  codec::DerReader key({});
  Bytes bits;
  Bytes modulus;
  std::uint64_t exponent = 0;
  if (!all.nested(codec::der_tag::kSequence, info) ||
      !info.nested(codec::der_tag::kSequence, algorithm) || !info.bit_string(bits)) {
    return {};
  }
  codec::DerReader inner(bits);
  if (!inner.nested(codec::der_tag::kSequence, key) || !key.integer(modulus) ||
      !key.small_uint(exponent) || exponent > 0xffffffff) {
    return {};
  }
  if (modulus.front() == 0) modulus = modulus.subspan(1);
  return {to_buffer(modulus), static_cast<std::uint32_t>(exponent)};
}

std::optional<std::uint16_t> hash_named(std::string_view name) {
  for (const std::uint16_t id : {alg::kSha1, alg::kSha256, alg::kSha384, alg::kSha512}) {
    if (name_of(id) == name) return id;
  }
  return std::nullopt;
}

std::optional<PcrSelection> parse_bank(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto hash = hash_named(text.substr(0, colon));
  if (!hash) return std::nullopt;
  std::vector<std::uint32_t> pcrs;
  text.remove_prefix(colon + 1);
  while (true) {
    const std::string_view part = text.substr(0, text.find(','));
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{} || end != part.data() + part.size() || number >= 8 * kMaxSelect ||
        (!pcrs.empty() && number <= pcrs.back())) {
      return std::nullopt;
    }
    pcrs.push_back(number);
    if (part.size() == text.size()) return selection_of(*hash, pcrs);
    text.remove_prefix(part.size() + 1);
  }
}

}  // namespace

std::string text_of(const Error& error) {
  return error.what() + (error.value() ? " " + std::to_string(*error.value()) : "");
}

bool read_2b(Reader& in, std::size_t max, Bytes& out) {
  Reader probe = in;
  std::uint16_t size = 0;
  if (!probe.u16be(size) || size > max || !probe.bytes(size, out)) return false;
  in = probe;
  return true;
}

std::string name_of(std::uint16_t algorithm) {
  for (const Named& named : kNames) {
    if (named.id == algorithm) return named.name;
  }
  const std::array<std::uint8_t, 2> octets = {static_cast<std::uint8_t>(algorithm >> 8U),
                                              static_cast<std::uint8_t>(algorithm & 255U)};
  return "0x" + to_hex(octets);
}

std::size_t digest_size_of(std::uint16_t hash) {
  const auto known = tcg::known_algorithm(hash);
  return known ? tcg::digest_size(*known) : 0;
}

std::optional<crypto::Hash> hash_of(std::uint16_t hash) {
  if (hash == alg::kSha256) return crypto::Hash::kSha256;
  if (hash == alg::kSha384) return crypto::Hash::kSha384;
  if (hash == alg::kSha512) return crypto::Hash::kSha512;
  return std::nullopt;
}

Buffer digest_by(std::uint16_t hash, Bytes data) {
  const auto known = tcg::known_algorithm(hash);
  return known ? tcg::digest(*known, data) : Buffer{};
}

std::vector<std::uint32_t> PcrSelection::pcrs() const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < 8 * select.size(); ++i) {
    if ((select[i / 8] >> (i % 8) & 1U) != 0) out.push_back(i);
  }
  return out;
}

PcrSelection selection_of(std::uint16_t hash, const std::vector<std::uint32_t>& pcrs) {
  PcrSelection out{.hash = hash};
  for (const std::uint32_t pcr : pcrs) {
    if (pcr / 8 >= out.select.size()) out.select.resize(pcr / 8 + 1);
    out.select[pcr / 8] = static_cast<std::uint8_t>(out.select[pcr / 8] | (1U << (pcr % 8)));
  }
  return out;
}

std::string selection_text(const std::vector<PcrSelection>& selections) {
  std::string out;
  for (const PcrSelection& one : selections) {
    const auto pcrs = one.pcrs();
    if (pcrs.empty()) continue;
    out += (out.empty() ? "" : "+") + name_of(one.hash) + ":";
    for (std::size_t i = 0; i < pcrs.size(); ++i)
      out += (i == 0 ? "" : ",") + std::to_string(pcrs[i]);
  }
  return out.empty() ? "none" : out;
}

std::optional<std::vector<PcrSelection>> parse_selection(std::string_view text) {
  std::vector<PcrSelection> out;
  while (true) {
    const std::string_view part = text.substr(0, text.find('+'));
    auto bank = parse_bank(part);
    if (!bank || out.size() == kMaxBanks) return std::nullopt;
    for (const PcrSelection& other : out) {
      if (other.hash == bank->hash) return std::nullopt;
    }
    out.push_back(*std::move(bank));
    if (part.size() == text.size()) return out;
    text.remove_prefix(part.size() + 1);
  }
}

Result<Quote> parse_quote(Bytes attest) {
  Quote out;
  Reader r(attest);
  if (!r.u32be(out.magic) || !r.u16be(out.type)) return truncated(r);
  WARD_TRY(out.qualified_signer, take_2b(r, kMaxName));
  WARD_TRY(out.extra_data, take_2b(r, kMaxData));
  if (!r.u64be(out.clock) || !r.u32be(out.reset_count) || !r.u32be(out.restart_count) ||
      !r.u8(out.safe) || !r.u64be(out.firmware_version)) {
    return truncated(r);
  }
  if (out.safe > 1) return Error(Errc::kMalformed, "tpm.quote: safe is neither 0 nor 1", out.safe);
  WARD_CHECK_OK(read_selections(r, out.pcr_select));
  WARD_TRY(out.pcr_digest, take_2b(r, kMaxDigest));
  if (!r.empty()) return Error(Errc::kMalformed, "tpm.quote: octets behind it", r.offset());
  return out;
}

Buffer write_quote(const Quote& quote) {
  Writer w;
  w.u32be(quote.magic);
  w.u16be(quote.type);
  write_2b(w, quote.qualified_signer);
  write_2b(w, quote.extra_data);
  w.u64be(quote.clock);
  w.u32be(quote.reset_count);
  w.u32be(quote.restart_count);
  w.u8(quote.safe);
  w.u64be(quote.firmware_version);
  w.u32be(static_cast<std::uint32_t>(quote.pcr_select.size()));
  for (const PcrSelection& one : quote.pcr_select) {
    w.u16be(one.hash);
    w.u8(static_cast<std::uint8_t>(one.select.size()));
    w.bytes(one.select);
  }
  write_2b(w, quote.pcr_digest);
  return w.take();
}

Result<Signature> parse_signature(Bytes in) {
  Signature out;
  Reader r(in);
  if (!r.u16be(out.scheme) || !r.u16be(out.hash)) return truncated(r);
  if (out.scheme == alg::kRsassa || out.scheme == alg::kRsapss) {
    WARD_TRY(out.rsa, take_2b(r, kMaxRsa));
  } else if (out.scheme == alg::kEcdsa) {
    WARD_TRY(out.r, take_2b(r, kMaxParameter));
    WARD_TRY(out.s, take_2b(r, kMaxParameter));
  } else {
    return Error(Errc::kUnsupported, "tpm.signature: scheme", out.scheme);
  }
  if (!r.empty()) return Error(Errc::kMalformed, "tpm.signature: octets behind it", r.offset());
  return out;
}

Buffer write_signature(const Signature& signature) {
  Writer w;
  w.u16be(signature.scheme);
  w.u16be(signature.hash);
  if (signature.scheme == alg::kEcdsa) {
    write_2b(w, signature.r);
    write_2b(w, signature.s);
  } else {
    write_2b(w, signature.rsa);
  }
  return w.take();
}

std::string attributes_text(std::uint32_t attributes) {
  std::string out;
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    if ((attributes >> bit & 1U) == 0) continue;
    const auto* named = std::ranges::find(kAttributes, bit, &NamedBit::bit);
    out += (out.empty() ? "" : "|");
    out += named != std::end(kAttributes) ? std::string(named->name) : "bit" + std::to_string(bit);
  }
  return out.empty() ? "none" : out;
}

Result<Public> parse_public(Bytes in) {
  Public out;
  Reader r(in);
  if (!r.u16be(out.type) || !r.u16be(out.name_alg) || !r.u32be(out.attributes)) return truncated(r);
  if (out.type != alg::kRsa && out.type != alg::kEcc) {
    return Error(Errc::kUnsupported, "tpm.public: type of key", out.type);
  }
  WARD_TRY(out.auth_policy, take_2b(r, kMaxDigest));
  if (!read_symmetric(r, out) || !read_scheme(r, out)) return truncated(r);
  if (!is_known_scheme(out)) return Error(Errc::kUnsupported, "tpm.public: scheme", out.scheme);
  WARD_CHECK_OK(out.type == alg::kRsa ? read_rsa(r, out) : read_ecc(r, out));
  if (!r.empty()) return Error(Errc::kMalformed, "tpm.public: octets behind it", r.offset());
  return out;
}

Buffer write_public(const Public& p) {
  Writer w;
  w.u16be(p.type);
  w.u16be(p.name_alg);
  w.u32be(p.attributes);
  write_2b(w, p.auth_policy);
  w.u16be(p.symmetric);
  if (p.symmetric != alg::kNull) {
    w.u16be(p.symmetric_bits);
    w.u16be(p.symmetric_mode);
  }
  w.u16be(p.scheme);
  if (has_hash(p.scheme)) w.u16be(p.scheme_hash);
  if (p.scheme == alg::kEcdaa) w.u16be(p.ecdaa_count);
  if (p.type == alg::kRsa) {
    w.u16be(p.key_bits);
    w.u32be(p.exponent);
    write_2b(w, p.modulus);
    return w.take();
  }
  w.u16be(p.curve);
  w.u16be(p.kdf);
  if (p.kdf != alg::kNull) w.u16be(p.kdf_hash);
  write_2b(w, p.x);
  write_2b(w, p.y);
  return w.take();
}

Buffer Public::name() const {
  const Buffer digest = digest_by(name_alg, write_public(*this));
  if (digest.empty()) return {};
  Writer w;
  w.u16be(name_alg);
  w.bytes(digest);
  return w.take();
}

Result<crypto::PublicKey> Public::key() const {
  if (type == alg::kRsa) {
    Writer e;
    e.u32be(exponent == 0 ? 65537 : exponent);
    return crypto::PublicKey::from_rsa(modulus, e.view());
  }
  const auto type_of_key = curve_type(curve);
  if (!type_of_key) return Error(Errc::kUnsupported, "tpm.public: curve", curve);
  const auto fixed_x = fixed_width(x, width_of(curve));
  const auto fixed_y = fixed_width(y, width_of(curve));
  if (!fixed_x || !fixed_y) return Error(Errc::kMalformed, "tpm.public: point");
  return crypto::PublicKey::from_ec_xy(*type_of_key, concat({*fixed_x, *fixed_y}));
}

Public public_of(const crypto::PublicKey& key, std::uint32_t attributes, std::uint16_t scheme,
                 std::uint16_t scheme_hash) {
  Public out{.attributes = attributes, .scheme = scheme, .scheme_hash = scheme_hash};
  if (key.type() == crypto::KeyType::kRsa) {
    const auto [modulus, exponent] = rsa_parts(key.to_spki());
    out.modulus = modulus;
    out.key_bits = static_cast<std::uint16_t>(8 * modulus.size());
    out.exponent = exponent == 65537 ? 0 : exponent;
    return out;
  }
  out.type = alg::kEcc;
  out.curve = key.type() == crypto::KeyType::kP256   ? kCurveP256
              : key.type() == crypto::KeyType::kP384 ? kCurveP384
                                                     : kCurveP521;
  const Buffer xy = key.to_ec_xy();
  out.x = to_buffer(Bytes(xy).first(xy.size() / 2));
  out.y = to_buffer(Bytes(xy).last(xy.size() / 2));
  return out;
}

std::optional<Buffer> fixed_width(Bytes number, std::size_t size) {
  while (number.size() > size && number.front() == 0)
    number = number.subspan(1);
  if (number.size() > size) return std::nullopt;
  Buffer out(size - number.size());
  out.insert(out.end(), number.begin(), number.end());
  return out;
}

}  // namespace ward::tpm
