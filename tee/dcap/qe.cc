#include "tee/dcap/verify.h"

namespace ward::dcap {
namespace {

using attest::Origin;
using crypto::PublicKey;
using crypto::SignatureAlgorithm;

// value & mask, for equal lengths.
template <std::size_t N>
std::array<std::uint8_t, N> masked(Bytes value, const std::array<std::uint8_t, N>& mask) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    out[i] = value[i] & mask[i];
  }
  return out;
}

// PCS API v4, enclave identity: what is found, under the mask, equals the value as it stands. A
// value with a bit outside its mask fits no enclave.
template <std::size_t N>
bool record_masked(CheckList& checks, CheckId id, Bytes found,
                   const std::array<std::uint8_t, N>& want, const std::array<std::uint8_t, N>& mask,
                   const std::string& origin) {
  return checks.record(id, masked(found, mask) == want, to_hex(found),
                       {to_hex(want) + " under mask " + to_hex(mask), Origin::kCollateral, origin});
}

bool record_identity(CheckList& checks, const ReportBody& report,
                     const Named<QeIdentity>& identity) {
  const QeIdentity& id = identity.value;
  const std::string origin = identity.origin();
  bool ok =
      record_masked(checks, CheckId::kQeReportMiscSelect, report.get<report_body::MiscSelect>(),
                    id.misc_select, id.misc_select_mask, origin);
  ok &= record_masked(checks, CheckId::kQeReportAttributes, report.get<report_body::Attributes>(),
                      id.attributes, id.attributes_mask, origin);
  const Bytes signer = report.get<report_body::MrSigner>();
  ok &= checks.record(CheckId::kQeReportMrSigner, equal(signer, id.mr_signer), to_hex(signer),
                      {to_hex(id.mr_signer), Origin::kCollateral, origin});
  const std::uint16_t product = report.u16<report_body::IsvProdId>();
  ok &=
      checks.record(CheckId::kQeReportIsvProdId, product == id.isv_prod_id, std::to_string(product),
                    {std::to_string(id.isv_prod_id), Origin::kCollateral, origin});
  return ok;
}

std::string signature_text(bool holds, const char* whose) {
  return (holds ? "a right signature by " : "no right signature by ") + std::string(whose);
}

}  // namespace

const QeTcbLevel* verify_qe(Context& context, const QeEvidence& qe, Bytes attestation_key,
                            const Platform* platform, const Named<QeIdentity>* identity) {
  CheckList& checks = context.checks;
  const ReportBody report(qe.report);
  if (platform != nullptr && platform->leaf().public_key) {
    const bool holds = platform->leaf().public_key->verify_rs(SignatureAlgorithm::kEcdsaP256Sha256,
                                                              qe.report, qe.signature);
    checks.record(CheckId::kQeReportSignature, holds, signature_text(holds, "the PCK key"),
                  {"a right signature"});
  }
  checks.record(CheckId::kQeReportReserved, report.reserved_zero(), "reserved bytes", {"all zero"});
  const Bytes data = report.get<report_body::ReportData>();
  const auto want = crypto::sha256(concat({attestation_key, qe.auth_data}));
  checks.record(CheckId::kQeReportData, equal(data.first(32), want) && all_zero(data.subspan(32)),
                to_hex(data), {to_hex(want) + " and 32 zero bytes"});
  checks.record(CheckId::kQeReportDebug, !report.debug(), report.debug() ? "true" : "false",
                {"false"});
  if (identity == nullptr) return nullptr;
  record_identity(checks, report, *identity);
  const std::uint16_t svn = report.u16<report_body::IsvSvn>();
  const QeTcbLevel* level = nullptr;
  for (const QeTcbLevel& candidate : identity->value.levels) {
    if (svn >= candidate.isv_svn) {
      level = &candidate;
      break;
    }
  }
  checks.record(CheckId::kQeTcbLevel, level != nullptr, "ISVSVN " + std::to_string(svn),
                {"at least the lowest level", Origin::kCollateral, identity->origin()});
  return level;
}

std::optional<PublicKey> read_attestation_key(Context& context, Bytes attestation_key) {
  auto key = PublicKey::from_p256_xy(attestation_key);
  if (!context.checks.record(CheckId::kAttestationKey, key.has_value(), to_hex(attestation_key),
                             {"a point of P-256"})) {
    return std::nullopt;
  }
  return *std::move(key);
}

void verify_quote_signature(CheckList& checks, const PublicKey& key, Bytes signed_part,
                            Bytes signature) {
  const bool holds = key.verify_rs(SignatureAlgorithm::kEcdsaP256Sha256, signed_part, signature);
  checks.record(CheckId::kQuoteSignature, holds,
                holds ? "a right signature by the attestation key over header and body"
                      : "no right signature by the attestation key over header and body",
                {"a right signature"});
}

}  // namespace ward::dcap
