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
        processor_.sgx.report(identity_, QuotingService::mr_enclave(), report_data);
    // The quoting enclave signs nothing that its processor did not report.
    if (!processor_.sgx.verify_report(report, QuotingService::mr_enclave()))
      return Error(Errc::kInternal, "soft.evidence: report MAC");
    GuestEvidence out;
    WARD_TRY(out.octets,
             processor_.quoting_enclave.quote(Bytes(report).first(dcap::kReportBodySize),
                                              std::get<QuoteForm>(face_.form)));
    codec::JsonWriter w;
    w.begin_object().member("quote", to_base64(out.octets, Base64::kStandard));
    WARD_TRY(out.primary, w.end_object().take());
    return out;
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
  return std::unique_ptr<Guest>(std::make_unique<SgxGuest>(processor, face, identity));
}

}  // namespace ward::soft
