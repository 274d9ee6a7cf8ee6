#include "tee/soft/quoting_enclave.h"

#include <algorithm>

#include "base/writer.h"

namespace ward::soft {
namespace {

using crypto::PrivateKey;
using crypto::SignatureAlgorithm;
using dcap::PckExtensions;

constexpr std::size_t kAuthDataSize = 32;

}  // namespace

std::array<std::uint8_t, 16> EnclaveIdentity::attributes() const {
  // FLAGS: INIT, DEBUG, MODE64BIT, KSS (CONFIGID is in use); XFRM: x87 and SSE.
  const auto flags = static_cast<std::uint8_t>(0x85U | (debug ? 0x02U : 0U));
  return {flags, 0, 0, 0, 0, 0, 0, 0, 3};
}

Buffer report_body(const EnclaveIdentity& enclave, const std::array<std::uint8_t, 16>& cpu_svn,
                   std::span<const std::uint8_t, 64> report_data) {
  Writer w;
  w.bytes(cpu_svn);
  w.zeros(4 + 12);  // MISCSELECT, reserved
  w.bytes(enclave.isv_ext_prod_id);
  w.bytes(enclave.attributes());
  w.bytes(enclave.mr_enclave);
  w.zeros(32);
  w.bytes(enclave.mr_signer);
  w.zeros(32);
  w.bytes(enclave.config_id);
  w.u16le(enclave.isv_prod_id);
  w.u16le(enclave.isv_svn);
  w.u16le(enclave.config_svn);
  w.zeros(42);
  w.bytes(enclave.isv_family_id);
  w.bytes(report_data);
  return w.take();
}

QuotingEnclave::QuotingEnclave(PrivateKey attestation, dcap::QuoteParts parts, Signing signing)
    : attestation_(std::move(attestation)), parts_(std::move(parts)), signing_(signing) {}

Result<QuotingEnclave> QuotingEnclave::create(PrivateKey attestation, const PrivateKey& pck,
                                              const dcap::QeIdentity& identity,
                                              const PckExtensions& platform,
                                              const std::string& pck_chain_pem, Signing signing) {
  dcap::QuoteParts parts;
  parts.qe_svn = identity.levels.front().isv_svn;
  parts.pce_svn = platform.pce_svn;
  std::copy(platform.ppid.begin(), platform.ppid.end(), parts.user_data.begin());
  parts.attestation_key = attestation.public_key().to_ec_xy();
  parts.auth_data = Buffer(kAuthDataSize);
  for (std::size_t i = 0; i < kAuthDataSize; ++i) {
    parts.auth_data[i] = static_cast<std::uint8_t>(i);
  }
  const auto bound = crypto::sha256(concat({parts.attestation_key, parts.auth_data}));
  Writer w;
  w.bytes(platform.cpu_svn);
  w.bytes(identity.misc_select);
  w.zeros(12 + 16);
  w.bytes(identity.attributes);
  w.bytes(crypto::sha256(as_bytes("ward development quoting enclave")));
  w.zeros(32);
  w.bytes(identity.mr_signer);
  w.zeros(32 + 64);
  w.u16le(identity.isv_prod_id);
  w.u16le(parts.qe_svn);
  w.zeros(2 + 42 + 16);
  w.bytes(bound);
  w.zeros(32);
  parts.qe_report = w.take();
  WARD_TRY(parts.qe_signature,
           sign_rs(pck, SignatureAlgorithm::kEcdsaP256Sha256, parts.qe_report, signing));
  parts.certification_data = to_buffer(as_bytes(pck_chain_pem));
  return QuotingEnclave(std::move(attestation), std::move(parts), signing);
}

Result<Buffer> QuotingEnclave::quote(Bytes body, const QuoteForm& form) const {
  if (body.size() != dcap::body_size(form.body)) {
    return Error(Errc::kInternal, "soft.quote: report body", body.size());
  }
  dcap::QuoteParts parts = parts_;
  parts.version = form.version;
  parts.tee = form.tee();
  parts.body_type = form.body;
  parts.body = to_buffer(body);
  WARD_TRY(parts.signature, sign_rs(attestation_, SignatureAlgorithm::kEcdsaP256Sha256,
                                    dcap::write_signed_part(parts), signing_));
  return dcap::write_quote(parts);
}

sgx::TargetInfo QuotingEnclave::target_info() const {
  return sgx::target_info_of(
      dcap::ReportBody(Bytes(parts_.qe_report).first<dcap::kReportBodySize>()));
}

}  // namespace ward::soft
