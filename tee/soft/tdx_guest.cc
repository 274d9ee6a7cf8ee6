#include "tee/soft/tdx_guest.h"

#include <algorithm>

#include "codec/json_write.h"
#include "tee/soft/td_log.h"

namespace ward::soft {
namespace {

// x87, SSE, AVX, AVX-512, PKRU (Intel SDM volume 1, 13.1).
constexpr std::uint64_t kXfam = 0x2e7;

class TdxGuest final : public Guest {
 public:
  TdxGuest(const IntelProcessor& processor, const Face& face, const tdx::TdReportParts& td,
           TdLog log)
      : processor_(processor), face_(face), td_(td), log_(std::move(log)) {}

  [[nodiscard]] const Face& face() const override { return face_; }

  [[nodiscard]] Buffer launch_measurement() const override { return to_buffer(td_.mr_td); }

  [[nodiscard]] Result<GuestEvidence> evidence(ReportData report_data) override {
    // The quoting enclave for TDs signs nothing that its platform did not report.
    WARD_TRY(const tdx::TdReportParts td, processor_.tdx.verify(report(report_data)));
    const auto& form = std::get<QuoteForm>(face_.form);
    GuestEvidence out;
    WARD_TRY(out.octets,
             processor_.td_quoting_enclave.quote(tdx::write_td_report(td, form.body), form));
    out.documents = {{"ccel.bin", log_.log()}};
    codec::JsonWriter w;
    w.begin_object().member("quote", to_base64(out.octets, Base64::kStandard));
    w.member("cc_eventlog", to_base64(out.documents.front().bytes, Base64::kStandard));
    WARD_TRY(out.primary, w.end_object().take());
    return out;
  }

  [[nodiscard]] Result<Buffer> local_report(Bytes target, ReportData report_data) const override {
    if (!target.empty()) {
      return Error(Errc::kMalformed,
                   "soft.local_report: on TDX a local report is for the whole platform: no target");
    }
    return report(report_data);
  }

  [[nodiscard]] Result<void> verify_report(Bytes report) const override {
    WARD_CHECK_OK(processor_.tdx.verify(report));
    return {};
  }

  [[nodiscard]] Result<SecretBytes> derive_key(Bytes) const override {
    return Error(Errc::kUnsupported, "soft.derive_key: TDX 1.5 has no sealing keys");
  }

  Result<void> extend(unsigned index, Bytes event_data) override {
    return log_.extend(index, event_data);
  }

 private:
  [[nodiscard]] Buffer report(ReportData report_data) const {
    tdx::TdReportParts td = td_;
    td.rt_mr = log_.registers();
    std::ranges::copy(report_data, td.report_data.begin());
    return processor_.tdx.report(td);
  }

  const IntelProcessor& processor_;
  const Face& face_;
  tdx::TdReportParts td_;
  TdLog log_;
};

}  // namespace

Result<std::unique_ptr<Guest>> launch_tdx(const IntelProcessor& processor, const Face& face,
                                          const Launch& launch) {
  if (!launch.signature.empty()) {
    return Error(Errc::kUnsupported, "soft.launch: a TD takes no launch signature");
  }
  WARD_TRY(TdLog log, TdLog::create(launch.canonical));
  tdx::TdReportParts td;
  td.td_attributes = std::uint64_t{1} << tdx::td_attributes::kSeptVeDisable;
  if (launch.debug) td.td_attributes |= std::uint64_t{1} << tdx::td_attributes::kDebug;
  td.xfam = kXfam;
  td.mr_td = mr_td_of(launch.runtime);
  td.mr_config_id = launch.workload;
  return std::unique_ptr<Guest>(std::make_unique<TdxGuest>(processor, face, td, std::move(log)));
}

}  // namespace ward::soft
