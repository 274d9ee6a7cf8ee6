#include "tee/soft/processor.h"

#include "base/writer.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "crypto/rng.h"
#include "tee/sgx/sigstruct.h"
#include "tee/soft/derive.h"

namespace ward::soft {
namespace {

using crypto::Hash;

constexpr std::string_view kSalt = "ward software TEE, SGX face, 1";
constexpr std::uint8_t kInit = 0x01;  // ATTRIBUTES.FLAGS
constexpr std::uint8_t kDebug = 0x02;
constexpr std::uint8_t kAlwaysMasked = kInit | kDebug;

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

Result<void> apply_sigstruct(Bytes sigstruct, EnclaveIdentity& enclave) {
  WARD_TRY(const sgx::Sigstruct s, sgx::parse_sigstruct(sigstruct));
  WARD_CHECK_OK(sgx::verify_sigstruct(s));
  if (s.enclave_hash != enclave.mr_enclave) {
    return Error(Errc::kUntrusted, "soft.launch: SIGSTRUCT is for another image (ENCLAVEHASH)");
  }
  auto attributes = enclave.attributes();
  attributes[0] &= static_cast<std::uint8_t>(~kInit);  // EINIT sets it later
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const auto differs =
        static_cast<std::uint8_t>((attributes.at(i) ^ s.attributes.at(i)) & s.attribute_mask.at(i));
    if (i == 0 && (differs & kDebug) != 0) {
      return enclave.debug
                 ? Error(Errc::kDenied, "soft.launch: SIGSTRUCT does not allow debugging (--debug)")
                 : Error(Errc::kDenied, "soft.launch: SIGSTRUCT is for debugging alone (--debug)");
    }
    if (differs != 0) {
      return Error(Errc::kDenied, "soft.launch: SIGSTRUCT demands other ATTRIBUTES, octet", i);
    }
  }
  for (std::size_t i = 0; i < s.misc_mask.size(); ++i) {
    if ((s.misc_select.at(i) & s.misc_mask.at(i)) != 0) {
      return Error(Errc::kDenied, "soft.launch: SIGSTRUCT demands another MISCSELECT, octet", i);
    }
  }
  if ((s.cet_attributes & s.cet_attributes_mask) != 0) {
    return Error(Errc::kDenied, "soft.launch: SIGSTRUCT demands other CET_ATTRIBUTES");
  }
  enclave.mr_signer = s.mr_signer();
  enclave.isv_prod_id = s.isv_prod_id;
  enclave.isv_svn = s.isv_svn;
  enclave.isv_ext_prod_id = s.isv_ext_prod_id;
  enclave.isv_family_id = s.isv_family_id;
  return {};
}

Processor::Processor(Secret<32> device_root, std::array<std::uint8_t, 16> cpu_svn)
    : device_root_(std::move(device_root)), cpu_svn_(cpu_svn) {}

Secret<16> Processor::report_key(const sgx::TargetInfo& target, Bytes key_id) const {
  return crypto::hkdf<16>(
      Hash::kSha256, device_root_.expose(), as_bytes(kSalt),
      labelled("report key", {sgx::write_target_info(target), key_id, cpu_svn_}));
}

Buffer Processor::report(const EnclaveIdentity& caller, const sgx::TargetInfo& target,
                         std::span<const std::uint8_t, 64> report_data) const {
  const Buffer body = report_body(caller, cpu_svn_, report_data);
  // The key id only has to differ between reports whose keys should differ: the body's digest does.
  const auto key_id = crypto::sha256(body);
  const auto key = report_key(target, key_id);
  const auto mac = crypto::cmac_aes128(key.expose(), body);
  return concat({body, key_id, mac});
}

bool Processor::verify_report(Bytes report, const sgx::TargetInfo& target) const {
  const auto raw = to_array<sgx::kLocalReportSize>(report);
  if (!raw) return false;
  const std::span<const std::uint8_t, sgx::kLocalReportSize> all = *raw;
  const auto key = report_key(target, sgx::local_report::KeyId::in(all));
  return ct_equal(crypto::cmac_aes128(key.expose(), sgx::local_report::Body::in(all)),
                  sgx::local_report::Mac::in(all));
}

sgx::TargetInfo Processor::target_of(const EnclaveIdentity& enclave) const {
  const Buffer body = report_body(enclave, cpu_svn_, std::array<std::uint8_t, 64>{});
  return sgx::target_info_of(dcap::ReportBody(Bytes(body).first<dcap::kReportBodySize>()));
}

Result<Secret<16>> Processor::get_key(const EnclaveIdentity& caller,
                                      const sgx::KeyRequest& request) const {
  switch (request.key_name) {
    case sgx::key_name::kReport:
      // What the key is bound to, EREPORT says; the request gives the key id alone.
      return report_key(target_of(caller), request.key_id);
    case sgx::key_name::kSeal:
      break;
    case sgx::key_name::kEinitToken:
    case sgx::key_name::kProvision:
    case sgx::key_name::kProvisionSeal:
      return Error(Errc::kDenied,
                   "soft.get_key: a key for EINITTOKENKEY or PROVISIONKEY, which no keep has",
                   request.key_name);
    default:
      return Error(Errc::kUnsupported, "soft.get_key: KEYNAME", request.key_name);
  }
  if (request.isv_svn > caller.isv_svn) {
    return Error(Errc::kDenied, "soft.get_key: an ISVSVN above this keep's own", request.isv_svn);
  }
  if (request.config_svn > caller.config_svn) {
    return Error(Errc::kDenied, "soft.get_key: a CONFIGSVN above this keep's own",
                 request.config_svn);
  }
  for (std::size_t i = 0; i < cpu_svn_.size(); ++i) {
    if (request.cpu_svn.at(i) > cpu_svn_.at(i)) {
      return Error(Errc::kDenied, "soft.get_key: a CPUSVN above this platform's, component", i);
    }
  }
  return seal_key(caller, request);
}

// The key dependencies of SEAL_KEY (SDM volume 3D, EGETKEY), in one octet string of a fixed size.
Secret<16> Processor::seal_key(const EnclaveIdentity& caller,
                               const sgx::KeyRequest& request) const {
  namespace policy = sgx::key_policy;
  const auto named = [&](std::uint16_t bit) { return (request.key_policy & bit) != 0; };
  // INIT and DEBUG always count, whatever the mask leaves out: otherwise a debug enclave, which the
  // host may look into, would get the keys of the production enclave that it was made from.
  auto mask = request.attribute_mask;
  mask[0] |= kAlwaysMasked;
  auto attributes = caller.attributes();
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    attributes.at(i) &= mask.at(i);
  }
  Writer w;
  const auto add = [&](bool is_named, Bytes value) {
    is_named ? w.bytes(value) : w.zeros(value.size());
  };
  w.u16le(request.key_name);
  w.u16le(request.key_policy);
  w.u16le(request.isv_svn);
  w.u16le(named(policy::kNoIsvProdId) ? std::uint16_t{0} : caller.isv_prod_id);
  w.u16le(named(policy::kConfigId) ? request.config_svn : std::uint16_t{0});
  w.u8(request.cet_attributes_mask);
  w.bytes(request.cpu_svn);
  w.bytes(attributes);
  w.bytes(request.attribute_mask);
  w.bytes(request.misc_mask);  // MISCSELECT is zero
  add(named(policy::kMrEnclave), caller.mr_enclave);
  add(named(policy::kMrSigner), caller.mr_signer);
  add(named(policy::kConfigId), caller.config_id);
  add(named(policy::kIsvFamilyId), caller.isv_family_id);
  add(named(policy::kIsvExtProdId), caller.isv_ext_prod_id);
  w.bytes(request.key_id);
  return crypto::hkdf<16>(Hash::kSha256, device_root_.expose(), as_bytes(kSalt),
                          labelled("seal key", {w.view()}));
}

Result<crypto::PrivateKey> Processor::attestation_key() const {
  const auto seed = crypto::hkdf<32>(Hash::kSha256, device_root_.expose(), as_bytes(kSalt),
                                     labelled("attestation key", {}));
  crypto::SeededRng rng(seed.expose());
  return crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
}

Result<Buffer> quote_report(const Processor& processor, const QuotingEnclave& enclave, Bytes report,
                            const QuoteForm& form) {
  if (report.size() != sgx::kLocalReportSize) {
    return Error(Errc::kMalformed, "soft.quote: report size", report.size());
  }
  if (!processor.verify_report(report, enclave.target_info())) {
    return Error(Errc::kUntrusted, "soft.quote: report MAC");
  }
  return enclave.quote(report.first(dcap::kReportBodySize), form);
}

}  // namespace ward::soft
