#include <algorithm>

#include "base/text.h"
#include "tee/nvidia/verify.h"
#include "tee/x509/work.h"

namespace ward::nvidia {
namespace {

constexpr const char* kResponder = "https://ocsp.ndis.nvidia.com";

void show_response(Context& context, const x509::OcspFacts& facts) {
  if (facts.responder == nullptr) return;
  attest::Work& work = *context.work;
  const x509::OcspResponse& response = facts.response->value;
  const std::size_t key =
      x509::show_certificate(work, *facts.responder, "ocsp", context.documents.x509);
  const std::size_t material = work.add({.kind = attest::MaterialKind::kDocument,
                                         .object = "ocsp",
                                         .title = "OCSP response",
                                         .name = facts.response->name,
                                         .bytes = response.der});
  const bool p256 = response.signature_algorithm == crypto::SignatureAlgorithm::kEcdsaP256Sha256;
  work.signatures.push_back(
      {.check = &context.checks.info(CheckId::kOcspSignature),
       .algorithm = p256 ? "ES256" : "ES384",
       .key = x509::key_part(work, key, *facts.responder),
       .message = work.part_or_extract(material, response.tbs, "signed part"),
       .signature = work.part_or_extract(material, response.signature, "signature"),
       .holds = facts.signature.passed});
}

// The first fact that is wrong, else the first.
const x509::Judged& worst(const std::vector<x509::OcspFacts>& all,
                          x509::Judged x509::OcspFacts::*fact) {
  const auto found = std::ranges::find_if(
      all, [&](const x509::OcspFacts& facts) { return !(facts.*fact).passed; });
  return (found == all.end() ? all.front() : *found).*fact;
}

}  // namespace

void record_ocsp(Context& context, std::span<const Link> links, bool whole) {
  std::vector<x509::OcspFacts> all;
  std::vector<std::string> missing;
  for (const Link& link : links) {
    x509::OcspFacts facts = x509::judge_ocsp(context.documents.ocsp, link.certificate, link.issuer,
                                             context.now, context.signatures);
    auto& notes = context.findings.notes;
    notes.insert(notes.end(), facts.notes.begin(), facts.notes.end());
    if (facts.response == nullptr) {
      missing.push_back(link.certificate.subject.common_name());
    } else {
      if (context.work != nullptr) show_response(context, facts);
      all.push_back(std::move(facts));
    }
  }
  if (!missing.empty()) {
    context.checks.absent(CheckId::kOcspPresent,
                          "OCSP responses on " + join(missing) + ": " + kResponder);
  } else if (whole) {
    context.checks.record(CheckId::kOcspPresent, true, std::to_string(all.size()) + " responses",
                          {"one on each certificate below a root"});
  }
  const bool complete = whole && missing.empty() && !all.empty();

  const struct {
    CheckId id;
    x509::Judged x509::OcspFacts::*fact;
  } rows[] = {{CheckId::kOcspSignature, &x509::OcspFacts::signature},
              {CheckId::kOcspThisUpdate, &x509::OcspFacts::this_update},
              {CheckId::kOcspNextUpdate, &x509::OcspFacts::next_update},
              {CheckId::kOcspRevocation, &x509::OcspFacts::status}};

  for (const auto& row : rows) {
    if (all.empty()) return;
    const x509::Judged& fact = worst(all, row.fact);
    // What was said of some certificates proves nothing of the others, unless it is wrong.
    if (complete || !fact.passed) x509::record(context.checks, row.id, fact);
  }
}

}  // namespace ward::nvidia
