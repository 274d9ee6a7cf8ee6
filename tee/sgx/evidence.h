#pragma once

#include <cstdint>
#include <vector>

#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tee/dcap/certification.h"
#include "tee/dcap/checks.h"
#include "tee/dcap/report_body.h"

namespace ward::sgx {

// SGX ECDSA quote version 3, sgx_quote3_t (Intel SGX ECDSA Quote Library Reference, Appendix A.4).
// Sizes in octets.
inline constexpr std::size_t kHeaderSize = 48;
inline constexpr std::size_t kSignedSize = kHeaderSize + dcap::kReportBodySize;
inline constexpr std::size_t kMaxQuoteSize = 128U << 10U;

namespace header {
using Version = Field<0, 2>;
using AttKeyType = Field<2, 2>;
using AttKeyData0 = Field<4, 4>;  // reserved in version 3; tee_type from version 4 on
using QeSvn = Field<8, 2>;
using PceSvn = Field<10, 2>;
using QeVendorId = Field<12, 16>;
using UserData = Field<28, 20>;
static_assert(
    covers<Version, AttKeyType, AttKeyData0, QeSvn, PceSvn, QeVendorId, UserData>(kHeaderSize));
}  // namespace header

inline constexpr std::array<std::uint8_t, kHeaderSize> kNoHead{};

// Quote views a version 3 quote. Borrows the buffer given to parse_quote. Nothing in it is
// authenticated.
struct Quote {
  Bytes raw;
  std::span<const std::uint8_t, kHeaderSize> head{kNoHead};
  dcap::ReportBody::Raw body{dcap::kNoReport};
  Bytes signature;        // of header and body, by the attestation key
  Bytes attestation_key;  // x || y
  dcap::QeEvidence qe;
  dcap::QeLayout qe_layout;

  [[nodiscard]] Bytes signed_part() const { return raw.first(kSignedSize); }
};

// What is wrong with the form, as the check that it fails.
struct FormError {
  dcap::CheckId check;
  Error error;
};

// parse_quote reads one quote with nothing behind it. Form only: sizes, version, key type, vendor,
// reserved bytes.
[[nodiscard]] Result<Quote, FormError> parse_quote(Bytes in);

// QuoteParts is what a quote is written from.
struct QuoteParts {
  std::uint16_t qe_svn = 0;
  std::uint16_t pce_svn = 0;
  std::array<std::uint8_t, 20> user_data{};
  Buffer body;  // kReportBodySize octets
  Buffer signature;
  Buffer attestation_key;
  Buffer qe_report;
  Buffer qe_signature;
  Buffer auth_data;
  std::uint16_t certification_type = dcap::certification::kPckChain;
  Buffer certification_data;
};

// write_signed_part gives header and body, which the attestation key signs; write_quote the whole:
// parse_quote's inverse.
[[nodiscard]] Buffer write_signed_part(const QuoteParts& parts);
[[nodiscard]] Buffer write_quote(const QuoteParts& parts);

// quote_layout lists every field of the quote, reserved ones included, without gap or overlap.
[[nodiscard]] std::vector<attest::LayoutField> quote_layout(const Quote& quote);

// quote_claims lists header and body fields under the specification's names.
[[nodiscard]] std::vector<attest::Claim> quote_claims(const Quote& quote);

// 939a7233-f79c-4ca9-940a-0db3957f0607: Intel's quoting enclave.
[[nodiscard]] Bytes intel_qe_vendor_id();

}  // namespace ward::sgx
