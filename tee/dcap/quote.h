#pragma once

#include <cstdint>
#include <vector>

#include "attest/claim_list.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tee/dcap/certification.h"
#include "tee/dcap/checks.h"
#include "tee/dcap/report_body.h"

namespace ward::dcap {

// ECDSA quotes of version 3 (Intel SGX ECDSA Quote Library Reference, A.4), 4 and 5 (Intel TDX DCAP
// Quoting Library API, A.3: sgx_quote4_t, sgx_quote5_t). Sizes in octets.
inline constexpr std::size_t kHeaderSize = 48;
inline constexpr std::size_t kBodyDescriptorSize = 6;  // version 5: type and size of the body
inline constexpr std::size_t kTdReport10Size = 584;
inline constexpr std::size_t kTdReport15Size = 648;
inline constexpr std::size_t kTdReport15ExSize = 885;
inline constexpr std::size_t kMaxQuoteSize = 128U << 10U;

enum class TeeType : std::uint32_t { kSgx = 0, kTdx = 0x81 };

// BodyType is version 5's word for what the quote's body is; versions 3 and 4 have no choice.
enum class BodyType : std::uint16_t {
  kSgxReport = 1,
  kTdReport10 = 2,
  kTdReport15 = 3,
  kTdReport15Ex = 4
};

// body_size is how many octets a body of this type has.
[[nodiscard]] std::size_t body_size(BodyType type);

namespace header {
using Version = Field<0, 2>;
using AttKeyType = Field<2, 2>;
using TeeTypeField = Field<4, 4>;  // reserved, and so 0, in version 3
using QeSvn = Field<8, 2>;         // reserved from version 4 on
using PceSvn = Field<10, 2>;       // reserved from version 4 on
using QeVendorId = Field<12, 16>;
using UserData = Field<28, 20>;
static_assert(
    covers<Version, AttKeyType, TeeTypeField, QeSvn, PceSvn, QeVendorId, UserData>(kHeaderSize));
}  // namespace header

inline constexpr std::array<std::uint8_t, kHeaderSize> kNoHead{};

// Quote views a quote. Borrows the buffer given to parse_quote. Nothing in it is authenticated.
struct Quote {
  Bytes raw;
  std::span<const std::uint8_t, kHeaderSize> head{kNoHead};
  std::uint16_t version = 0;
  BodyType body_type = BodyType::kSgxReport;
  std::size_t body_at = 0;
  Bytes body;             // body_size(body_type) octets
  Bytes signature;        // of header, descriptor and body, by the attestation key
  Bytes attestation_key;  // x || y
  QeEvidence qe;
  QeLayout qe_layout;

  [[nodiscard]] Bytes signed_part() const { return raw.first(body_at + body.size()); }

  // report is the body of an SGX quote.
  [[nodiscard]] ReportBody report() const { return ReportBody(body.first<kReportBodySize>()); }
};

// What is wrong with the form, as the check that it fails.
struct FormError {
  CheckId check{};
  Error error;
};

// parse_quote reads one quote of `tee` with nothing behind it. Form only: sizes, version, key type,
// TEE type, vendor, reserved octets.
[[nodiscard]] Result<Quote, FormError> parse_quote(Bytes in, TeeType tee);

// QuoteParts is what a quote is written from.
struct QuoteParts {
  std::uint16_t version = 3;
  TeeType tee = TeeType::kSgx;
  BodyType body_type = BodyType::kSgxReport;  // written in version 5
  std::uint16_t qe_svn = 0;                   // written in version 3
  std::uint16_t pce_svn = 0;                  // written in version 3
  std::array<std::uint8_t, 20> user_data{};
  Buffer body;
  Buffer signature;
  Buffer attestation_key;
  Buffer qe_report;
  Buffer qe_signature;
  Buffer auth_data;
  std::uint16_t certification_type = certification::kPckChain;
  Buffer certification_data;
};

// write_signed_part gives header, descriptor and body, which the attestation key signs; write_quote
// the whole: parse_quote's inverse.
[[nodiscard]] Buffer write_signed_part(const QuoteParts& parts);
[[nodiscard]] Buffer write_quote(const QuoteParts& parts);

// parts_of takes a quote apart: write_quote(parts_of(q)) is q again.
[[nodiscard]] QuoteParts parts_of(const Quote& quote);

// quote_layout lists every field of the quote, reserved ones included, without gap or overlap;
// `body` are those of the body.
[[nodiscard]] std::vector<attest::LayoutField> quote_layout(const Quote& quote,
                                                            std::vector<attest::LayoutField> body);

// add_claims_before and add_claims_behind list the fields under the specification's names: those
// that stand before the body's, and those behind.
void add_claims_before(const Quote& quote, attest::ClaimList& out);
void add_claims_behind(const Quote& quote, attest::ClaimList& out);

// 939a7233-f79c-4ca9-940a-0db3957f0607: Intel's quoting enclave.
[[nodiscard]] Bytes intel_qe_vendor_id();

}  // namespace ward::dcap
