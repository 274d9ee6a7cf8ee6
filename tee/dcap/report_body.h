#pragma once

#include <cstdint>
#include <vector>

#include "attest/appraisal.h"
#include "attest/field_table.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/reader.h"

namespace ward::dcap {

// sgx_report_body_t (Intel SGX ECDSA Quote Library Reference, A.4, Enclave Report Body; SDM volume
// 3D, REPORT). Octets.
inline constexpr std::size_t kReportBodySize = 384;

namespace report_body {
using CpuSvn = Field<0, 16>;
using MiscSelect = Field<16, 4>;
using Reserved1 = Field<20, 12>;
using IsvExtProdId = Field<32, 16>;
using Attributes = Field<48, 16>;
using MrEnclave = Field<64, 32>;
using Reserved2 = Field<96, 32>;
using MrSigner = Field<128, 32>;
using Reserved3 = Field<160, 32>;
using ConfigId = Field<192, 64>;
using IsvProdId = Field<256, 2>;
using IsvSvn = Field<258, 2>;
using ConfigSvn = Field<260, 2>;
using Reserved4 = Field<262, 42>;
using IsvFamilyId = Field<304, 16>;
using ReportData = Field<320, 64>;
static_assert(covers<CpuSvn, MiscSelect, Reserved1, IsvExtProdId, Attributes, MrEnclave, Reserved2,
                     MrSigner, Reserved3, ConfigId, IsvProdId, IsvSvn, ConfigSvn, Reserved4,
                     IsvFamilyId, ReportData>(kReportBodySize));
}  // namespace report_body

// ReportBody views an enclave report of exactly kReportBodySize octets. Borrows them; nothing is
// authenticated.
class ReportBody {
 public:
  using Raw = std::span<const std::uint8_t, kReportBodySize>;

  explicit ReportBody(Raw raw) : raw_(raw) {}

  [[nodiscard]] Bytes raw() const { return raw_; }

  template <class F>
  [[nodiscard]] Bytes get() const {
    return F::in(raw_);
  }

  // u16 reads a little-endian field of two octets.
  template <class F>
  [[nodiscard]] std::uint16_t u16() const {
    static_assert(F::kEnd - F::kBegin == 2);
    const auto b = F::in(raw_);
    return static_cast<std::uint16_t>(b[0] | (b[1] << 8U));
  }

  // debug is bit 1 of ATTRIBUTES.FLAGS (SDM volume 3D, 34.7.1).
  [[nodiscard]] bool debug() const { return (report_body::Attributes::in(raw_)[0] & 2U) != 0; }

  // provision_key is bit 4 of ATTRIBUTES.FLAGS: the enclave may read the platform's provisioning
  // key, which identifies the platform to whoever the enclave tells.
  [[nodiscard]] bool provision_key() const {
    return (report_body::Attributes::in(raw_)[0] & 0x10U) != 0;
  }

  // kss is bit 7 of ATTRIBUTES.FLAGS: CONFIGID, CONFIGSVN, ISVFAMILYID and ISVEXTPRODID are in use.
  [[nodiscard]] bool kss() const { return (report_body::Attributes::in(raw_)[0] & 0x80U) != 0; }

  // reserved_zero is true where all four reserved fields are zero.
  [[nodiscard]] bool reserved_zero() const;

 private:
  Raw raw_;
};

// add_report_body_layout lists every field, reserved ones included, at `offset`, with `prefix`
// before each name.
void add_report_body_layout(const ReportBody& body, std::size_t offset, const std::string& prefix,
                            std::vector<attest::LayoutField>& out);

// add_report_body_claims lists the fields that say something, under the specification's names.
void add_report_body_claims(const ReportBody& body, attest::ClaimList& out);

}  // namespace ward::dcap
