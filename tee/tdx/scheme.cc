#include "tee/tdx/scheme.h"

#include <algorithm>

#include "attest/fields.h"
#include "tee/dcap/fields.h"
#include "tee/tcg/event_log.h"
#include "tee/tdx/checks.h"
#include "tee/tdx/event_log.h"
#include "tee/tdx/tcb.h"
#include "tee/tdx/td_report.h"

namespace ward::tdx {
namespace {

using attest::Origin;

constexpr attest::CheckInfo kChecks[] = {
#define WARD_DCAP_CHECK(name, id, reference, meaning, hint) {"tdx." id, reference, meaning, hint},
#define WARD_DCAP_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/dcap/checks.def"
#undef WARD_DCAP_CHECK
#undef WARD_DCAP_POLICY_CHECK
#define WARD_TDX_CHECK(name, id, reference, meaning, hint) {"tdx." id, reference, meaning, hint},
#include "tee/tdx/checks.def"
#undef WARD_TDX_CHECK
#define WARD_DCAP_CHECK(name, id, reference, meaning, hint)
#define WARD_DCAP_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"tdx." id, reference, meaning, hint},
#include "tee/dcap/checks.def"
#undef WARD_DCAP_CHECK
#undef WARD_DCAP_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"tdx." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/dcap/fields.def"
#include "tee/tdx/fields.def"
#undef WARD_FIELD
};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"tdx." id, claim, form},
#include "tee/dcap/fields.def"
#include "tee/tdx/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/tdx/policy.def"
#undef WARD_POLICY_LINE
};

const dcap::Profile& profile() {
  static const dcap::Profile tdx_profile = {
      .name = "tdx",
      .title = "Intel TDX (DCAP ECDSA quote, versions 4 and 5)",
      .media_type = "application/vnd.intel.tdx.quote",
      .measurement_size = 48,
      .workload_size = 48,
      .tee = dcap::TeeType::kTdx,
      .own_document = tcg::is_event_log,
      .ids = {.tcb_info = "TDX", .qe_identity = "TD_QE"},
      .checks = kChecks,
      .policy_at = static_cast<std::size_t>(check_id(OwnCheck::kEnd)),
      .fields = kFields,
      .tcb_statuses = dcap::acceptable_tcb_statuses(true),
      .default_policy = kDefaultPolicy};
  return tdx_profile;
}

// PCS API v4, TCB info: what is found, under the mask, equals the value as it stands. A value with
// a bit outside its mask fits no module.
bool equal_under_mask(Bytes found, Bytes want, Bytes mask) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    if ((found[i] & mask[i]) != want[i]) return false;
  }
  return true;
}

// Records what the TDX module is; false where nothing more can be said of it.
bool record_module(dcap::Context& context, const TdReport& report,
                   const dcap::Named<dcap::TcbInfo>& info) {
  dcap::CheckList& checks = context.checks;
  const std::string version = "version " + std::to_string(report.module_version());
  const dcap::TdxModule* module = module_identity(info.value, report.module_version());
  if (!checks.record(check_id(OwnCheck::kModuleIdentity), module != nullptr, version,
                     {"an identity for it", Origin::kCollateral, info.origin()})) {
    return false;
  }
  const Bytes signer = report.get<td_report::MrSignerSeam>();
  checks.record(check_id(OwnCheck::kModuleMrSigner), equal(signer, module->mr_signer),
                to_hex(signer), {to_hex(module->mr_signer), Origin::kCollateral, info.origin()});
  const Bytes attributes = report.get<td_report::SeamAttributes>();
  checks.record(check_id(OwnCheck::kModuleAttributes),
                equal_under_mask(attributes, module->attributes, module->attributes_mask),
                to_hex(attributes),
                {to_hex(module->attributes) + " under mask " + to_hex(module->attributes_mask),
                 Origin::kCollateral, info.origin()});
  return true;
}

// Before modules 1.5 the TCB levels judge the module too.
bool record_module_level(dcap::Context& context, const TdReport& report, const TdxLevels& levels,
                         const dcap::Named<dcap::TcbInfo>& info) {
  const bool by_identity = report.module_version() > 0;
  const unsigned svn = report.get<td_report::TeeTcbSvn>()[0];
  return context.checks.record(
      check_id(OwnCheck::kModuleLevel), !by_identity || levels.module != nullptr,
      by_identity ? "ISVSVN " + std::to_string(svn) : "judged by the platform's TCB level",
      {"at least the lowest level", Origin::kCollateral, info.origin()});
}

// What the platform lacks against the newest level, and what its module lacks against its own. A
// TD that need only be launched anew lacks nothing else.
std::vector<std::string> tdx_behind(const dcap::TcbInfo& info, const TdxLevels& levels,
                                    const dcap::PckExtensions& pck, const TdReport& report,
                                    dcap::TcbStatus status) {
  if (status == dcap::TcbStatus::kTdRelaunchAdvised ||
      status == dcap::TcbStatus::kTdRelaunchAdvisedConfigurationNeeded) {
    return {"the TD was launched under an older TDX module than runs now: launch it again"};
  }
  std::vector<std::string> out = dcap::sgx_behind(pck, info);
  const Bytes svn = report.get<td_report::TeeTcbSvn>();
  const std::size_t from = first_platform_component(svn);
  Buffer newest = to_buffer(info.levels.front().tdx_components);
  std::copy_n(svn.begin(), from, newest.begin());  // the module's identity judges these
  dcap::add_behind("TDX", svn, newest, info.tdx_names, out);
  const dcap::TdxModule* module = module_identity(info, report.module_version());
  if (levels.module != nullptr && levels.module->isv_svn < module->levels.front().isv_svn) {
    out.push_back("the TDX module's level is " + std::to_string(levels.module->isv_svn) +
                  ", the newest of its version has " +
                  std::to_string(module->levels.front().isv_svn));
  }
  return out;
}

dcap::PlatformTcb join(dcap::Context& context, const TdxLevels& levels, dcap::TcbStatus status,
                       std::vector<std::string> behind) {
  dcap::PlatformTcb out{.status = status,
                        .date = levels.tdx->tcb_date,
                        .advisories = levels.tdx->advisory_ids,
                        .parts = {dcap::part_of("TCB info", *levels.tdx)},
                        .behind = std::move(behind)};
  if (levels.module == nullptr) return out;
  const dcap::SvnLevel& module = *levels.module;
  out.date = std::min(out.date, module.tcb_date);
  out.advisories.insert(out.advisories.end(), module.advisory_ids.begin(),
                        module.advisory_ids.end());
  out.parts.push_back(dcap::part_of("TDX module", module));
  auto& claims = context.findings.claims;
  claims.push_back({"tdx_module.status", std::string(dcap::tcb_status_text(module.status))});
  claims.push_back({"tdx_module.tcb_date", format_rfc3339(module.tcb_date)});
  return out;
}

}  // namespace

Tdx::Tdx() : QuoteScheme(profile()) {}

std::vector<attest::LayoutField> Tdx::body_layout(const dcap::Quote& quote) const {
  return TdReport(quote).layout();
}

// What the levels of a TCB info and the identities of modules judge: the module and its version.
dcap::PlatformOctets Tdx::platform_octets(const dcap::Quote& quote) const {
  const TdReport report(quote);
  static_assert(td_report::TeeTcbSvn::kBegin == 0 &&
                td_report::MrSeam::kBegin == td_report::TeeTcbSvn::kEnd &&
                td_report::MrSignerSeam::kBegin == td_report::MrSeam::kEnd &&
                td_report::SeamAttributes::kBegin == td_report::MrSignerSeam::kEnd);
  return {quote.body.first(td_report::SeamAttributes::kEnd), report.tee_tcb_svn2()};
}

void Tdx::add_body_claims(const dcap::Quote& quote, attest::ClaimList& out) const {
  TdReport(quote).add_claims(out);
}

void Tdx::fill_facts(const dcap::Quote& quote, attest::Facts& facts) const {
  const TdReport report(quote);
  facts.debug = report.under_debug();
  assign(report.get<td_report::ReportData>(), facts.report_data);
  assign(report.get<td_report::MrTd>(), facts.measurement);
  assign(report.get<td_report::MrConfigId>(), facts.workload);
  facts.signer.clear();
}

void Tdx::check_body(dcap::Context& context, const dcap::Quote& quote,
                     std::span<const attest::Document* const> documents) const {
  const TdReport report(quote);
  context.checks.record_octets(check_id(OwnCheck::kTdAttributesReserved), report.reserved_zero(),
                               report.get<td_report::TdAttributes>(),
                               {"no unknown bit among 63:8"});
  check_event_log(context, quote, documents);
}

std::optional<dcap::PlatformTcb> Tdx::match_tcb(dcap::Context& context, const dcap::Quote& quote,
                                                const dcap::PckExtensions& pck,
                                                const dcap::Named<dcap::TcbInfo>& info,
                                                const dcap::QeTcbLevel* qe_level) const {
  const TdReport report(quote);
  const TdxLevels levels = find_levels(info.value, pck, report);
  const bool module =
      record_module(context, report, info) && record_module_level(context, report, levels, info);
  dcap::record_level(context, pck, levels.tdx, info,
                     ", TEE_TCB_SVN " + to_hex(report.get<td_report::TeeTcbSvn>()));
  if (!module || levels.tdx == nullptr) return std::nullopt;
  const auto status = platform_status(info.value, levels, report, qe_level);
  if (status) {
    return join(context, levels, *status, tdx_behind(info.value, levels, pck, report, *status));
  }
  context.checks.record(check_id(OwnCheck::kModuleIdentity), false,
                        "the module that runs now, TEE_TCB_SVN2 " + to_hex(report.tee_tcb_svn2()),
                        {"an identity for it", Origin::kCollateral, info.origin()});
  return std::nullopt;
}

}  // namespace ward::tdx
