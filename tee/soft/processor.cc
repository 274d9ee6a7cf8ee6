#include "tee/soft/processor.h"

#include "base/writer.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "crypto/rng.h"
#include "tee/soft/derive.h"

namespace ward::soft {
namespace {

using crypto::Hash;

constexpr std::string_view kSalt = "ward software TEE, SGX face, 1";
constexpr std::size_t kKeyIdSize = 32;

}  // namespace

crypto::Sha256Digest mr_enclave_of(Bytes runtime) {
  return crypto::sha256(labelled("ward software TEE MRENCLAVE 1", {runtime}));
}

Result<std::array<std::uint8_t, 64>> config_id_of(Bytes workload) {
  std::array<std::uint8_t, 64> out{};
  if (workload.size() > out.size()) {
    return Error(Errc::kMalformed, "soft: workload digest", workload.size());
  }
  std::copy(workload.begin(), workload.end(), out.begin());
  return out;
}

Processor::Processor(Secret<32> device_root, std::array<std::uint8_t, 16> cpu_svn)
    : device_root_(std::move(device_root)), cpu_svn_(cpu_svn) {}

Secret<16> Processor::report_key(const crypto::Sha256Digest& target, Bytes key_id) const {
  return crypto::hkdf<16>(Hash::kSha256, device_root_.expose(), as_bytes(kSalt),
                          labelled("report key", {target, key_id, cpu_svn_}));
}

Buffer Processor::report(const EnclaveIdentity& caller, const crypto::Sha256Digest& target,
                         std::span<const std::uint8_t, 64> report_data) const {
  const Buffer body = report_body(caller, cpu_svn_, report_data);
  // The key id only has to differ between reports whose keys should differ: the body's digest does.
  const auto key_id = crypto::sha256(body);
  const auto key = report_key(target, key_id);
  const auto mac = crypto::cmac_aes128(key.expose(), body);
  return concat({body, key_id, mac});
}

bool Processor::verify_report(Bytes report, const crypto::Sha256Digest& target) const {
  if (report.size() != kReportSize) return false;
  const Bytes body = report.first(dcap::kReportBodySize);
  const Bytes key_id = report.subspan(dcap::kReportBodySize, kKeyIdSize);
  const auto key = report_key(target, key_id);
  return ct_equal(crypto::cmac_aes128(key.expose(), body),
                  report.subspan(dcap::kReportBodySize + kKeyIdSize));
}

Result<Secret<16>> Processor::get_key(const EnclaveIdentity& caller,
                                      const KeyRequest& request) const {
  if (request.isv_svn > caller.isv_svn)
    return Error(Errc::kDenied, "soft.get_key: ISVSVN", request.isv_svn);
  if (request.name == KeyName::kReport) return report_key(caller.mr_enclave, request.key_id);
  constexpr std::uint16_t kKnown =
      key_policy::kMrEnclave | key_policy::kMrSigner | key_policy::kConfigId;
  const bool bound = (request.policy & (key_policy::kMrEnclave | key_policy::kMrSigner)) != 0;
  if (!bound || (request.policy & ~kKnown) != 0) {
    return Error(Errc::kUnsupported, "soft.get_key: KEYPOLICY", request.policy);
  }
  Writer w;
  w.u16le(request.policy);
  w.u16le(request.isv_svn);
  w.u16le(caller.isv_prod_id);
  w.u8(caller.debug ? 1 : 0);
  const bool by_enclave = (request.policy & key_policy::kMrEnclave) != 0;
  const bool by_signer = (request.policy & key_policy::kMrSigner) != 0;
  const bool by_config = (request.policy & key_policy::kConfigId) != 0;
  return crypto::hkdf<16>(
      Hash::kSha256, device_root_.expose(), as_bytes(kSalt),
      labelled("seal key", {w.view(), by_enclave ? Bytes(caller.mr_enclave) : Bytes(),
                            by_signer ? Bytes(caller.mr_signer) : Bytes(),
                            by_config ? Bytes(caller.config_id) : Bytes(), request.key_id}));
}

Result<crypto::PrivateKey> Processor::attestation_key() const {
  const auto seed = crypto::hkdf<32>(Hash::kSha256, device_root_.expose(), as_bytes(kSalt),
                                     labelled("attestation key", {}));
  crypto::SeededRng rng(seed.expose());
  return crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
}

crypto::Sha256Digest QuotingService::mr_enclave() {
  return crypto::sha256(as_bytes("ward development quoting enclave"));
}

Result<Buffer> QuotingService::quote(Bytes report) const {
  if (report.size() != kReportSize)
    return Error(Errc::kMalformed, "soft.quote: report size", report.size());
  if (!processor_.verify_report(report, mr_enclave()))
    return Error(Errc::kUntrusted, "soft.quote: report MAC");
  return enclave_.quote(report.first(dcap::kReportBodySize));
}

}  // namespace ward::soft
