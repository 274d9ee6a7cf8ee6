#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "tee/soft/quoting_enclave.h"
#include "tee/soft/world.h"
#include "tee/tcg/event_log.h"
#include "tee/tdx/td_report.h"

// One SGX or TDX platform with a workload on it, with its facts before anything is signed and with
// its quote and documents after, so that one can be changed.
namespace ward::soft {

// DcapFace is one kind of quote that the development platform makes.
struct DcapFace {
  const char* name = "";  // for people
  QuoteForm form;

  [[nodiscard]] bool tdx() const { return form.tee() == dcap::TeeType::kTdx; }

  // prefix is what the ids of its checks begin with.
  [[nodiscard]] std::string prefix() const { return tdx() ? "tdx." : "sgx."; }
};

// DcapStage is everything that a quote and its documents are made of.
struct DcapStage {
  DcapFace face;
  DcapKeys keys;
  crypto::PrivateKey attestation;
  DcapWorld world;
  dcap::QeIdentity quoting_enclave;            // what the quoting enclave really is
  EnclaveIdentity enclave;                     // of an SGX face, as the next
  std::array<std::uint8_t, 64> report_data{};  // a TD's stands in `td`
  tdx::TdReportParts td;                       // of a TDX face, as the next
  tcg::LogParts log;                           // what was measured into the TD's registers
  Signing signing = Signing::kFresh;

  [[nodiscard]] Buffer body() const;

  // expectations are what the workload really is, as a relying party would state it.
  [[nodiscard]] attest::Expectations expectations() const;
};

// default_log is what a good TD's firmware, boot loader, kernel and guest measured, one register
// after the other.
[[nodiscard]] tcg::LogParts default_log();

// default_td is a TD whose measurements all differ, on a platform that is up to date, with the
// registers that `log` gives and no service TD.
[[nodiscard]] Result<tdx::TdReportParts> default_td(const tcg::LogParts& log);

// measure_log writes the values that the log gives into the TD's registers.
[[nodiscard]] Result<void> measure_log(const tcg::LogParts& log, tdx::TdReportParts& td);

// good_stage states a platform that is up to date, whose documents are valid from `from` for `days`
// days, and a good workload.
[[nodiscard]] Result<DcapStage> good_stage(const DcapFace& face, DcapKeys keys,
                                           crypto::PrivateKey attestation, UnixTime from,
                                           unsigned days, crypto::Rng& rng);

// DcapMade is what a stage came to, signed.
struct DcapMade {
  DcapCollateral collateral;
  attest::Collateral documents;  // without the PCK chain, which is in the quote
  dcap::QuoteParts parts;
  std::optional<Buffer> quote;  // where set, used instead of the parts

  // whole is the quote as octets, to change one.
  Buffer& whole() {
    if (!quote) quote = dcap::write_quote(parts);
    return *quote;
  }
};

[[nodiscard]] Result<DcapMade> sign_stage(const DcapStage& stage);

}  // namespace ward::soft
