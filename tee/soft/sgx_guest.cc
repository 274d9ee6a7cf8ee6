#include "tee/soft/sgx_guest.h"

#include "codec/json_write.h"

namespace ward::soft {
namespace {

class SgxGuest final : public Guest {
 public:
  SgxGuest(const IntelProcessor& processor, const Face& face, const EnclaveIdentity& identity)
      : processor_(processor), face_(face), identity_(identity) {}

  [[nodiscard]] const Face& face() const override { return face_; }

  [[nodiscard]] Buffer launch_measurement() const override {
    return to_buffer(identity_.mr_enclave);
  }

  [[nodiscard]] Result<GuestEvidence> evidence(ReportData report_data) override {
    const Buffer report =
        processor_.sgx.report(identity_, processor_.quoting_enclave.target_info(), report_data);
    GuestEvidence out;
    WARD_TRY(out.octets, quote_report(processor_.sgx, processor_.quoting_enclave, report,
                                      std::get<QuoteForm>(face_.form)));
    codec::JsonWriter w;
    w.begin_object().member("quote", to_base64(out.octets, Base64::kStandard));
    WARD_TRY(out.primary, w.end_object().take());
    return out;
  }

  [[nodiscard]] Result<Buffer> local_report(Bytes target, ReportData report_data) const override {
    WARD_TRY(const sgx::TargetInfo info, sgx::parse_target_info(target));
    return processor_.sgx.report(identity_, info, report_data);
  }

  [[nodiscard]] Buffer own_target() const override {
    return sgx::write_target_info(processor_.sgx.target_of(identity_));
  }

  [[nodiscard]] Result<void> verify_report(Bytes report) const override {
    if (report.size() < sgx::kLocalReportSize) {
      return Error(Errc::kTruncated, "soft.verify_report: size, not 432", report.size());
    }
    if (report.size() > sgx::kLocalReportSize) {
      return Error(Errc::kMalformed, "soft.verify_report: size, not 432", report.size());
    }
    if (!processor_.sgx.verify_report(report, processor_.sgx.target_of(identity_))) {
      return Error(Errc::kUntrusted,
                   "soft.verify_report: not made on this platform for this keep (MAC)");
    }
    return {};
  }

  [[nodiscard]] Result<SecretBytes> derive_key(Bytes request) const override {
    WARD_TRY(const sgx::KeyRequest parsed, sgx::parse_key_request(request));
    WARD_TRY(const Secret<16> key, processor_.sgx.get_key(identity_, parsed));
    return SecretBytes::copy_of(key.expose());
  }

  Result<void> extend(unsigned, Bytes) override {
    return Error(Errc::kUnsupported, "soft.extend: SGX measures nothing at run time");
  }

 private:
  const IntelProcessor& processor_;
  const Face& face_;
  EnclaveIdentity identity_;
};

}  // namespace

Result<std::unique_ptr<Guest>> launch_sgx(const IntelProcessor& processor, const Face& face,
                                          const Launch& launch) {
  EnclaveIdentity identity;
  identity.mr_enclave = mr_enclave_of(launch.runtime);
  WARD_TRY(identity.config_id, config_id_of(launch.workload));
  identity.debug = launch.debug;
  if (!launch.signature.empty()) WARD_CHECK_OK(apply_sigstruct(launch.signature, identity));
  return std::unique_ptr<Guest>(std::make_unique<SgxGuest>(processor, face, identity));
}

}  // namespace ward::soft
