#include "tee/sev/verify.h"

#include <algorithm>
#include <array>

namespace ward::sev {
namespace {

using attest::Anchor;
using attest::Part;

constexpr const char* kProducts[] = {"AMD ARK-Naples", "AMD ARK-Rome", "AMD ARK-Milan",
                                     "AMD ARK-Genoa", "AMD ARK-Turin"};

// AMD Root Keys, one per product line: SHA-256 of their SubjectPublicKeyInfo. Those of Milan, Genoa
// and Turin are the keys of AMD's X.509 certificates for SEV-SNP (tee/snp). Naples and Rome: the
// files ask_ark_naples.cert and ask_ark_rome.cert that AMD published at developer.amd.com/sev; the
// same keys stand in enarx and in the crate sev, and a third party pins the files' SHA-256
// (4629ccff..., 9d7e6b96...).
const std::array<Anchor, 5> kAnchors = {
    Anchor{.spki_sha256 = {0x3a, 0x04, 0xf8, 0xf1, 0x34, 0x7d, 0xe2, 0x06, 0xc9, 0x20, 0x6a,
                           0x81, 0x14, 0x8b, 0xa4, 0xef, 0x0a, 0x23, 0x3b, 0x24, 0x5d, 0x43,
                           0xa1, 0x5d, 0xd8, 0x2d, 0xe0, 0x43, 0xbb, 0x3e, 0x4f, 0x69},
           .name = kProducts[0]},
    Anchor{.spki_sha256 = {0x74, 0x47, 0xff, 0xa2, 0x1e, 0x2b, 0x93, 0x8b, 0xfa, 0xde, 0x89,
                           0xf5, 0xe9, 0x06, 0x6c, 0x00, 0xa3, 0x28, 0x81, 0x3b, 0xfc, 0x43,
                           0x68, 0x56, 0x05, 0xcc, 0xea, 0xbd, 0x18, 0xda, 0x6f, 0xde},
           .name = kProducts[1]},
    Anchor{.spki_sha256 = {0x9f, 0x05, 0x6b, 0xee, 0x44, 0x37, 0x7e, 0x29, 0x30, 0x8c, 0xb5,
                           0xff, 0xa8, 0x95, 0xbd, 0xfb, 0x62, 0xd1, 0x88, 0x81, 0xfa, 0x6b,
                           0xed, 0x8d, 0x6f, 0x07, 0x5b, 0x02, 0x04, 0x08, 0x9c, 0xb9},
           .name = kProducts[2]},
    Anchor{.spki_sha256 = {0x42, 0x9a, 0x69, 0xc9, 0x42, 0x2a, 0xa2, 0x58, 0xee, 0x4d, 0x8d,
                           0xb5, 0xfc, 0xda, 0x9c, 0x64, 0x70, 0xef, 0x15, 0xf8, 0xcd, 0x5a,
                           0x9c, 0xeb, 0xd6, 0xcb, 0xc7, 0xd9, 0x0b, 0x86, 0x38, 0x31},
           .name = kProducts[3]},
    Anchor{.spki_sha256 = {0x4f, 0x12, 0x54, 0x10, 0x56, 0x3a, 0x2a, 0xb9, 0xa5, 0x03, 0x56,
                           0xf9, 0x24, 0x3f, 0x6f, 0xe0, 0xb6, 0xf7, 0x3d, 0xe9, 0x86, 0x03,
                           0xf5, 0x3f, 0x90, 0x33, 0x9c, 0x70, 0xe9, 0xd7, 0xad, 0x08},
           .name = kProducts[4]}};
static_assert(std::size(kProducts) == std::size(kLines));

// KEY_ID of each line's ARK: what names the line where another root was named for development.
constexpr std::array<std::array<std::uint8_t, 16>, 5> kKeyIds = {{
    {0x1b, 0xb9, 0x87, 0xc3, 0x59, 0x49, 0x46, 0x06, 0xb1, 0x74, 0x94, 0x56, 0x01, 0xc9, 0xea,
     0x5b},
    {0xe6, 0x00, 0x21, 0x22, 0xfb, 0x58, 0x41, 0x93, 0x99, 0xd1, 0x5f, 0xee, 0x7b, 0x13, 0x13,
     0x51},
    {0x94, 0xc3, 0x8e, 0x41, 0x77, 0xd0, 0x47, 0x92, 0x92, 0xa7, 0xae, 0x67, 0x1d, 0x08, 0x3f,
     0xb6},
    {0x9f, 0x9d, 0x4a, 0x8f, 0xe7, 0x61, 0x45, 0x65, 0x99, 0xf6, 0x94, 0x6c, 0x4c, 0x01, 0x0f,
     0x3a},
    {0xd0, 0x5c, 0x3a, 0x8b, 0xde, 0x48, 0x49, 0x04, 0xb4, 0x95, 0x52, 0x42, 0x2c, 0xeb, 0x39,
     0x42},
}};

const Anchor* find_anchor(std::span<const Anchor> anchors, const Certificate& root) {
  const auto found = std::ranges::find_if(
      anchors, [&](const Anchor& anchor) { return anchor.spki_sha256 == root.spki_sha256; });
  return found == anchors.end() ? nullptr : &*found;
}

// The line of a trusted root. The id of a development root's certificate counts only where its own
// signature covers it.
const char* line_of(const Certificate& root, bool self_signed) {
  for (std::size_t i = 0; i < kAnchors.size(); ++i) {
    if (kAnchors[i].spki_sha256 == root.spki_sha256) return kLines[i];
    if (self_signed && kKeyIds[i] == std::get<CaParts>(root.parts).key_id) return kLines[i];
  }
  return nullptr;
}

// part_of is where the certificate stands in a material.
Part part_of(Context& context, const Held& held) {
  attest::Work& work = *context.work;
  const Source& source = context.pool.documents[held.document];
  const std::size_t material = source.evidence ? 0
                                               : work.add({.kind = attest::MaterialKind::kDocument,
                                                           .object = "certificates",
                                                           .title = "certificates of the platform",
                                                           .name = source.name,
                                                           .bytes = source.bytes});
  return {material, held.offset, held.certificate.raw.size()};
}

// Neither keys nor RSA signatures stand in these certificates as verifiers elsewhere want them.
Part key_part(attest::Work& work, const Certificate& certificate) {
  return work.part_or_extract(
      0, certificate.spki,
      std::string("key of the ") + usage_name(certificate.usage) + ", as SubjectPublicKeyInfo");
}

void show(Context& context, CheckId check, const Held& subject, const Certificate& signer,
          bool holds) {
  if (context.work == nullptr) return;
  const auto place = signature_of(subject.certificate, signer);
  if (!place) return;
  attest::Work& work = *context.work;
  const Part whole = part_of(context, subject);
  const Bytes octets = Bytes(subject.certificate.raw).subspan(place->offset, place->size);
  const bool rsa = signer.ca() != nullptr;
  const Part signature =
      rsa ? work.part_or_extract(0, reversed(octets),
                                 std::string("signature of the ") +
                                     usage_name(subject.certificate.usage) + ", octets reversed")
          : Part{whole.material, whole.offset + place->offset, place->size};
  work.signatures.push_back(
      {.check = &context.checks.info(check),
       .algorithm = crypto::algorithm_name(place->algorithm),
       .key = key_part(work, signer),
       .message = {whole.material, whole.offset, subject.certificate.signed_size},
       .signature = signature,
       .form = rsa ? attest::SignatureForm::kOwn : attest::SignatureForm::kLittleEndian,
       .holds = holds});
}

// record_signed records whether `signer` signed `subject`.
bool record_signed(Context& context, CheckId check, const Held& subject,
                   const Certificate& signer) {
  const bool place = signature_of(subject.certificate, signer).has_value();
  const bool holds = signed_once(context.signatures, subject.certificate, signer);
  const std::string by = usage_name(signer.usage);
  context.checks.record(check, holds,
                        holds   ? "by the " + by
                        : place ? "not by the key of this " + by
                                : "no signature of such a key",
                        {"signed by the " + by});
  show(context, check, subject, signer, holds);
  return holds;
}

// The keys that signed one another, as far as they are there.
struct Chain {
  const Held* oca = nullptr;
  const Held* cek = nullptr;
  const Held* ask = nullptr;
  const Held* ark = nullptr;
};

bool self_signed(Context& context, const Certificate& c) {
  return signed_once(context.signatures, c, c);
}

// signer_of picks who signed `subject`.
const Held* signer_of(Context& context, const Certificate& subject, Usage usage,
                      const std::function<unsigned(const Certificate&)>& rank, unsigned best = 1) {
  return pick(
      context.pool,
      {.usage = usage,
       .fits = [&](const Certificate& c) { return signed_once(context.signatures, subject, c); },
       .rank = rank,
       .best = best});
}

// Ranks certificates by whether somebody of `usage` signed them. Whoever sends many of both has so
// many pairs tried and no more.
class BySigner {
 public:
  BySigner(Context& context, Usage usage) : context_(context), usage_(usage) {}

  unsigned operator()(const Certificate& subject) {
    const bool found = exists(context_.pool, usage_, [&](const Certificate& c) {
      if (left_ == 0) return false;
      --left_;
      return signed_once(context_.signatures, subject, c);
    });
    return found ? 1 : 0;
  }

 private:
  Context& context_;
  Usage usage_;
  std::size_t left_ = 8 * kMaxTried;
};

// An ARK is as good as it is trusted; then by its ids, which in an unsigned one nothing covers, as
// the ASK has them; then by a signature of its own, before one that is published without it, before
// one whose signature is wrong.
unsigned rank_ark(Context& context, const Certificate& ask, const Certificate& ark) {
  const CaParts& parts = std::get<CaParts>(ark.parts);
  const auto& id = std::get<CaParts>(ask.parts).certifying_id;
  unsigned out = find_anchor(context.anchors, ark) != nullptr ? 6 : 0;
  if (parts.key_id == id && parts.certifying_id == id) out += 3;
  if (all_zero(parts.signature)) return out + 1;
  return out + (self_signed(context, ark) ? 2 : 0);
}

constexpr unsigned kBestArk = 11;

Chain find_chain(Context& context, const Certificate& pek) {
  Chain out;
  out.oca = signer_of(context, pek, Usage::kOca,
                      [&](const Certificate& c) { return self_signed(context, c) ? 1U : 0U; });
  out.cek = signer_of(context, pek, Usage::kCek, BySigner(context, Usage::kAsk));
  if (out.cek == nullptr) return out;
  out.ask = signer_of(context, out.cek->certificate, Usage::kAsk, BySigner(context, Usage::kArk));
  if (out.ask == nullptr) return out;
  const Certificate& ask = out.ask->certificate;
  out.ark = signer_of(
      context, ask, Usage::kArk, [&](const Certificate& c) { return rank_ark(context, ask, c); },
      kBestArk);
  return out;
}

bool record_present(Context& context, CheckId check, const Held* held, const char* what) {
  if (held == nullptr) {
    context.checks.absent(check, what);
    return false;
  }
  return context.checks.record(check, true, usage_name(held->certificate.usage), {"there"});
}

void show_root(Context& context, const Certificate& root, const Anchor* anchor) {
  if (context.work == nullptr) return;
  attest::Work& work = *context.work;
  work.digests.push_back({.check = &context.checks.info(CheckId::kArkRoot),
                          .algorithm = "SHA-256",
                          .message = {key_part(work, root)},
                          .expected = anchor == nullptr ? Buffer{} : to_buffer(anchor->spki_sha256),
                          .expected_from = anchor == nullptr ? "no trusted root has this key"
                                                             : "the pinned key of " + anchor->name,
                          .holds = anchor != nullptr});
}

void record_root(Context& context, const Held& held) {
  const Certificate& root = held.certificate;
  const Anchor* const anchor = find_anchor(context.anchors, root);
  const bool intact = self_signed(context, root);
  // A pinned key needs no signature of its own: AMD publishes the ARK of Naples without one.
  const bool unsigned_root = all_zero(std::get<CaParts>(root.parts).signature);
  if (unsigned_root) {
    context.checks.not_asked(CheckId::kArkSignature, "none");
  } else {
    record_signed(context, CheckId::kArkSignature, held, root);
  }
  context.checks.record(CheckId::kArkRoot, anchor != nullptr,
                        anchor != nullptr ? anchor->name : "key " + to_hex(root.spki_sha256),
                        {"a trusted root key"});
  show_root(context, root, anchor);
  context.findings.development = anchor != nullptr && anchor->development;
  const char* const line = anchor == nullptr ? nullptr : line_of(root, intact);
  if (line == nullptr) return;
  context.findings.claims.push_back({"product_line", std::string(line)});
  context.findings.facts.products = {line};
}

void record_amd(Context& context, const Chain& chain) {
  CheckList& checks = context.checks;
  const bool there = record_present(context, CheckId::kCekPresent, chain.cek,
                                    "the chip's certificate (CEK), which AMD signed: "
                                    "https://kdsintf.amd.com/cek/id/ and the chip's id");
  if (!there) return;
  context.findings.claims.push_back({"cek.key", to_buffer(chain.cek->certificate.spki_sha256)});
  context.findings.facts.chips = {to_buffer(chain.cek->certificate.spki_sha256)};
  if (!record_present(context, CheckId::kAskPresent, chain.ask, "AMD's ASK: ask_ark_<line>.cert")) {
    return;
  }
  record_signed(context, CheckId::kCekSignature, *chain.cek, chain.ask->certificate);
  if (!record_present(context, CheckId::kArkPresent, chain.ark, "AMD's ARK: ask_ark_<line>.cert")) {
    return;
  }
  record_signed(context, CheckId::kAskSignature, *chain.ask, chain.ark->certificate);
  const CaParts& ask = std::get<CaParts>(chain.ask->certificate.parts);
  const CaParts& ark = std::get<CaParts>(chain.ark->certificate.parts);
  checks.record(CheckId::kAskIssuer,
                ask.certifying_id == ark.key_id && ark.certifying_id == ark.key_id,
                to_hex(ask.certifying_id), {"key id of the ARK, " + to_hex(ark.key_id)});
  record_root(context, *chain.ark);
}

// record_chain records all that is above the PEK.
void record_chain(Context& context, const Held& pek) {
  const Chain chain = find_chain(context, pek.certificate);
  const PlatformParts& parts = std::get<PlatformParts>(pek.certificate.parts);
  context.findings.claims.push_back(
      {"pek.api_version", std::to_string(parts.api_major) + "." + std::to_string(parts.api_minor)});
  if (record_present(context, CheckId::kOcaPresent, chain.oca,
                     "the owner's certificate (OCA), which the platform exports")) {
    context.findings.claims.push_back({"oca.key", to_buffer(chain.oca->certificate.spki_sha256)});
    record_signed(context, CheckId::kPekOwner, pek, chain.oca->certificate);
    record_signed(context, CheckId::kOcaSignature, *chain.oca, chain.oca->certificate);
  }
  record_amd(context, chain);
  if (chain.cek != nullptr) {
    record_signed(context, CheckId::kPekSignature, pek, chain.cek->certificate);
  }
}

void show_report(Context& context, const Report& report, const Certificate& pek, bool holds) {
  const auto algorithm = ecdsa_algorithm(report.sig_algo(), pek.key.type());
  if (context.work == nullptr || !algorithm) return;
  attest::Work& work = *context.work;
  work.signatures.push_back({.check = &context.checks.info(CheckId::kSignature),
                             .algorithm = crypto::algorithm_name(*algorithm),
                             .key = key_part(work, pek),
                             .message = {0, 0, kSignedSize},
                             .signature = {0, report::SignatureR::kBegin, kEcdsaSize},
                             .form = attest::SignatureForm::kLittleEndian,
                             .holds = holds});
}

}  // namespace

std::span<const Anchor> pinned_roots() { return kAnchors; }

const Certificate* verify_report(Context& context, const Report& report) {
  const Held* const pek =
      pick(context.pool, {.usage = Usage::kPek,
                          .fits = [&](const Certificate& c) { return report.signed_by(c.key); },
                          .rank = BySigner(context, Usage::kCek)});
  if (!record_present(context, CheckId::kPekPresent, pek,
                      "the platform's certificates: PEK, OCA, CEK")) {
    return nullptr;
  }
  const bool holds = report.signed_by(pek->certificate.key);
  context.checks.record(CheckId::kSignature, holds,
                        holds ? "by the PEK" : "not by the key of this PEK", {"signed by the PEK"});
  show_report(context, report, pek->certificate, holds);
  record_chain(context, *pek);
  return &pek->certificate;
}

const Certificate* verify_pdh(Context& context) {
  const auto is_pdh = [](const Held& held) { return held.certificate.usage == Usage::kPdh; };
  const auto pdh = std::ranges::find_if(context.pool.certificates, is_pdh);
  if (std::ranges::count_if(context.pool.certificates, is_pdh) != 1) {
    context.checks.absent(CheckId::kPdhSignature,
                          pdh == context.pool.certificates.end()
                              ? "the platform's Diffie-Hellman certificate (PDH)"
                              : "one PDH: there are several, of more than one platform");
    return nullptr;
  }
  const Held* const pek =
      signer_of(context, pdh->certificate, Usage::kPek, BySigner(context, Usage::kCek));
  if (!record_present(context, CheckId::kPekPresent, pek,
                      "the platform's certificates: PEK, OCA, CEK")) {
    return nullptr;
  }
  record_signed(context, CheckId::kPdhSignature, *pdh, pek->certificate);
  record_chain(context, *pek);
  return &pdh->certificate;
}

void record_sent_pdh(Context& context, const Held* pdh, const Certificate* pek) {
  if (pdh == nullptr) {
    context.checks.not_asked(CheckId::kPdhSignature, "none came with the evidence");
  } else if (pek != nullptr) {
    record_signed(context, CheckId::kPdhSignature, *pdh, *pek);
  }
}

}  // namespace ward::sev
