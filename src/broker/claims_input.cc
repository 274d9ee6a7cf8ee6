#include "broker/claims_input.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/writer.h"
#include "broker/facts.h"
#include "codec/json_write.h"

namespace ward::broker {
namespace {

using attest::ClaimValue;
using codec::JsonWriter;

// How Trustee writes a field that ward reads as a number.
enum class Form : std::uint8_t { kAsIs, kHexLe16, kHexLe32 };

// Alias is a claim under the name that Trustee's policies know it by.
struct Alias {
  std::string_view claim;  // ward's
  std::string_view path;   // Trustee's, a dot between levels
  Form form = Form::kAsIs;
};

// deps/verifier of Trustee: tdx/claims.rs, sgx/claims.rs; of SNP both generations, flat and below
// `evidence`, as its default policy for CPUs reads them.
constexpr std::array kTdx = std::to_array<Alias>({
    {"version", "quote.header.version", Form::kHexLe16},
    {"att_key_type", "quote.header.att_key_type", Form::kHexLe16},
    {"tee_type", "quote.header.tee_type", Form::kHexLe32},
    {"qe_vendor_id", "quote.header.vendor_id"},
    {"user_data", "quote.header.user_data"},
    {"tee_tcb_svn", "quote.body.tcb_svn"},
    {"mr_seam", "quote.body.mr_seam"},
    {"mrsigner_seam", "quote.body.mrsigner_seam"},
    {"seam_attributes", "quote.body.seam_attributes"},
    {"td_attributes", "quote.body.td_attributes"},
    {"xfam", "quote.body.xfam"},
    {"mr_td", "quote.body.mr_td"},
    {"mr_config_id", "quote.body.mr_config_id"},
    {"mr_owner", "quote.body.mr_owner"},
    {"mr_owner_config", "quote.body.mr_owner_config"},
    {"rt_mr0", "quote.body.rtmr_0"},
    {"rt_mr1", "quote.body.rtmr_1"},
    {"rt_mr2", "quote.body.rtmr_2"},
    {"rt_mr3", "quote.body.rtmr_3"},
    {"report_data", "quote.body.report_data"},
    {"mr_config_id", "init_data"},
    {"td_attributes.sept_ve_disable", "td_attributes.septve_disable"},
    {"td_attributes.pks", "td_attributes.protection_keys"},
    {"td_attributes.kl", "td_attributes.key_locker"},
});

constexpr std::array kSgx = std::to_array<Alias>({
    {"version", "header.version", Form::kHexLe16},
    {"att_key_type", "header.att_key_type", Form::kHexLe16},
    {"qe_svn", "header.qe_svn", Form::kHexLe16},
    {"pce_svn", "header.pce_svn", Form::kHexLe16},
    {"qe_vendor_id", "header.vendor_id"},
    {"user_data", "header.user_data"},
    {"cpu_svn", "body.cpu_svn"},
    {"misc_select", "body.misc_select"},
    {"isv_ext_prod_id", "body.isv_ext_prod_id"},
    {"mr_enclave", "body.mr_enclave"},
    {"mr_signer", "body.mr_signer"},
    {"config_id", "body.config_id"},
    {"isv_prod_id", "body.isv_prod_id", Form::kHexLe16},
    {"isv_svn", "body.isv_svn", Form::kHexLe16},
    {"config_svn", "body.config_svn", Form::kHexLe16},
    {"isv_family_id", "body.isv_family_id"},
    {"report_data", "body.report_data"},
    {"config_id", "init_data"},
});

constexpr std::array kSnp = std::to_array<Alias>({
    {"measurement", "evidence.measurement"},
    {"report_data", "evidence.report_data"},
    {"host_data", "evidence.host_data"},
    {"host_data", "init_data"},
    {"vmpl", "evidence.vmpl"},
    {"version", "evidence.version"},
    {"guest_svn", "evidence.guest_svn"},
    {"family_id", "evidence.family_id"},
    {"image_id", "evidence.image_id"},
    {"id_key_digest", "evidence.id_key_digest"},
    {"author_key_digest", "evidence.author_key_digest"},
    {"guest_policy.abi_major", "evidence.policy.abi_major"},
    {"guest_policy.abi_minor", "evidence.policy.abi_minor"},
    {"guest_policy.smt", "evidence.policy.smt_allowed"},
    {"guest_policy.migrate_ma", "evidence.policy.migrate_ma_allowed"},
    {"guest_policy.debug", "evidence.policy.debug_allowed"},
    {"guest_policy.single_socket", "evidence.policy.single_socket_required"},
    {"platform_info.smt_en", "evidence.plat_info.smt_enabled"},
    {"platform_info.tsme_en", "evidence.plat_info.tsme_enabled"},
    {"reported_tcb.bootloader", "evidence.reported_tcb.bootloader"},
    {"reported_tcb.tee", "evidence.reported_tcb.tee"},
    {"reported_tcb.snp", "evidence.reported_tcb.snp"},
    {"reported_tcb.microcode", "evidence.reported_tcb.microcode"},
    {"guest_policy.abi_major", "policy_abi_major"},
    {"guest_policy.abi_minor", "policy_abi_minor"},
    {"guest_policy.smt", "policy_smt_allowed"},
    {"guest_policy.migrate_ma", "policy_migrate_ma"},
    {"guest_policy.debug", "policy_debug_allowed"},
    {"guest_policy.single_socket", "policy_single_socket"},
    {"platform_info.smt_en", "platform_smt_enabled"},
    {"platform_info.tsme_en", "platform_tsme_enabled"},
    {"reported_tcb.bootloader", "reported_tcb_bootloader"},
    {"reported_tcb.tee", "reported_tcb_tee"},
    {"reported_tcb.snp", "reported_tcb_snp"},
    {"reported_tcb.microcode", "reported_tcb_microcode"},
});

std::span<const Alias> aliases_of(std::string_view scheme) {
  if (scheme == "tdx") return kTdx;
  if (scheme == "sgx") return kSgx;
  if (scheme == "snp") return kSnp;
  return {};
}

// Node is a level of the tree: a value's JSON text, or what is below it.
struct Node {
  std::optional<std::string> value;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> below;
};

Node& at(Node& root, std::string_view path) {
  Node* node = &root;
  while (!path.empty()) {
    const auto dot = path.find('.');
    auto& next = node->below[std::string(path.substr(0, dot))];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return *node;
}

Result<std::string> json_of(const ClaimValue& value, Form form) {
  const auto* number = std::get_if<std::uint64_t>(&value);
  if (form != Form::kAsIs && number != nullptr) {
    Writer octets;
    if (form == Form::kHexLe16) {
      octets.u16le(static_cast<std::uint16_t>(*number));
    } else {
      octets.u32le(static_cast<std::uint32_t>(*number));
    }
    return "\"" + to_hex(octets.view()) + "\"";
  }
  JsonWriter w;
  write_claim(w, value);
  return w.take();
}

// The tree is as deep as names have dots: few.
constexpr int kMaxDepth = 16;

void write(JsonWriter& w, const Node& node, int depth) {
  if (node.below.empty() || depth == kMaxDepth) {
    w.raw_json(node.value.value_or("null"));
    return;
  }
  w.begin_object();
  for (const auto& [name, child] : node.below) {
    w.name(name);
    write(w, *child, depth + 1);
  }
  w.end_object();
}

Result<void> add_tcb(Node& root, const attest::Tcb& tcb) {
  JsonWriter advisories;
  advisories.begin_array();
  for (const std::string& id : tcb.advisories) {
    advisories.string(id);
  }
  WARD_TRY(at(root, "advisory_ids").value, advisories.end_array().take());
  if (tcb.status) {
    JsonWriter status;
    WARD_TRY(at(root, "tcb_status").value, status.string(*tcb.status).take());
  }
  if (tcb.date) at(root, "tcb_date").value = "\"" + format_rfc3339(*tcb.date) + "\"";
  return {};
}

Result<void> add(Node& root, std::string_view path, const ClaimValue& value, Form form) {
  WARD_TRY(at(root, path).value, json_of(value, form));
  return {};
}

// A claim by its scheme's own name: Azure's evidence holds the hardware's, "snp.measurement".
struct Named {
  std::string_view scheme;
  std::string_view name;
};

Named named_by(std::string_view scheme, std::string_view name) {
  for (const std::string_view hardware : {"snp.", "tdx."}) {
    if (scheme == "azure" && name.starts_with(hardware)) {
      return {hardware.substr(0, 3), name.substr(hardware.size())};
    }
  }
  return {scheme, name};
}

constexpr std::string_view kPcr = "pcr.";

}  // namespace

Result<std::string> claims_input(const ClaimsOf& of) {
  Node root;
  for (const attest::Claim& claim : of.claims) {
    WARD_CHECK_OK(add(root, claim.name, claim.value, Form::kAsIs));
    const Named named = named_by(of.scheme, claim.name);
    // What Azure's own evidence says under the name is not the hardware's to say.
    if (named.name != claim.name && !at(root, named.name).value) {
      WARD_CHECK_OK(add(root, named.name, claim.value, Form::kAsIs));
    }
    for (const Alias& alias : aliases_of(named.scheme)) {
      if (alias.claim != named.name) continue;
      WARD_CHECK_OK(add(root, alias.path, claim.value, alias.form));
    }
    const auto pcr = named.name.rfind(kPcr);
    if (pcr == 0 || (pcr == 4 && named.name.starts_with("tpm."))) {
      const std::string path = std::string(named.name.substr(0, pcr)) + "pcr" +
                               std::string(named.name.substr(pcr + kPcr.size()));
      WARD_CHECK_OK(add(root, path, claim.value, Form::kAsIs));
    }
  }
  if (of.tcb != nullptr) {
    WARD_CHECK_OK(add_tcb(root, *of.tcb));
    // Expired collateral leaves nothing to be asked: a policy sees what all else accepts.
    if (of.scheme == "tdx") at(root, "collateral_expiration_status").value = "\"0\"";
  }
  JsonWriter w;
  w.begin_object().name(trustee_tee(of.tee));
  if (root.below.empty()) root.value = "{}";
  write(w, root, 0);
  return w.end_object().take();
}

std::string_view trustee_tee(std::string_view tee) {
  if (tee == "azsnpvtpm") return "az-snp-vtpm";
  if (tee == "aztdxvtpm") return "az-tdx-vtpm";
  return tee;
}

}  // namespace ward::broker
