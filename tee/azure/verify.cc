#include "tee/azure/verify.h"

#include <algorithm>

#include "attest/layout.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "tee/azure/tables.h"
#include "tee/dcap/quote.h"
#include "tee/snp/evidence.h"
#include "tee/snp/report.h"
#include "tee/tdx/local_report.h"
#include "tee/tdx/td_report.h"
#include "tee/tpm/structures.h"

namespace ward::azure {
namespace {

constexpr std::size_t kReportDataSize = 64;
constexpr std::uint64_t kDescribedBody = 5;  // the quote's version from which it names its body

struct HashRow {
  std::uint32_t type;
  crypto::Hash hash;
  const char* name;
};

constexpr HashRow kHashes[] = {{hash_type::kSha256, crypto::Hash::kSha256, "SHA-256"},
                               {hash_type::kSha384, crypto::Hash::kSha384, "SHA-384"},
                               {hash_type::kSha512, crypto::Hash::kSha512, "SHA-512"}};

const HashRow* hash_of(std::uint32_t type) {
  const auto* const row = std::ranges::find(kHashes, type, &HashRow::type);
  return row == std::end(kHashes) ? nullptr : row;
}

void show_bound(Context& context, const Hcl& hcl, Bytes hardware, Bytes report_data,
                const HashRow& hash) {
  attest::Work& work = *context.work;
  const std::size_t size = crypto::digest_size(hash.hash);
  attest::Part place = work.part_or_extract(0, hardware, "the hardware's report");
  if (const auto found = work.part(place.material, report_data)) place = *found;
  place.size = size;
  attest::DigestFact fact{.check = &context.checks.info(CheckId::kRuntimeBound),
                          .algorithm = hash.name,
                          .expected = to_buffer(report_data.first(size)),
                          .expected_from = "REPORT_DATA of the hardware's report",
                          .place = place};
  fact.message.push_back(work.part_or_extract(0, hcl.runtime_data,
                                              "runtime data, out of the HCL "
                                              "report"));
  fact.holds = equal(crypto::digest(hash.hash, hcl.runtime_data), fact.expected);
  work.digests.push_back(std::move(fact));
}

void judge_bound(Context& context, const Hcl& hcl, Bytes octets, Bytes report_data) {
  const HashRow* hash = hash_of(hcl.hash_type);
  if (hash == nullptr || report_data.size() != kReportDataSize) return;
  Buffer expected = crypto::digest(hash->hash, hcl.runtime_data);
  expected.resize(kReportDataSize);
  context.checks.record_octets(CheckId::kRuntimeBound, equal(expected, report_data), report_data,
                               {to_hex(expected) + ", " + hash->name + " of the runtime data"});
  if (context.work != nullptr) {
    show_bound(context, hcl, octets, report_data, *hash);
  }
}

void judge_snp(Context& context, const Hcl& hcl) {
  const auto report = snp::parse_report(hcl.hardware);
  if (!report) return;
  context.checks.record(CheckId::kReportVmpl, report->vmpl() == 0, std::to_string(report->vmpl()),
                        {"0, the paravisor's"});
  const bool agent = report->policy_bit(snp::guest_policy::kMigrateMa);
  context.checks.record(CheckId::kReportMigration, !agent, agent ? "true" : "false", {"false"});
}

void judge_tdx(Context& context, const Hcl& hcl, Bytes octets) {
  const Bytes hardware = hcl.hardware;
  const auto local = tdx::parse_local_report(hardware.first(tdx::kLocalReportSize));
  const bool zero = all_zero(hardware.subspan(tdx::kLocalReportSize));
  const char* const fault = zero ? "a report" : "something behind it";
  context.checks.record(CheckId::kTdReportForm, local.has_value() && zero,
                        local ? fault : local.error().what(),
                        {"TDREPORT_STRUCT of 1024 octets, and zeros"});
  const auto quote = dcap::parse_quote(octets, dcap::TeeType::kTdx);
  if (!local || !zero || !quote) return;
  // An extended body of TDX 1.5 has more behind it, which a local report does not state.
  const Buffer all = tdx::write_td_report(local->td, dcap::BodyType::kTdReport15);
  const std::size_t size = std::min(all.size(), quote->body.size());
  const bool same = equal(Bytes(all).first(size), quote->body.first(size));
  context.checks.record(CheckId::kTdReportQuoted, same,
                        same ? "the same" : "another " + to_hex(crypto::sha256(quote->body)),
                        {"a quote of the TD report in the paravisor's"});
}

void add_flag(const char* name, const std::optional<bool>& value, std::vector<attest::Claim>& out) {
  if (value) out.push_back({name, *value});
}

}  // namespace

void take_over(const attest::Findings& from, attest::Findings& out) {
  const Tables& tables = Tables::all();
  for (const attest::Check& check : from.checks) {
    const attest::CheckInfo* info = tables.find(check.info);
    if (info == nullptr) continue;
    attest::Check& own = out.checks.at(tables.index(info));
    own = check;
    own.info = info;
    const bool judged =
        check.outcome != attest::Outcome::kNotDone || check.not_done == attest::NotDone::kAbsent;
    if (judged) own.outcome = attest::settle(*info, check.outcome);
    if (own.outcome != attest::Outcome::kNotDone) own.not_done = attest::NotDone::kNone;
  }
  for (const attest::Claim& claim : from.claims) {
    // In two steps: where memory ends between a temporary's members, g++ 12 destroys one too many.
    attest::Claim& own = out.claims.emplace_back();
    own.name = from.tee + "." + claim.name;
    own.value = claim.value;
  }
  out.notes.insert(out.notes.end(), from.notes.begin(), from.notes.end());
  out.warnings.insert(out.warnings.end(), from.warnings.begin(), from.warnings.end());
}

void rename_work(std::size_t signatures, std::size_t digests, attest::Work& work) {
  const Tables& tables = Tables::all();
  for (std::size_t i = signatures; i < work.signatures.size(); ++i) {
    work.signatures[i].check = tables.find(work.signatures[i].check);
  }
  for (std::size_t i = digests; i < work.digests.size(); ++i) {
    work.digests[i].check = tables.find(work.digests[i].check);
  }
  std::erase_if(work.signatures, [](const auto& fact) { return fact.check == nullptr; });
  std::erase_if(work.digests, [](const auto& fact) { return fact.check == nullptr; });
}

void take_over_work(const attest::Work& from, const std::string& tee, attest::Work& out) {
  std::vector<std::size_t> places;
  for (attest::Material material : from.materials) {
    if (material.kind == attest::MaterialKind::kEvidence) {
      material.kind = attest::MaterialKind::kExtract;
      material.title = "the hardware's evidence, out of the JSON";
    }
    material.object.insert(0, tee + ".");
    places.push_back(out.add(std::move(material)));
  }
  const auto move = [&](attest::Part& part) { part.material = places.at(part.material); };
  const std::size_t signatures = out.signatures.size();
  const std::size_t digests = out.digests.size();
  for (attest::SignatureFact fact : from.signatures) {
    move(fact.key);
    move(fact.message);
    move(fact.signature);
    out.signatures.push_back(std::move(fact));
  }
  for (attest::DigestFact fact : from.digests) {
    std::ranges::for_each(fact.message, move);
    if (fact.place) move(*fact.place);
    out.digests.push_back(std::move(fact));
  }
  rename_work(signatures, digests, out);
}

void not_asked(const char* tee, const std::string& why, attest::Findings& out) {
  const std::string begin = std::string("azure.") + tee + ".";
  for (attest::Check& check : out.checks) {
    if (!std::string_view(check.info->id).starts_with(begin)) continue;
    check.not_done = attest::NotDone::kNotAsked;
    check.found = why;
  }
}

std::optional<Hcl> judge_hcl(Context& context, const Evidence& evidence) {
  CheckList& checks = context.checks;
  auto hcl = parse_hcl(evidence.hcl);
  if (!checks.record(CheckId::kHclForm, hcl.has_value(),
                     hcl ? std::to_string(evidence.hcl.size()) + " octets" : hcl.error(),
                     {"a paravisor's report (HCLA), its sizes in agreement"})) {
    return std::nullopt;
  }
  const bool tdx = is_tdx(evidence.form);
  const std::uint32_t type = tdx ? report_type::kTdx : report_type::kSnp;
  const bool right = checks.record(
      CheckId::kHclReportType, hcl->report_type == type, std::to_string(hcl->report_type),
      {std::to_string(type) +
       (tdx ? ", TDX, as the evidence is" : ", SEV-SNP, as the evidence is")});
  checks.record(CheckId::kHclHashType, hash_of(hcl->hash_type) != nullptr,
                std::to_string(hcl->hash_type), {"1, 2 or 3 (SHA-256, SHA-384, SHA-512)"});
  return right ? std::optional(*std::move(hcl)) : std::nullopt;
}

void judge_hardware(Context& context, const Hcl& hcl, Bytes octets, Bytes report_data) {
  if (hcl.report_type == report_type::kTdx) {
    judge_tdx(context, hcl, octets);
  } else {
    judge_snp(context, hcl);
  }
  judge_bound(context, hcl, octets, report_data);
}

std::optional<crypto::PublicKey> judge_runtime(Context& context, const Hcl& hcl,
                                               std::optional<RuntimeData>& data) {
  auto read = parse_runtime_data(hcl.runtime_data);
  if (!context.checks.record(
          CheckId::kRuntimeForm, read.has_value(),
          read ? std::to_string(hcl.runtime_data.size()) + " octets" : read.error(),
          {"JSON of keys, vm-configuration and user-data"})) {
    return std::nullopt;
  }
  data = *std::move(read);
  for (const std::string& name : data->unknown)
    context.findings.notes.push_back("the runtime data has a member that is not read: " + name);
  auto key = attestation_key(*data);
  if (!context.checks.record(CheckId::kRuntimeAk, key.has_value(),
                             key ? "sha256:" + to_hex(crypto::sha256(key->to_spki())) : key.error(),
                             {"one RSA key called HCLAkPub"})) {
    return std::nullopt;
  }
  return *std::move(key);
}

tpm::Evidence tpm_evidence(const Evidence& evidence, const crypto::PublicKey& ak) {
  return {.form = tpm::Form::kTrustee,
          .attest = evidence.message,
          .signature = tpm::write_signature(
              {.scheme = tpm::alg::kRsassa, .hash = tpm::alg::kSha256, .rsa = evidence.signature}),
          .ak = ak.to_spki(),
          .pcrs = evidence.pcrs};
}

Bytes quote_of(Bytes td_quote) {
  Reader r(td_quote);
  Bytes head;
  std::uint16_t type = 0;
  std::uint32_t body = dcap::kTdReport10Size;
  std::uint32_t rest = 0;
  Bytes part;
  if (!r.bytes(dcap::kHeaderSize, head)) return td_quote;
  const bool described = attest::little_endian(head.first<2>()) == kDescribedBody;
  if (described && (!r.u16le(type) || !r.u32le(body))) return td_quote;
  if (!r.bytes(body, part) || !r.u32le(rest) || !r.bytes(rest, part)) return td_quote;
  return all_zero(r.rest()) ? td_quote.first(td_quote.size() - r.rest().size()) : td_quote;
}

Buffer hardware_evidence(const Evidence& evidence, const Hcl& hcl) {
  if (is_tdx(evidence.form)) return to_buffer(quote_of(evidence.td_quote));
  static constexpr const char* kKinds[kMaxVcekChain] = {"VCEK", "ASK", "ARK"};
  std::vector<snp::TableEntry> table;
  for (std::size_t i = 0; i < evidence.vcek.size() && i < kMaxVcekChain; ++i)
    table.push_back({kKinds[i], evidence.vcek[i]});
  return concat({hcl.hardware, snp::write_table(table)});
}

void add_claims(const Evidence& evidence, const Hcl& hcl, const std::optional<RuntimeData>& data,
                std::vector<attest::Claim>& out) {
  out.push_back({"hardware", std::string(is_tdx(evidence.form) ? "tdx" : "snp")});
  out.push_back({"hcl.version", std::uint64_t{hcl.version}});
  if (!data) return;
  add_flag("vm.secure_boot", data->secure_boot, out);
  add_flag("vm.console_enabled", data->console_enabled, out);
  add_flag("vm.tpm_enabled", data->tpm_enabled, out);
  add_flag("vm.tpm_persisted", data->tpm_persisted, out);
  if (data->vm_unique_id) out.push_back({"vm.unique_id", *data->vm_unique_id});
  if (data->root_cert_thumbprint && !data->root_cert_thumbprint->empty()) {
    out.push_back({"vm.root_cert_thumbprint", *data->root_cert_thumbprint});
  }
  if (data->current_time) out.push_back({"vm.current_time", *data->current_time});
  if (data->user_data) out.push_back({"user_data", *data->user_data});
}

}  // namespace ward::azure
