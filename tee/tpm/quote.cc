#include <algorithm>
#include <set>

#include "base/writer.h"
#include "tee/tpm/verify.h"

namespace ward::tpm {
namespace {

using crypto::KeyType;
using crypto::SignatureAlgorithm;

constexpr std::uint32_t kMaxPcr = 23;  // PC Client Platform TPM Profile 1.06, 4.6

std::string hex32(std::uint32_t number) {
  Writer w;
  w.u32be(number);
  return "0x" + to_hex(w.view());
}

// What is wrong with the selection; empty where nothing is.
std::string selection_fault(const Quote& quote) {
  std::set<std::uint16_t> banks;
  std::size_t selected = 0;
  for (const PcrSelection& one : quote.pcr_select) {
    if (!banks.insert(one.hash).second) return "bank " + name_of(one.hash) + " twice";
    const auto pcrs = one.pcrs();
    if (pcrs.empty()) continue;
    if (digest_size_of(one.hash) == 0) return "bank " + name_of(one.hash);
    if (pcrs.back() > kMaxPcr) return "PCR " + std::to_string(pcrs.back());
    selected += pcrs.size();
  }
  return selected == 0 ? "no PCR" : "";
}

// The values, each at its place of the selection. nullopt where they do not fit it.
std::optional<std::vector<PcrValue>> bind_values(const Quote& quote, const Evidence& evidence) {
  std::vector<PcrValue> out;
  for (const PcrSelection& one : quote.pcr_select) {
    for (const std::uint32_t number : one.pcrs()) {
      if (out.size() == evidence.pcrs.size()) return std::nullopt;
      const Buffer& value = evidence.pcrs[out.size()];
      if (value.size() != digest_size_of(one.hash)) return std::nullopt;
      out.push_back({one.hash, number, value});
    }
  }
  return out.size() == evidence.pcrs.size() ? std::optional(std::move(out)) : std::nullopt;
}

const char* digest_name(crypto::Hash hash) {
  if (hash == crypto::Hash::kSha256) return "SHA-256";
  return hash == crypto::Hash::kSha384 ? "SHA-384" : "SHA-512";
}

// The quote's octets as they stand in the evidence, or as they came out of its JSON.
attest::Part quote_part(attest::Work& work, const Evidence& evidence) {
  return work.part_or_extract(0, evidence.attest, "quote (TPMS_ATTEST), from the JSON's base64");
}

void show_digest(Context& context, const Evidence& evidence, const Quote& quote, crypto::Hash hash,
                 bool holds) {
  attest::Work& work = *context.work;
  attest::Part place = quote_part(work, evidence);
  place.offset += place.size - quote.pcr_digest.size();
  place.size = quote.pcr_digest.size();
  attest::DigestFact fact{.check = &context.checks.info(CheckId::kQuotePcrDigest),
                          .algorithm = digest_name(hash),
                          .expected = quote.pcr_digest,
                          .expected_from = "pcrDigest of the quote",
                          .place = place,
                          .holds = holds};
  for (const Buffer& value : evidence.pcrs)
    fact.message.push_back(work.part_or_extract(0, value, "PCR value, from the JSON's hex"));
  work.digests.push_back(std::move(fact));
}

std::vector<PcrValue> judge_pcrs(Context& context, const Evidence& evidence, const Quote& quote,
                                 const std::optional<Signature>& signature) {
  CheckList& checks = context.checks;
  const std::string fault = selection_fault(quote);
  const std::string selected = selection_text(quote.pcr_select);
  if (!checks.record(CheckId::kQuoteSelection, fault.empty(), fault.empty() ? selected : fault,
                     {"at least one PCR of 0 to 23, each bank once, of a hash that ward knows"})) {
    return {};
  }
  auto values = bind_values(quote, evidence);
  if (!checks.record(CheckId::kQuotePcrValues, values.has_value(),
                     std::to_string(evidence.pcrs.size()) + " values",
                     {"one for each of " + selected + ", of its bank's size"})) {
    return {};
  }
  const auto hash = signature ? hash_of(signature->hash) : std::nullopt;
  if (!hash) return {};
  Buffer all;
  for (const PcrValue& one : *values)
    all.insert(all.end(), one.value.begin(), one.value.end());
  const Buffer digest = crypto::digest(*hash, all);
  const bool holds = equal(digest, quote.pcr_digest);
  checks.record(CheckId::kQuotePcrDigest, holds, to_hex(digest),
                {to_hex(quote.pcr_digest) + ", as the quote has it"});
  if (context.work != nullptr) show_digest(context, evidence, quote, *hash, holds);
  return holds ? *std::move(values) : std::vector<PcrValue>{};
}

void judge_attest(Context& context, const Quote& quote) {
  CheckList& checks = context.checks;
  checks.record(CheckId::kQuoteMagic, quote.magic == kGenerated, hex32(quote.magic),
                {hex32(kGenerated) + " (TPM_GENERATED_VALUE)"});
  checks.record(CheckId::kQuoteType, quote.type == kAttestQuote, hex32(quote.type).substr(6),
                {"8018 (TPM_ST_ATTEST_QUOTE)"});
  checks.record(CheckId::kQuoteExtraData, !quote.extra_data.empty(),
                quote.extra_data.empty() ? "none" : to_hex(quote.extra_data),
                {"data of whoever asked for the quote"});
}

// A name is an algorithm and its digest; where the AK's area is known, by its nameAlg.
void judge_signer(Context& context, const Quote& quote, const std::optional<Public>& ak) {
  Reader r(quote.qualified_signer);
  std::uint16_t hash = 0;
  const bool named = r.u16be(hash) && digest_size_of(hash) != 0 &&
                     r.rest().size() == digest_size_of(hash) && (!ak || ak->name_alg == hash);
  context.checks.record(CheckId::kQuoteSigner, named, to_hex(quote.qualified_signer),
                        {ak ? "a name by " + name_of(ak->name_alg) + ", the AK's nameAlg"
                            : "an algorithm and a digest of its size"});
}

void judge_attributes(Context& context, const Parts& parts) {
  if (!parts.ak) return;
  if (!parts.ak_area) {
    context.checks.not_asked(CheckId::kAkAttributes,
                             "the evidence carries the AK's key alone: who vouches for the key "
                             "vouches that it is a restricted one");
    return;
  }
  const std::uint32_t found = parts.ak_area->attributes;
  context.checks.record(CheckId::kAkAttributes, is_ak(found), attributes_text(found),
                        {attributes_text(kAkDemanded) + ", and not decrypt"});
}

// The algorithm that a scheme and a hash are with this kind of key; nullopt for none.
std::optional<SignatureAlgorithm> algorithm_of(const Signature& signature, KeyType key) {
  struct Row {
    std::uint16_t scheme;
    std::uint16_t hash;
    KeyType key;
    SignatureAlgorithm algorithm;
  };

  static constexpr Row kRows[] = {
      {alg::kRsassa, alg::kSha256, KeyType::kRsa, SignatureAlgorithm::kRsaPkcs1Sha256},
      {alg::kRsassa, alg::kSha384, KeyType::kRsa, SignatureAlgorithm::kRsaPkcs1Sha384},
      {alg::kRsassa, alg::kSha512, KeyType::kRsa, SignatureAlgorithm::kRsaPkcs1Sha512},
      {alg::kRsapss, alg::kSha256, KeyType::kRsa, SignatureAlgorithm::kRsaPssSha256},
      {alg::kRsapss, alg::kSha384, KeyType::kRsa, SignatureAlgorithm::kRsaPssSha384},
      {alg::kRsapss, alg::kSha512, KeyType::kRsa, SignatureAlgorithm::kRsaPssSha512},
      {alg::kEcdsa, alg::kSha256, KeyType::kP256, SignatureAlgorithm::kEcdsaP256Sha256},
      {alg::kEcdsa, alg::kSha384, KeyType::kP384, SignatureAlgorithm::kEcdsaP384Sha384},
      {alg::kEcdsa, alg::kSha512, KeyType::kP521, SignatureAlgorithm::kEcdsaP521Sha512}};
  for (const Row& row : kRows) {
    if (row.scheme == signature.scheme && row.hash == signature.hash && row.key == key)
      return row.algorithm;
  }
  return std::nullopt;
}

std::size_t width_of(KeyType key) {
  if (key == KeyType::kP256) return 32;
  return key == KeyType::kP384 ? 48 : 66;
}

// The signature as src/crypto takes it: RSA's octets, or r || s. nullopt where r or s is too long.
std::optional<Buffer> signature_octets(const Signature& signature, KeyType key) {
  if (signature.scheme != alg::kEcdsa) return signature.rsa;
  const auto r = fixed_width(signature.r, width_of(key));
  const auto s = fixed_width(signature.s, width_of(key));
  if (!r || !s) return std::nullopt;
  return concat({*r, *s});
}

void show_signature(Context& context, const Evidence& evidence, const Parts& parts,
                    SignatureAlgorithm algorithm, bool holds) {
  attest::Work& work = *context.work;
  const auto octets = signature_octets(*parts.signature, parts.ak->type());
  if (!octets) return;
  const bool ecdsa = parts.signature->scheme == alg::kEcdsa;
  work.signatures.push_back(
      {.check = &context.checks.info(CheckId::kQuoteSignature),
       .algorithm = crypto::algorithm_name(algorithm),
       .key = work.part_or_extract(0, parts.ak_spki, "the AK as SubjectPublicKeyInfo"),
       .message = quote_part(work, evidence),
       .signature = work.part_or_extract(0, *octets, "the signature's own octets"),
       .form = ecdsa ? attest::SignatureForm::kFixed : attest::SignatureForm::kOwn,
       .holds = holds});
}

void judge_signature(Context& context, const Evidence& evidence, const Parts& parts) {
  if (!parts.signature || !parts.ak) return;
  CheckList& checks = context.checks;
  const Signature& signature = *parts.signature;
  const std::string found = name_of(signature.scheme) + " with " + name_of(signature.hash);
  const bool known = hash_of(signature.hash).has_value();
  if (!checks.record(CheckId::kSignatureHash, known, name_of(signature.hash),
                     {"sha256, sha384 or sha512"})) {
    return;
  }
  const auto algorithm = algorithm_of(signature, parts.ak->type());
  const auto& area = parts.ak_area;
  const bool own =
      !area || (area->scheme == signature.scheme && area->scheme_hash == signature.hash);
  checks.record(CheckId::kAkScheme, algorithm.has_value() && own, found,
                {area ? name_of(area->scheme) + " with " + name_of(area->scheme_hash) +
                            ", the AK's scheme; ECDSA with the hash of its curve's size"
                      : "a scheme of the AK's kind of key; ECDSA with the hash of its curve's "
                        "size"});
  if (!algorithm) return;
  const auto octets = signature_octets(signature, parts.ak->type());
  const bool ecdsa = signature.scheme == alg::kEcdsa;
  const bool holds = octets && (ecdsa ? parts.ak->verify_rs(*algorithm, evidence.attest, *octets)
                                      : parts.ak->verify(*algorithm, evidence.attest, *octets));
  checks.record(CheckId::kQuoteSignature, holds, holds ? "by the AK" : "not by the AK",
                {"signed by the AK, " + found});
  if (context.work != nullptr) show_signature(context, evidence, parts, *algorithm, holds);
}

void read_ak(Context& context, const Evidence& evidence, Parts& out) {
  std::string fault;
  if (evidence.form == Form::kOwn) {
    auto area = parse_public(evidence.ak);
    auto key = area ? area->key() : Result<crypto::PublicKey>(area.error());
    if (key) {
      out.ak_area = *std::move(area);
      out.ak.emplace(*std::move(key));
    } else {
      fault = key.error().what();
    }
  } else {
    auto key = crypto::PublicKey::from_spki(evidence.ak);
    if (key) {
      out.ak.emplace(*std::move(key));
    } else {
      fault = key.error().what();
    }
  }
  if (out.ak && out.ak->type() == KeyType::kEd25519) {
    out.ak.reset();
    fault = "Ed25519";
  }
  if (out.ak) out.ak_spki = out.ak->to_spki();
  context.checks.record(CheckId::kAkForm, out.ak.has_value(), out.ak ? "a public key" : fault,
                        {evidence.form == Form::kOwn ? "TPMT_PUBLIC of an RSA or ECC key"
                                                     : "SubjectPublicKeyInfo of such a key"});
}

}  // namespace

Parts read_parts(Context& context, const Evidence& evidence) {
  Parts out;
  CheckList& checks = context.checks;
  if (auto quote = parse_quote(evidence.attest)) {
    checks.record(CheckId::kQuoteForm, true, std::to_string(evidence.attest.size()) + " octets",
                  {"TPMS_ATTEST of a quote"});
    out.quote = *std::move(quote);
  } else {
    checks.record(CheckId::kQuoteForm, false, text_of(quote.error()), {"TPMS_ATTEST of a quote"});
  }
  if (auto signature = parse_signature(evidence.signature)) {
    checks.record(CheckId::kSignatureForm, true, name_of(signature->scheme),
                  {"TPMT_SIGNATURE: rsassa, rsapss or ecdsa"});
    out.signature = *std::move(signature);
  } else {
    checks.record(CheckId::kSignatureForm, false, text_of(signature.error()),
                  {"TPMT_SIGNATURE: rsassa, rsapss or ecdsa"});
  }
  read_ak(context, evidence, out);
  return out;
}

std::vector<PcrValue> judge_quote(Context& context, const Evidence& evidence, const Parts& parts) {
  std::vector<PcrValue> out;
  if (parts.quote) {
    judge_attest(context, *parts.quote);
    if (parts.ak) judge_signer(context, *parts.quote, parts.ak_area);
    out = judge_pcrs(context, evidence, *parts.quote, parts.signature);
  }
  judge_attributes(context, parts);
  if (parts.quote) judge_signature(context, evidence, parts);
  return out;
}

std::uint16_t best_bank(std::span<const PcrValue> values) {
  std::uint16_t out = 0;
  for (const PcrValue& one : values) {
    if (digest_size_of(one.hash) > digest_size_of(out)) out = one.hash;
  }
  return out;
}

const char* hierarchy_of(const Quote& quote, const Public& ak) {
  struct Row {
    std::uint32_t handle;
    const char* name;
  };

  static constexpr Row kRows[] = {{0x40000001, "owner"},
                                  {0x4000000b, "endorsement"},
                                  {0x4000000c, "platform"},
                                  {0x40000007, "null"}};
  for (const Row& row : kRows) {
    Writer qualified;
    qualified.u32be(row.handle);
    qualified.bytes(ak.name());
    Writer name;
    name.u16be(ak.name_alg);
    name.bytes(digest_by(ak.name_alg, qualified.view()));
    if (equal(name.view(), quote.qualified_signer)) return row.name;
  }
  return nullptr;
}

void add_claims(const Parts& parts, std::span<const PcrValue> values, attest::ClaimList& out) {
  if (parts.quote) {
    const Quote& q = *parts.quote;
    Writer firmware;
    firmware.u64be(q.firmware_version);
    const auto sha1 = [](const PcrSelection& one) {
      return one.hash == alg::kSha1 && !one.pcrs().empty();
    };
    out.octets("quote.extra_data", q.extra_data);
    out.octets("quote.pcr_digest", q.pcr_digest);
    out.text("quote.pcr_selection", selection_text(q.pcr_select));
    out.flag("quote.sha1_bank", std::ranges::any_of(q.pcr_select, sha1));
    out.number("quote.clock", q.clock);
    out.number("quote.reset_count", q.reset_count);
    out.number("quote.restart_count", q.restart_count);
    out.flag("quote.safe", q.safe != 0);
    out.octets("quote.firmware_version", firmware.view());
    out.octets("quote.qualified_signer", q.qualified_signer);
  }
  if (parts.signature) {
    out.text("signature.scheme", name_of(parts.signature->scheme));
    out.text("signature.hash", name_of(parts.signature->hash));
  }
  if (parts.ak_area) {
    out.octets("ak.name", parts.ak_area->name());
    out.text("ak.attributes", attributes_text(parts.ak_area->attributes));
    const char* hierarchy = parts.quote ? hierarchy_of(*parts.quote, *parts.ak_area) : nullptr;
    if (hierarchy != nullptr) out.text("ak.hierarchy", hierarchy);
  }
  if (parts.ak) out.octets("ak.spki_sha256", crypto::sha256(parts.ak_spki));
  const std::uint16_t best = best_bank(values);
  for (const PcrValue& one : values) {
    if (one.hash == best) out.octets({"pcr.", std::to_string(one.number)}, one.value);
  }
  for (const PcrValue& one : values) {
    if (one.hash == best) continue;
    const std::string name = "pcr." + name_of(one.hash) + ".";
    out.octets({name, std::to_string(one.number)}, one.value);
  }
}

}  // namespace ward::tpm
