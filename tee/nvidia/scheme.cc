#include "tee/nvidia/scheme.h"

#include <algorithm>
#include <array>
#include <utility>

#include "attest/fields.h"
#include "tee/nvidia/device_list.h"
#include "tee/nvidia/verify.h"
#include "tee/x509/given.h"
#include "tee/x509/work.h"

namespace ward::nvidia {
namespace {

constexpr attest::CheckInfo kChecks[] = {
#define WARD_NVIDIA_CHECK(name, id, reference, meaning, hint) \
  {"nvidia." id, reference, meaning, hint},
#define WARD_NVIDIA_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/nvidia/checks.def"
#undef WARD_NVIDIA_CHECK
#undef WARD_NVIDIA_POLICY_CHECK
#define WARD_NVIDIA_CHECK(name, id, reference, meaning, hint)
#define WARD_NVIDIA_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"nvidia." id, reference, meaning, hint},
#include "tee/nvidia/checks.def"
#undef WARD_NVIDIA_CHECK
#undef WARD_NVIDIA_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"nvidia." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/nvidia/fields.def"
#undef WARD_FIELD
};

// The words that claims of words may have.
constexpr const char* kArchs[] = {"HOPPER", "BLACKWELL", "LS10"};
constexpr const char* kModes[] = {"SPT", "MPT", "PPCIE"};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"nvidia." id, claim, form},
#include "tee/nvidia/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/nvidia/policy.def"
#undef WARD_POLICY_LINE
};

// What a device brings that no other has: its report, two certificates, and an OCSP response.
constexpr std::size_t kSearchedPerDevice = 8;

constexpr auto kPolicyAt = static_cast<std::size_t>(CheckId::kEnd);

std::span<const attest::CheckInfo> own_checks() {
  return std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt);
}

std::span<const attest::CheckInfo> field_checks() {
  return std::span<const attest::CheckInfo>(kChecks).last(std::size(kFields));
}

// SHA-256 of the SubjectPublicKeyInfo of the roots that NVIDIA publishes in nvtrust and in its
// attestation SDK; Trustee pins the same.
const attest::Anchor kAnchors[] = {
    {.spki_sha256 = {0xa9, 0x0c, 0x4e, 0xb5, 0xac, 0xfd, 0x3e, 0x3d, 0x03, 0xa2, 0x5d,
                     0xb6, 0xa2, 0x6b, 0x84, 0xf7, 0x20, 0xad, 0x05, 0x03, 0x19, 0x6c,
                     0x62, 0x7c, 0x21, 0xdd, 0xd4, 0x8d, 0xd8, 0x5b, 0x06, 0xa4},
     .name = "NVIDIA Device Identity CA"},
    {.spki_sha256 = {0xde, 0xc1, 0xdc, 0x31, 0x64, 0x77, 0xaa, 0x85, 0x1e, 0xeb, 0xdf,
                     0x51, 0x32, 0x7a, 0xe9, 0xf8, 0x64, 0xbc, 0x8d, 0x89, 0x25, 0x46,
                     0x57, 0xed, 0x1e, 0x7e, 0xb9, 0x16, 0x8a, 0xf1, 0xe1, 0xa3},
     .name = "NVIDIA CoRIM signing Root CA"}};

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &kChecks[kPolicyAt + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.debug_check = info(PolicyCheckId::kDebug);
  facts.memory = attest::MemoryKept::kIsolated;
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.workload_check = info(PolicyCheckId::kWorkload);
  facts.development_check = info(PolicyCheckId::kDevelopment);
  facts.product_check = info(PolicyCheckId::kProduct);
  facts.chip_check = info(PolicyCheckId::kChip);
  for (const CheckId id : {CheckId::kOcspPresent, CheckId::kOcspSignature, CheckId::kOcspThisUpdate,
                           CheckId::kOcspNextUpdate, CheckId::kOcspRevocation}) {
    facts.revocation_checks.push_back(&kChecks[static_cast<std::size_t>(id)]);
  }
  return facts;
}

// The checks of the form, in the order in which they are made.
constexpr std::pair<CheckId, const char*> kFormChecks[] = {
    {CheckId::kEvidenceForm, "a report, or a list of devices"},
    {CheckId::kReportRequest, "GET_MEASUREMENTS of SPDM 1.1"},
    {CheckId::kReportResponse, "MEASUREMENTS of SPDM 1.1"},
    {CheckId::kReportRecord, "DMTF measurements"},
    {CheckId::kReportOpaque, "NVIDIA's fields"}};

// record_form records the checks of the form up to the one that failed, if any.
void record_form(CheckList& checks, FormError* error) {
  for (const auto& [id, text] : kFormChecks) {
    if (error != nullptr && error->check == id) {
      checks.record(id, false, error->found, {error->expected});
      return;
    }
    checks.record(id, true, text, {text});
  }
}

void add_claims(const Report& report, const Device& device, std::vector<attest::Claim>& out) {
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.push_back({name, value});
  };
  const auto flag = [&](const char* name, std::optional<bool> value) {
    if (value) out.push_back({name, *value});
  };
  out.push_back({"nonce", to_buffer(report.nonce)});
  text("driver_version", device.driver_version);
  text("vbios_version", device.vbios_version);
  text("project", device.project);
  text("project_sku", device.project_sku);
  text("chip_sku", device.chip_sku);
  if (device.fwid) out.push_back({"fwid", *device.fwid});
  flag("nvdec0_enabled", device.nvdec0);
  flag("protected_pcie", device.protected_pcie);
  text("mode", device.mode);
  if (const OpaqueField* board = report.field(opaque::kBoardId)) {
    out.push_back({"board_id", board->data});
  }
  out.push_back({"response_nonce", to_buffer(report.response_nonce)});
  for (const Measurement& m : report.measurements)
    out.push_back({"measurement." + std::to_string(m.index), m.value});
}

void record_nonce(CheckList& checks, const DeviceEvidence& evidence, const Report& report,
                  const std::optional<Buffer>& first) {
  const Buffer own = to_buffer(report.nonce);
  const Buffer& stated = evidence.nonce ? *evidence.nonce : own;
  const Buffer& shared = first ? *first : own;
  const bool passed = own == stated && own == shared;
  checks.record(CheckId::kEvidenceNonce, passed, to_hex(own),
                {to_hex(own == stated ? shared : stated) +
                 (own == stated ? ", the first device's" : ", as stated beside the report")});
}

// verify_one verifies one device; `first` is the nonce that the first of its list answered.
JudgedDevice verify_one(const attest::Job& job, const DeviceEvidence& evidence,
                        x509::Given<Documents>& given, std::optional<Buffer>& first) {
  JudgedDevice out{{}, to_buffer(crypto::sha256(evidence.report))};
  attest::Findings& found = out.findings;
  found.tee = "nvidia";
  found.facts = facts_without_values();
  CheckList checks(own_checks(), found.checks);
  auto parsed = parse_report(evidence.report);
  if (auto* error = std::get_if<FormError>(&parsed)) {
    record_form(checks, error);
    return out;
  }
  const Report& report = std::get<Report>(parsed);
  auto read = read_device(report);
  if (auto* error = std::get_if<FormError>(&read)) {
    record_form(checks, error);
    return out;
  }
  const Device& device = std::get<Device>(read);
  record_form(checks, nullptr);
  record_nonce(checks, evidence, report, first);
  if (!first) first = to_buffer(report.nonce);
  Context context{checks, given.collateral(), job.anchors, job.now,
                  found,  given.signatures(), job.work};
  const DeviceFacts facts = verify_device(context, evidence, report, device);
  // The chip's own key: that of its firmware changes with the firmware.
  if (!facts.links.empty()) {
    out.identity = to_buffer(facts.links.front().certificate.spki_sha256);
  } else if (facts.leaf) {
    out.identity = to_buffer(facts.leaf->spki_sha256);
  }
  RimFacts rims = verify_rims(context, report, device, facts.chip);
  std::vector<Link> links = facts.links;
  links.insert(links.end(), rims.links.begin(), rims.links.end());
  record_ocsp(context, links, facts.chain_complete && rims.all_known);
  if (facts.chip) {
    found.facts.products = {arch_name(facts.chip->arch), facts.chip->name};
    found.claims.push_back({"arch", std::string(arch_name(facts.chip->arch))});
    found.claims.push_back({"chip", facts.chip->name});
  }
  add_claims(report, device, found.claims);
  found.facts.debug = rims.debug;
  return out;
}

void report_ill_formed(FormError wrong, attest::Findings& out) {
  out = {};
  out.tee = "nvidia";
  out.facts = facts_without_values();
  CheckList checks(own_checks(), out.checks);
  record_form(checks, &wrong);
  attest::write_field_facts(field_checks(), kFields, {}, out.facts.fields);
}

Error form_failure(CheckId check) {
  if (check == CheckId::kReportRequest) {
    return {Errc::kMalformed, "no SPDM 1.1 request for all measurements, signed"};
  }
  if (check == CheckId::kReportResponse) {
    return {Errc::kMalformed, "no whole SPDM 1.1 MEASUREMENTS response"};
  }
  if (check == CheckId::kReportRecord) {
    return {Errc::kMalformed, "the measurement blocks are malformed or out of order"};
  }
  if (check == CheckId::kReportOpaque) {
    return {Errc::kMalformed, "NVIDIA's fields behind the measurements are malformed"};
  }
  return {Errc::kMalformed, "neither a device's report nor a list of devices"};
}

// One device whose form is right, for those who only look.
struct Seen {
  DeviceEvidence evidence;
  Report report;
  Device device;

  // The chip that a certificate names that came along, or the list's word; nobody vouches for it.
  [[nodiscard]] std::optional<Chip> stated_chip() const {
    if (const auto chip = chip_of_name(device.chip)) return chip;
    const auto certificates = pki::parse_certificates(evidence.certificates);
    if (certificates) {
      if (auto chip = chip_of(certificates->front())) return chip;
    }
    const auto arch = arch_of_name(evidence.arch);
    if (arch == Arch::kHopper) return Chip{Arch::kHopper, "GH100"};
    if (arch == Arch::kBlackwell) return Chip{Arch::kBlackwell, "GB100"};
    return std::nullopt;
  }
};

Result<std::vector<Seen>> form_only(Bytes octets) {
  auto parsed = parse_evidence(octets);
  if (const auto* error = std::get_if<FormError>(&parsed)) return form_failure(error->check);
  std::vector<Seen> out;
  for (DeviceEvidence& device : std::get<Evidence>(parsed).devices) {
    auto report = parse_report(device.report);
    if (const auto* error = std::get_if<FormError>(&report)) return form_failure(error->check);
    auto read = read_device(std::get<Report>(report));
    if (const auto* error = std::get_if<FormError>(&read)) return form_failure(error->check);
    out.push_back({std::move(device), std::move(std::get<Report>(report)),
                   std::move(std::get<Device>(read))});
  }
  return out;
}

bool contains(Bytes evidence, std::string_view text) {
  return as_text(evidence).find(text) != std::string_view::npos;
}

// "device.2." where there are several.
std::string prefix(std::size_t index, std::size_t count) {
  return count == 1 ? "" : "device." + std::to_string(index + 1) + ".";
}

}  // namespace

std::span<const attest::Anchor> pinned_anchors() { return kAnchors; }

attest::SchemeInfo Nvidia::info() const {
  return {.name = "nvidia",
          .title = "NVIDIA GPUs and NVSwitches (SPDM 1.1 measurements)",
          .media_type = "application/vnd.nvidia.gpu-evidence+json",
          .report_data_size = kNonceSize,
          .measurement_size = 48,
          .workload_size = 0,
          .checks = kChecks,
          .fields = kFields,
          .anchors = kAnchors,
          .default_policy = kDefaultPolicy,
          .products = kArchs};
}

attest::Recognition Nvidia::recognises(Bytes evidence) const {
  using attest::Recognition;
  if (looks_like_json(evidence)) {
    const bool list = contains(evidence, "\"device_evidence_list\"") ||
                      contains(evidence, "\"evidence_list\"") ||
                      contains(evidence, "\"detached_eat\"");
    const bool device = contains(evidence, "\"evidence\"") && contains(evidence, "\"arch\"");
    return list || device ? Recognition::kSure : Recognition::kNo;
  }
  static constexpr std::array<std::uint8_t, 4> kRequest = {0x11, 0xe0, 0x01, 0xff};
  static constexpr std::string_view kRequestHex = "11e001ff";
  static constexpr std::array<std::uint8_t, 3> kResponse = {0x11, 0x60, 0x00};
  if (as_text(evidence).starts_with(kRequestHex)) return Recognition::kSure;
  const auto stands = [&](Bytes mark, std::size_t at) {
    return evidence.size() >= at + mark.size() && evidence[at] == mark.front() &&
           equal(evidence.subspan(at, mark.size()), mark);
  };
  if (stands(kRequest, 0) || stands(kResponse, kRequestSize)) return Recognition::kSure;
  return stands(Bytes(kRequest).first(2), 0) ? Recognition::kDamaged : Recognition::kNo;
}

Result<std::vector<attest::Claim>> Nvidia::inspect(Bytes evidence) const {
  WARD_TRY(const std::vector<Seen> all, form_only(evidence));
  std::vector<attest::Claim> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<attest::Claim> own;
    if (!all[i].evidence.arch.empty()) own.push_back({"stated_arch", all[i].evidence.arch});
    add_claims(all[i].report, all[i].device, own);
    for (attest::Claim& claim : own) {
      claim.name = prefix(i, all.size()) + claim.name;
      out.push_back(std::move(claim));
    }
  }
  return out;
}

Result<std::vector<attest::LayoutField>> Nvidia::layout(Bytes evidence) const {
  WARD_TRY(const std::vector<Seen> all, form_only(evidence));
  std::vector<attest::LayoutField> out;
  std::size_t at = 0;
  const auto add = [&](std::size_t end, std::string name, const char* type) {
    if (end > at) out.push_back({at, end - at, std::move(name), type, ""});
    at = end;
  };
  if (looks_like_json(evidence)) {
    std::size_t number = 0;
    for (const auto& [begin, end] : evidence_places(evidence)) {
      add(begin, "json", "JSON text");
      add(end, "device." + std::to_string(++number) + ".report", "report, encoded");
    }
    add(evidence.size(), "json", "JSON text");
  } else if (equal(evidence, all.front().evidence.report)) {
    add_report_layout(evidence, 0, out);
  } else {
    add(evidence.size(), "report", "report, in hexadecimal digits");
  }
  return out;
}

Result<std::vector<attest::CollateralRequest>> Nvidia::needs(Bytes evidence) const {
  WARD_TRY(const std::vector<Seen> all, form_only(evidence));
  std::vector<attest::CollateralRequest> out;
  const auto add = [&](const char* kind, CheckId check, std::string key, std::string address) {
    const auto same = std::ranges::any_of(
        out, [&](const auto& one) { return one.kind == kind && one.key == key; });
    if (same) return;
    out.push_back(
        {kind, std::move(key), kChecks[static_cast<std::size_t>(check)].id, std::move(address)});
  };
  const std::string service = "https://rim.attestation.nvidia.com/v1/rim/";
  for (const Seen& seen : all) {
    if (seen.evidence.certificates.empty()) {
      add("nvidia.device_chain", CheckId::kDeviceChainPresent, "the device's certificates", "");
    }
    const auto chip = seen.stated_chip();
    if (!seen.device.is_switch() && chip) {
      const std::string id = driver_rim_id(seen.device, *chip);
      add("nvidia.driver_rim", CheckId::kDriverRimPresent, id, service + id);
    } else if (!seen.device.is_switch()) {
      add("nvidia.driver_rim", CheckId::kDriverRimPresent, seen.device.driver_version, "");
    }
    const std::string id = vbios_rim_id(seen.device);
    add("nvidia.vbios_rim", CheckId::kVbiosRimPresent, id, service + id);
  }
  add("nvidia.ocsp", CheckId::kOcspPresent, "OCSP responses on the certificates of both chains",
      "https://ocsp.ndis.nvidia.com");
  return out;
}

std::unique_ptr<const attest::Prepared> Nvidia::prepare(
    const attest::Collateral& collateral) const {
  return std::make_unique<x509::PreparedSet<Documents>>(collateral,
                                                        sorted(x509::all_of(collateral)), nullptr);
}

Result<void> Nvidia::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "report"));
  auto parsed = parse_evidence(job.evidence);
  if (auto* error = std::get_if<FormError>(&parsed)) {
    report_ill_formed(std::move(*error), out);
    return {};
  }
  x509::Given<Documents> given(job, nullptr, sorted);
  std::vector<JudgedDevice> devices;
  std::optional<Buffer> first;
  Buffer records;
  for (const DeviceEvidence& device : std::get<Evidence>(parsed).devices) {
    given.signatures().allow(kSearchedPerDevice);
    devices.push_back(verify_one(job, device, given, first));
    if (devices.back().findings.claims.empty()) continue;  // its form is wrong
    const Bytes record = measurement_record(device.report);
    records.insert(records.end(), record.begin(), record.end());
  }
  out = join_devices(std::move(devices), kFields);
  for (const x509::Malformed& m : given.collateral().x509.unknown)
    out.notes.push_back("not recognised: " + m.name + ": " + m.why);
  if (first) out.facts.report_data = *first;
  if (!records.empty()) out.facts.measurement = to_buffer(crypto::sha384(records));
  attest::write_field_facts(field_checks(), kFields, out.claims, out.facts.fields);
  return {};
}

}  // namespace ward::nvidia
