#include "tee/x509/work.h"

#include "tee/dcap/verify.h"

namespace ward::dcap {
namespace {

using attest::Part;

// A view into the quote as a part of the first material.
Part part_of(const Quote& quote, Bytes view) {
  return {0, static_cast<std::size_t>(view.data() - quote.raw.data()), view.size()};
}

// The signature's digits as they stand in the document, in whichever case.
Part signature_part(attest::Work& work, std::size_t material, Bytes signature,
                    attest::SignatureForm& form) {
  const std::string digits = to_hex(signature);
  std::string upper = digits;
  for (char& c : upper) {
    c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  form = attest::SignatureForm::kHex;
  for (const std::string& text : {digits, upper}) {
    if (auto found = work.part(material, as_bytes(text))) return *found;
  }
  form = attest::SignatureForm::kFixed;
  return work.part_or_extract(material, signature, "signature");
}

const attest::Document* given_as(const Context& context, const crypto::Sha256Digest& digest) {
  if (context.given == nullptr) return nullptr;
  for (const attest::Document& document : context.given->documents) {
    if (document.bytes.size() <= attest::kMaxDocumentBytes &&
        equal(crypto::sha256(document.bytes), digest)) {
      return &document;
    }
  }
  return nullptr;
}

}  // namespace

void show_quote(Context& context, const Quote& quote, const pki::Certificate* pck) {
  attest::Work& work = *context.work;
  const QeEvidence& qe = quote.qe;
  if (pck != nullptr && pck->public_key) {
    const std::size_t leaf = x509::show_certificate(
        work, *pck, attest::object_of(context.checks.info(CheckId::kPckChainSignature)),
        context.collateral);
    work.signatures.push_back({.check = &context.checks.info(CheckId::kQeReportSignature),
                               .algorithm = "ES256",
                               .key = x509::key_part(work, leaf, *pck),
                               .message = part_of(quote, qe.report),
                               .signature = part_of(quote, qe.signature),
                               .form = attest::SignatureForm::kFixed,
                               .holds = context.checks.passed(CheckId::kQeReportSignature)});
  }
  const Bytes data = ReportBody(qe.report).get<report_body::ReportData>().first(32);
  attest::DigestFact bound{.check = &context.checks.info(CheckId::kQeReportData),
                           .algorithm = "SHA-256",
                           .message = {part_of(quote, quote.attestation_key)},
                           .expected = to_buffer(data),
                           .expected_from = "REPORTDATA of the quoting enclave's report",
                           .place = part_of(quote, data)};
  if (!qe.auth_data.empty()) bound.message.push_back(part_of(quote, qe.auth_data));
  bound.holds = equal(crypto::sha256(concat({quote.attestation_key, qe.auth_data})), data);
  work.digests.push_back(std::move(bound));
  work.signatures.push_back({.check = &context.checks.info(CheckId::kQuoteSignature),
                             .algorithm = "ES256",
                             .key = part_of(quote, quote.attestation_key),
                             .key_form = attest::KeyForm::kPoint,
                             .message = part_of(quote, quote.signed_part()),
                             .signature = part_of(quote, quote.signature),
                             .form = attest::SignatureForm::kFixed,
                             .holds = context.checks.passed(CheckId::kQuoteSignature)});
}

void show_document(Context& context, const Named<const SignedDocument*>& named, CheckId signature,
                   const Named<pki::Certificate>* signer, bool holds) {
  attest::Work& work = *context.work;
  const SignedDocument& document = *named.value;
  const attest::Document* given = given_as(context, named.digest);
  const attest::CheckInfo& check = context.checks.info(signature);
  const std::size_t material = work.add(
      {.kind = attest::MaterialKind::kDocument,
       .object = attest::object_of(check),
       .title =
           (signature == CheckId::kTcbInfoSignature ? "TCB info of " : "enclave identity of ") +
           document.id + ", evaluation number " + std::to_string(document.evaluation_number),
       .name = named.name,
       .bytes = given == nullptr ? document.body : given->bytes,
       .from = document.issue_date,
       .until = document.next_update});
  if (signer == nullptr) return;
  const pki::Certificate& key = signer->value;
  const std::size_t certificate = x509::show_certificate(
      work, key, attest::object_of(context.checks.info(CheckId::kTcbSigningSignature)),
      context.collateral);
  attest::SignatureFact fact{
      .check = &check,
      .algorithm = "ES256",
      .key = x509::key_part(work, certificate, key),
      .message = work.part_or_extract(material, document.body, "signed part"),
      .holds = holds};
  fact.signature = signature_part(work, material, document.signature, fact.form);
  work.signatures.push_back(std::move(fact));
}

}  // namespace ward::dcap
