#include "tee/soft/platform.h"

#include <algorithm>
#include <utility>

#include "crypto/kdf.h"
#include "pki/certificate.h"
#include "tee/snp/vek.h"
#include "tee/soft/derive.h"

namespace ward::soft {
namespace {

using crypto::Hash;
using crypto::PrivateKey;

constexpr std::string_view kSalt = "ward software TEE, platform, 1";

Secret<32> derive(const Secret<32>& device_root, std::string_view label) {
  return crypto::hkdf<32>(Hash::kSha256, device_root.expose(), as_bytes(kSalt),
                          labelled(label, {}));
}

Result<PrivateKey> attestation_key(const Secret<32>& device_root, std::string_view label) {
  const Secret<32> seed = derive(device_root, label);
  crypto::SeededRng rng(seed.expose());
  return PrivateKey::generate(crypto::KeyType::kP256, rng);
}

Result<void> check_key(const pki::Certificate& certificate, const PrivateKey& key) {
  if (equal(certificate.spki, key.public_key().to_spki())) return {};
  return Error(Errc::kMalformed, "soft.platform: a certificate is not that of its key");
}

Result<IntelProcessor> make_intel(Secret<32> device_root, const IntelParts& parts) {
  WARD_TRY(const auto chain, pki::parse_certificates(parts.pck_chain_pem));
  const pki::Extension* extension =
      chain.empty() ? nullptr : chain.front().find(dcap::pck_extension_oid());
  if (extension == nullptr) {
    return Error(Errc::kMalformed, "soft.platform: the chain begins with no PCK certificate");
  }
  WARD_CHECK_OK(check_key(chain.front(), parts.pck));
  WARD_TRY(const dcap::PckExtensions pck, dcap::parse_pck_extensions(extension->value));
  for (const dcap::QeIdentity* identity : {&parts.qe_identity, &parts.td_qe_identity}) {
    if (identity->levels.empty()) {
      return Error(Errc::kMalformed, "soft.platform: a quoting enclave's identity has no level");
    }
  }
  Secret<32> mac_key = derive(device_root, "TDREPORT MAC key");
  WARD_TRY(PrivateKey td_attestation, attestation_key(device_root, "TD attestation key"));
  Processor sgx(std::move(device_root), pck.cpu_svn);
  WARD_TRY(PrivateKey attestation, sgx.attestation_key());
  WARD_TRY(QuotingEnclave enclave,
           QuotingEnclave::create(std::move(attestation), parts.pck, parts.qe_identity, pck,
                                  parts.pck_chain_pem));
  WARD_TRY(QuotingEnclave td_enclave,
           QuotingEnclave::create(std::move(td_attestation), parts.pck, parts.td_qe_identity, pck,
                                  parts.pck_chain_pem));
  return IntelProcessor{std::move(sgx),
                        TdxProcessor(std::move(mac_key), pck.cpu_svn, parts.tee_tcb_svn),
                        std::move(enclave), std::move(td_enclave)};
}

Result<snp::VekExtensions> read_vek(Bytes der, const PrivateKey& key) {
  WARD_TRY(const pki::Certificate certificate, pki::parse_certificate(der));
  WARD_CHECK_OK(check_key(certificate, key));
  return snp::parse_vek_extensions(certificate);
}

Result<AmdProcessor> make_amd(const Secret<32>& device_root, AmdParts parts) {
  WARD_TRY(const snp::VekExtensions vcek, read_vek(parts.certificates.vcek, parts.vcek));
  WARD_TRY(const snp::VekExtensions vlek, read_vek(parts.certificates.vlek, parts.vlek));
  const auto line = snp::line_of_name(vcek.product_name);
  std::array<std::uint8_t, 64> chip_id{};
  if (!line || !vcek.hwid || vcek.hwid->size() > chip_id.size()) {
    return Error(Errc::kMalformed, "soft.platform: the VCEK's certificate names no chip");
  }
  std::ranges::copy(*vcek.hwid, chip_id.begin());
  return AmdProcessor{*line,
                      vcek.tcb,
                      vlek.tcb,
                      chip_id,
                      std::move(parts.vcek),
                      std::move(parts.vlek),
                      std::move(parts.certificates),
                      derive(device_root, "SNP root key, VCEK"),
                      derive(device_root, "SNP root key, VLEK"),
                      derive(device_root, "SNP root key, VMRK")};
}

}  // namespace

Result<std::unique_ptr<const Platform>> Platform::create(Secret<32> device_root,
                                                         std::optional<IntelParts> intel,
                                                         std::optional<AmdParts> amd) {
  std::optional<AmdProcessor> amd_processor;
  if (amd) {
    WARD_TRY(amd_processor, make_amd(device_root, *std::move(amd)));
  }
  std::optional<IntelProcessor> intel_processor;
  if (intel) {
    WARD_TRY(intel_processor, make_intel(std::move(device_root), *intel));
  }
  return std::unique_ptr<const Platform>(
      std::make_unique<Platform>(std::move(intel_processor), std::move(amd_processor)));
}

}  // namespace ward::soft
