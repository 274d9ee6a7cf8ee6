#include "tee/sgx/scheme.h"

#include <algorithm>

#include "attest/fields.h"
#include "tee/dcap/fields.h"

namespace ward::sgx {
namespace {

namespace field = dcap::report_body;
using dcap::CheckId;

constexpr attest::CheckInfo kChecks[] = {
#define WARD_DCAP_CHECK(name, id, reference, meaning, hint) {"sgx." id, reference, meaning, hint},
#define WARD_DCAP_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"sgx." id, reference, meaning, hint},
#include "tee/dcap/checks.def"
#undef WARD_DCAP_CHECK
#undef WARD_DCAP_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"sgx." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/dcap/fields.def"
#include "tee/sgx/fields.def"
#undef WARD_FIELD
};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"sgx." id, claim, form},
#include "tee/dcap/fields.def"
#include "tee/sgx/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/sgx/policy.def"
#undef WARD_POLICY_LINE
};

const dcap::Profile& profile() {
  static const dcap::Profile sgx_profile = {
      .name = "sgx",
      .title = "Intel SGX (DCAP ECDSA quote, versions 3 to 5)",
      .media_type = "application/vnd.intel.sgx.quote",
      .measurement_size = 32,
      .workload_size = 64,
      .tee = dcap::TeeType::kSgx,
      .ids = {.tcb_info = "SGX", .qe_identity = "QE"},
      .checks = kChecks,
      .policy_at = static_cast<std::size_t>(CheckId::kEnd),
      .fields = kFields,
      .tcb_statuses = dcap::acceptable_tcb_statuses(false),
      .default_policy = kDefaultPolicy};
  return sgx_profile;
}

}  // namespace

Sgx::Sgx() : QuoteScheme(profile()) {}

std::vector<attest::LayoutField> Sgx::body_layout(const dcap::Quote& quote) const {
  std::vector<attest::LayoutField> out;
  dcap::add_report_body_layout(quote.report(), quote.body_at, "report_body.", out);
  return out;
}

dcap::PlatformOctets Sgx::platform_octets(const dcap::Quote& /*quote*/) const { return {}; }

void Sgx::add_body_claims(const dcap::Quote& quote, attest::ClaimList& out) const {
  const dcap::ReportBody body = quote.report();
  dcap::add_report_body_claims(body, out);
  out.flag("debug", body.debug());
  out.flag("provision_key", body.provision_key());
  out.flag("kss", body.kss());
}

void Sgx::fill_facts(const dcap::Quote& quote, attest::Facts& facts) const {
  const dcap::ReportBody body = quote.report();
  facts.debug = body.debug();
  assign(body.get<field::ReportData>(), facts.report_data);
  assign(body.get<field::MrEnclave>(), facts.measurement);
  assign(body.get<field::ConfigId>(), facts.workload);
  assign(body.get<field::MrSigner>(), facts.signer);
}

void Sgx::check_body(dcap::Context& /*context*/, const dcap::Quote& /*quote*/,
                     std::span<const attest::Document* const> /*documents*/) const {}

std::optional<dcap::PlatformTcb> Sgx::match_tcb(dcap::Context& context,
                                                const dcap::Quote& /*quote*/,
                                                const dcap::PckExtensions& pck,
                                                const dcap::Named<dcap::TcbInfo>& info,
                                                const dcap::QeTcbLevel* /*qe_level*/) const {
  const auto& levels = info.value.levels;
  const auto level =
      std::ranges::find_if(levels, [&](const dcap::TcbLevel& l) { return dcap::reaches(pck, l); });
  const dcap::TcbLevel* found = level == levels.end() ? nullptr : &*level;
  dcap::record_level(context, pck, found, info, "");
  if (found == nullptr) return std::nullopt;
  return dcap::PlatformTcb{.status = found->status,
                           .date = found->tcb_date,
                           .advisories = found->advisory_ids,
                           .parts = {dcap::part_of("TCB info", *found)},
                           .behind = dcap::sgx_behind(pck, info.value)};
}

}  // namespace ward::sgx
