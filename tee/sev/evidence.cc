#include "tee/sev/evidence.h"

#include <algorithm>

#include "attest/field_table.h"

namespace ward::sev {
namespace {

constexpr Usage kOrder[] = {Usage::kPdh, Usage::kPek, Usage::kOca,
                            Usage::kCek, Usage::kAsk, Usage::kArk};

constexpr attest::FieldRow kCertificateTable[] = {
    attest::field_row<certificate::Version>("version", true),
    attest::field_row<certificate::ApiMajor>("api_major", true),
    attest::field_row<certificate::ApiMinor>("api_minor", true),
    attest::field_row<certificate::Reserved>("reserved", false, true),
    attest::field_row<certificate::PubkeyUsage>("pubkey_usage", true),
    attest::field_row<certificate::PubkeyAlgo>("pubkey_algo", true),
    attest::field_row<certificate::Pubkey>("pubkey"),
    attest::field_row<certificate::Sig1Usage>("sig1_usage", true),
    attest::field_row<certificate::Sig1Algo>("sig1_algo", true),
    attest::field_row<certificate::Sig1>("sig1"),
    attest::field_row<certificate::Sig2Usage>("sig2_usage", true),
    attest::field_row<certificate::Sig2Algo>("sig2_algo", true),
    attest::field_row<certificate::Sig2>("sig2")};

bool in_order(const std::vector<Certificate>& sent) {
  return std::ranges::equal(sent, kOrder, {}, &Certificate::usage);
}

std::string usages(const std::vector<Certificate>& sent) {
  std::string out;
  for (const Certificate& c : sent) {
    out += (out.empty() ? "" : ", ") + std::string(usage_name(c.usage));
  }
  return out;
}

void add_ca_layout(const Certificate& c, std::size_t at, const std::string& prefix,
                   std::vector<attest::LayoutField>& out) {
  const CaParts& parts = std::get<CaParts>(c.parts);
  std::size_t begin = 0;
  const auto add = [&](const char* name, std::size_t size) {
    out.push_back({.offset = at + begin,
                   .size = size,
                   .name = prefix + name,
                   .type = "AMD certificate",
                   .value = to_hex(Bytes(c.raw).subspan(begin, size))});
    begin += size;
  };
  add("version", 4);
  add("key_id", parts.key_id.size());
  add("certifying_id", parts.certifying_id.size());
  add("key_usage", 4);
  add("reserved", 16);
  add("pubexp_size", 4);
  add("modulus_size", 4);
  add("pubexp", parts.exponent.size());
  add("modulus", parts.modulus.size());
  if (!parts.signature.empty()) add("signature", parts.signature.size());
}

}  // namespace

std::variant<Evidence, FormError> parse_evidence(Bytes evidence) {
  const Bytes report = evidence.first(std::min(evidence.size(), kReportSize));
  if (auto wrong = check_form(report)) return *std::move(wrong);
  Evidence out{Report(report.first<kReportSize>()), {}};
  const Bytes behind = evidence.subspan(kReportSize);
  if (behind.empty()) return out;
  constexpr const char* kExpected = "PDH, PEK, OCA, CEK, ASK, ARK behind the report, or nothing";
  auto sent = parse_certificates(behind);
  if (!sent) return FormError{CheckId::kCertificatesForm, sent.error().what(), kExpected};
  if (!in_order(*sent)) return FormError{CheckId::kCertificatesForm, usages(*sent), kExpected};
  out.sent = *std::move(sent);
  return out;
}

Buffer write_evidence(const Evidence& evidence) {
  Buffer out = write_report(report_parts(evidence.report));
  for (const Certificate& c : evidence.sent) {
    const Buffer octets = write(c.parts);
    out.insert(out.end(), octets.begin(), octets.end());
  }
  return out;
}

std::vector<attest::LayoutField> layout_of(const Evidence& evidence) {
  auto out = evidence.report.layout();
  std::size_t at = kReportSize;
  for (const Certificate& c : evidence.sent) {
    std::string prefix = usage_name(c.usage);
    std::ranges::transform(prefix, prefix.begin(),
                           [](char letter) { return static_cast<char>(letter - 'A' + 'a'); });
    prefix += '.';
    if (c.ca() != nullptr) {
      add_ca_layout(c, at, prefix, out);
    } else {
      attest::add_table_layout(kCertificateTable, c.raw,
                               {.offset = at, .prefix = prefix, .type = "SEV certificate"}, out);
    }
    at += c.raw.size();
  }
  return out;
}

}  // namespace ward::sev
