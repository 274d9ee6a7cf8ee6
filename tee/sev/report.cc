#include "tee/sev/report.h"

#include <algorithm>

#include "attest/field_table.h"
#include "base/writer.h"
#include "tee/sev/certificate.h"

namespace ward::sev {
namespace {

constexpr std::size_t kLongestNumber = 48;  // octets of R and S under P-384

constexpr attest::FieldRow kTable[] = {attest::field_row<report::Mnonce>("mnonce"),
                                       attest::field_row<report::LaunchDigest>("launch_digest"),
                                       attest::field_row<report::Policy>("policy", true),
                                       attest::field_row<report::SigUsage>("sig_usage", true),
                                       attest::field_row<report::SigAlgo>("sig_algo", true),
                                       attest::field_row<report::Reserved>("reserved", false, true),
                                       attest::field_row<report::SignatureR>("signature.r"),
                                       attest::field_row<report::SignatureS>("signature.s")};

std::uint32_t number(Bytes octets) {
  return static_cast<std::uint32_t>(attest::little_endian(octets));
}

std::string hex_number(std::uint32_t value) {
  Writer w;
  w.u32be(value);
  return "0x" + to_hex(w.view());
}

}  // namespace

std::uint32_t Report::policy() const { return number(get<report::Policy>()); }

bool Report::policy_bit(unsigned bit) const { return ((policy() >> bit) & 1U) != 0; }

std::uint32_t Report::sig_algo() const { return number(get<report::SigAlgo>()); }

bool Report::signed_by(const crypto::PublicKey& key) const {
  const auto algorithm = ecdsa_algorithm(sig_algo(), key.type());
  if (!algorithm) return false;
  const std::size_t size = key.type() == crypto::KeyType::kP256 ? 32 : kLongestNumber;
  const auto rs = read_rs(raw_.last<kEcdsaSize>(), size);
  return rs && key.verify_rs(*algorithm, signed_part(), *rs);
}

std::vector<attest::LayoutField> Report::layout() const {
  std::vector<attest::LayoutField> out;
  attest::add_table_layout(kTable, raw_, {.offset = 0, .prefix = "", .type = "ATTESTATION report"},
                           out);
  return out;
}

void Report::add_claims(attest::ClaimList& out) const {
  attest::add_table_claims(kTable, raw_, "", out);
  for (const guest_policy::PolicyBit& bit : guest_policy::kBits) {
    out.flag({"guest_policy.", bit.name}, policy_bit(bit.bit));
  }
  out.number("guest_policy.api_major", (policy() >> 16U) & 255U);
  out.number("guest_policy.api_minor", policy() >> 24U);
  out.text("memory_encryption.engine", kEngine);
  out.text("memory_encryption.integrity", kNoIntegrity);
  out.flag("memory_encryption.freshness", false);
}

std::optional<FormError> check_form(Bytes octets) {
  if (octets.size() != kReportSize) {
    return FormError{CheckId::kReportForm, std::to_string(octets.size()) + " octets", "208 octets"};
  }
  const Report r(octets.first<kReportSize>());
  const std::uint32_t usage = number(r.get<report::SigUsage>());
  if (usage != static_cast<std::uint32_t>(Usage::kPek)) {
    return FormError{CheckId::kReportSigUsage, hex_number(usage), "0x00001002 (PEK)"};
  }
  if (r.sig_algo() != kEcdsaSha256 && r.sig_algo() != kEcdsaSha384) {
    return FormError{CheckId::kReportSigAlgo, hex_number(r.sig_algo()),
                     "0x00000002 or 0x00000102 (ECDSA with SHA-256 or SHA-384)"};
  }
  if (!all_zero(r.get<report::Reserved>())) {
    return FormError{CheckId::kReportReserved, to_hex(r.get<report::Reserved>()), "zero"};
  }
  if ((r.policy() & guest_policy::kReservedBits) != 0) {
    return FormError{CheckId::kPolicyReserved, hex_number(r.policy()), "bits 6 to 15 zero"};
  }
  if (!read_rs(r.raw().last(kEcdsaSize), kLongestNumber)) {
    return FormError{CheckId::kSignatureForm, "octets beyond 48",
                     "R and S of at most 48 octets, zero behind them"};
  }
  return std::nullopt;
}

Buffer write_report(const ReportParts& parts) {
  Writer w;
  w.bytes(parts.mnonce);
  w.bytes(parts.launch_digest);
  w.u32le(parts.policy);
  w.u32le(parts.sig_usage);
  w.u32le(parts.sig_algo);
  w.u32le(parts.reserved);
  w.bytes(parts.signature);
  return w.take();
}

ReportParts report_parts(const Report& report) {
  return {.mnonce = *to_array<16>(report.get<report::Mnonce>()),
          .launch_digest = *to_array<32>(report.get<report::LaunchDigest>()),
          .policy = report.policy(),
          .sig_usage = number(report.get<report::SigUsage>()),
          .sig_algo = report.sig_algo(),
          .reserved = number(report.get<report::Reserved>()),
          .signature = *to_array<144>(report.raw().last(kEcdsaSize))};
}

}  // namespace ward::sev
