#include "test/differential/mutations.h"

#include <algorithm>
#include <vector>

#include "test/differential/tdx_mutations.h"

namespace ward::differential {
namespace {

using namespace soft::fixture;  // NOLINT(google-build-using-namespace): written in its words
using dcap::TcbStatus;

constexpr TcbStatus kStatuses[] = {
    TcbStatus::kUpToDate,
    TcbStatus::kSwHardeningNeeded,
    TcbStatus::kConfigurationNeeded,
    TcbStatus::kConfigurationAndSwHardeningNeeded,
    TcbStatus::kOutOfDate,
    TcbStatus::kOutOfDateConfigurationNeeded,
    TcbStatus::kRevoked,
};

TcbStatus any_status(Dice& d) { return d.pick(kStatuses); }

std::vector<std::string> some_advisories(Dice& d) {
  std::vector<std::string> out;
  for (std::uint32_t i = d.below(4); i > 0; --i) {
    out.push_back("INTEL-SA-" + std::to_string(10'000 + d.below(6)));
  }
  return out;
}

// A moment before, at or after the time of the appraisal.
UnixTime some_time(Dice& d) {
  constexpr std::int64_t kOffsets[] = {-40LL * 86400, -1, 0, 1, 86400, 400LL * 86400};
  return UnixTime{kNow.seconds + d.pick(kOffsets)};
}

void tcb_levels(Stage& s, Dice& d) {
  auto& levels = s.world.tcb_info.levels;
  if (levels.empty()) return;
  const dcap::TcbLevel model = levels.front();
  levels.resize(d.below(6), model);
  for (dcap::TcbLevel& level : levels) {
    level = model;
    for (std::uint32_t i = d.below(4); i > 0; --i) {
      auto& component = level.sgx_components.at(d.below(16));
      component = d.near(component);
    }
    level.pce_svn = d.near(level.pce_svn);
    level.status = any_status(d);
    level.advisory_ids = some_advisories(d);
  }
}

void platform_svns(Stage& s, Dice& d) {
  for (std::uint32_t i = d.below(4); i > 0; --i) {
    const std::uint32_t at = d.below(16);
    s.world.pck.tcb_components.at(at) = d.near(s.world.pck.tcb_components.at(at));
    s.world.pck.cpu_svn.at(at) = s.world.pck.tcb_components.at(at);
  }
  s.world.pck.pce_svn = d.near(s.world.pck.pce_svn);
}

// The report's CPUSVN differs from the PCK certificate's, which decides.
void cpu_svn_of_certificate(Stage& s, Dice& d) { s.world.pck.cpu_svn.at(d.below(16)) = d.octet(); }

void platform_kind(Stage& s, Dice& d) {
  s.world.pck.sgx_type = static_cast<std::uint8_t>(d.below(3));
  if (d.one_in(3)) s.world.pck.platform_instance_id.reset();
  if (d.one_in(3)) s.world.pck.dynamic_platform = d.one_in(2);
  if (d.one_in(3)) s.world.pck.cached_keys = d.one_in(2);
  if (d.one_in(3)) s.world.pck.smt_enabled.reset();
}

void platform_ids(Stage& s, Dice& d) {
  if (d.one_in(2)) {
    auto& octet = s.world.tcb_info.fmspc.at(d.below(6));
    octet = d.near(octet);
  } else {
    auto& octet = s.world.tcb_info.pce_id.at(d.below(2));
    octet = d.near(octet);
  }
}

void qe_levels(Stage& s, Dice& d) {
  auto& levels = s.world.qe_identity.levels;
  if (levels.empty()) return;
  const dcap::QeTcbLevel model = levels.front();
  levels.resize(d.below(5), model);
  for (dcap::QeTcbLevel& level : levels) {
    level.isv_svn = d.near(model.isv_svn);
    level.status = any_status(d);
    level.advisory_ids = some_advisories(d);
  }
}

void quoting_enclave(Stage& s, Dice& d) {
  dcap::QeIdentity& qe = s.quoting_enclave;
  switch (d.below(5)) {
    case 0:
      qe.misc_select.at(d.below(4)) ^= static_cast<std::uint8_t>(1U << d.below(8));
      break;
    case 1:
      qe.attributes.at(d.below(16)) ^= static_cast<std::uint8_t>(1U << d.below(8));
      break;
    case 2:
      qe.mr_signer.at(d.below(32)) ^= 1U;
      break;
    case 3:
      qe.isv_prod_id = d.near(qe.isv_prod_id);
      break;
    default:
      qe.levels.at(0).isv_svn = d.near(qe.levels.at(0).isv_svn);
      break;
  }
}

void qe_masks(Stage& s, Dice& d) {
  dcap::QeIdentity& qe = s.world.qe_identity;
  // One octet throughout: peers differ in the order in which they read its digits.
  qe.misc_select_mask.fill(d.octet());
  qe.attributes_mask.at(d.below(16)) = d.octet();
  if (d.one_in(3)) qe.attributes.at(d.below(16)) ^= static_cast<std::uint8_t>(1U << d.below(8));
}

void document_dates(Stage& s, Dice& d) {
  switch (d.below(4)) {
    case 0:
      s.world.tcb_info.issue_date = some_time(d);
      break;
    case 1:
      s.world.tcb_info.next_update = some_time(d);
      break;
    case 2:
      s.world.qe_identity.issue_date = some_time(d);
      break;
    default:
      s.world.qe_identity.next_update = some_time(d);
      break;
  }
}

void document_ids(Stage& s, Dice& d) {
  constexpr const char* kInfo[] = {"SGX", "TDX", "sgx", ""};
  constexpr const char* kIdentity[] = {"QE", "QVE", "TD_QE", "qe"};
  if (d.one_in(2)) {
    s.world.tcb_info.id = d.pick(kInfo);
  } else {
    s.world.qe_identity.id = d.pick(kIdentity);
  }
}

void evaluation_numbers(Stage& s, Dice& d) {
  s.world.tcb_info.evaluation_number = d.below(30);
  s.world.qe_identity.evaluation_number = d.below(30);
}

pki::CertificateSpec& some_certificate(Stage& s, Dice& d) {
  switch (d.below(4)) {
    case 0:
      return s.world.root_cert;
    case 1:
      return s.world.pck_ca_cert;
    case 2:
      return s.world.tcb_signing_cert;
    default:
      return s.world.pck_cert;
  }
}

void certificate_dates(Stage& s, Dice& d) {
  pki::CertificateSpec& spec = some_certificate(s, d);
  (d.one_in(2) ? spec.not_before : spec.not_after) = some_time(d);
}

void certificate_names(Stage& s, Dice& d) {
  pki::CertificateSpec& spec = some_certificate(s, d);
  (d.one_in(2) ? spec.issuer : spec.subject) = other_name();
}

// put adds an extension in the place of its like: none may stand twice.
void put(std::vector<pki::Extension>& list, pki::Extension extension) {
  std::erase_if(list, [&](const pki::Extension& e) { return e.oid == extension.oid; });
  list.push_back(std::move(extension));
}

void certificate_extensions(Stage& s, Dice& d) {
  pki::CertificateSpec& spec = some_certificate(s, d);
  switch (d.below(4)) {
    case 0:
      put(spec.extensions, unknown_critical());
      break;
    case 1:
      if (!spec.extensions.empty()) spec.extensions.pop_back();
      break;
    case 2:
      if (!spec.extensions.empty()) spec.extensions.pop_back();
      put(spec.extensions, pki::basic_constraints_extension({.ca = d.one_in(2)}));
      break;
    default: {
      const auto usage =
          d.one_in(2) ? pki::key_usage::kDigitalSignature : pki::key_usage::kKeyCertSign;
      put(spec.extensions, pki::key_usage_extension(usage));
    }
  }
}

void crl_dates(Stage& s, Dice& d) {
  pki::CrlSpec& crl = d.one_in(2) ? s.world.root_crl : s.world.pck_crl;
  if (d.one_in(2)) {
    crl.this_update = some_time(d);
  } else {
    crl.next_update = some_time(d);
  }
}

void crl_form(Stage& s, Dice& d) {
  pki::CrlSpec& crl = d.one_in(2) ? s.world.root_crl : s.world.pck_crl;
  switch (d.below(3)) {
    case 0:
      put(crl.extensions, unknown_critical());
      break;
    case 1:
      crl.issuer = other_name();
      break;
    default:
      crl.next_update.reset();
      break;
  }
}

void revocation(Stage& s, Dice& d) {
  const Buffer stranger(16, 0x42);
  for (std::uint32_t i = d.below(3); i > 0; --i) {
    s.world.pck_crl.revoked.push_back({stranger, kFrom});
  }
  switch (d.below(4)) {
    case 0:
      s.world.root_crl.revoked.push_back({s.world.pck_ca_cert.serial, kFrom});
      break;
    case 1:
      s.world.root_crl.revoked.push_back({s.world.tcb_signing_cert.serial, kFrom});
      break;
    case 2:
      s.world.pck_crl.revoked.push_back({s.world.pck_cert.serial, some_time(d)});
      break;
    default:
      s.world.root_crl.revoked.push_back({s.world.pck_cert.serial, kFrom});
      break;
  }
}

void enclave_flags(Stage& s, Dice& d) {
  s.enclave.debug = d.one_in(2);
  s.enclave.isv_svn = static_cast<std::uint16_t>(d.below(65536));
  s.enclave.isv_prod_id = static_cast<std::uint16_t>(d.below(65536));
  s.enclave.mr_signer.fill(d.octet());
}

// Octets of the enclave's report that specifications reserve, or leave to the enclave.
void body_octet(Made& m, Stage&, Dice& d) {
  m.parts.body.at(d.below(static_cast<std::uint32_t>(m.parts.body.size()))) ^= d.octet();
  sign_body(m.parts);
}

void qe_report_octet(Made& m, Stage& s, Dice& d) {
  m.parts.qe_report.at(d.below(static_cast<std::uint32_t>(m.parts.qe_report.size()))) ^= d.octet();
  sign_qe_report(m.parts, s);
}

void auth_data(Made& m, Stage& s, Dice& d) {
  constexpr std::size_t kSizes[] = {0, 1, 31, 33, 64, 1000};
  m.parts.auth_data.assign(d.pick(kSizes), d.octet());
  if (d.one_in(4)) return;  // no longer bound: refused
  const auto bound = crypto::sha256(concat({m.parts.attestation_key, m.parts.auth_data}));
  std::copy(bound.begin(), bound.end(), m.parts.qe_report.begin() + field::ReportData::kBegin);
  sign_qe_report(m.parts, s);
}

void header_octet(Made& m, Stage&, Dice& d) {
  dcap::QuoteParts& p = m.parts;
  const std::size_t size = dcap::write_signed_part(p).size();
  const std::uint32_t at = d.below(dcap::kHeaderSize);
  const auto bit = static_cast<std::uint8_t>(1U << d.below(8));
  m.whole().at(at) ^= bit;
  p.signature = *attestation_key().sign_rs(SignatureAlgorithm::kEcdsaP256Sha256,
                                           Bytes(m.whole()).first(size));
  std::copy(p.signature.begin(), p.signature.end(),
            m.whole().begin() + static_cast<std::ptrdiff_t>(size + sizeof(std::uint32_t)));
}

void trailing_octets(Made& m, Stage&, Dice& d) {
  m.whole().resize(m.whole().size() + 1 + d.below(8), d.octet());
}

void broken_signature(Made& m, Stage&, Dice& d) {
  Buffer& signature = d.one_in(2) ? m.parts.signature : m.parts.qe_signature;
  signature.at(d.below(64)) ^= static_cast<std::uint8_t>(1U << d.below(8));
}

void chain_order(Made& m, Stage&, Dice& d) {
  auto blocks = *codec::parse_pem(m.collateral.pck_chain_pem);
  switch (d.below(4)) {
    case 0:
      std::swap(blocks.at(1), blocks.at(2));
      break;
    case 1:
      blocks.erase(blocks.begin() + 1);
      break;
    case 2:
      blocks.push_back(blocks.at(d.below(3)));
      break;
    default:
      blocks.pop_back();
      break;
  }
  std::string chain;
  for (const auto& b : blocks) {
    chain += codec::to_pem(b.label, b.der);
  }
  set_chain(m, chain);
}

// Writes a signed document again with its body changed as text.
void resign(Made& m, const PrivateKey& key, const char* name, const char* member,
            const std::function<std::string(std::string)>& change) {
  Buffer& file = document(m, name);
  const std::string text(as_text(file));
  const std::string head = std::string("{\"") + member + "\":";
  const auto end = text.rfind(",\"signature\"");
  if (!text.starts_with(head) || end == std::string::npos) return;
  const std::string body = change(text.substr(head.size(), end - head.size()));
  const Buffer signature = *key.sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, as_bytes(body));
  file = to_buffer(as_bytes(head + body + ",\"signature\":\"" + to_hex(signature) + "\"}"));
}

std::string change_text(std::string body, Dice& d) {
  const auto number = body.find("\"svn\":");
  switch (d.below(7)) {
    case 0:
      body.insert(1, "\"unknown\":{\"a\":[1,2,{\"b\":null}]},");
      break;
    case 1:
      body.insert(1, " \n\t ");
      break;
    case 2:
      body.insert(1, "\"version\":2,");
      break;  // a member twice
    case 3:
      if (number != std::string::npos) body.insert(number + 6, "9");
      break;
    case 4:
      if (number != std::string::npos) body.insert(number + 6, "\"1\",\"x\":");
      break;
    case 5:
      if (number != std::string::npos) body.insert(number + 6, "-");
      break;
    default:
      std::ranges::replace(body, 'Z', 'z');
      break;
  }
  return body;
}

void document_text(Made& m, Stage& s, Dice& d) {
  const auto change = [&](std::string body) { return change_text(std::move(body), d); };
  if (d.one_in(2)) {
    resign(m, s.keys.tcb_signing, "tcb_info.json", "tcbInfo", change);
  } else {
    resign(m, s.keys.tcb_signing, "qe_identity.json", "enclaveIdentity", change);
  }
}

// A document signed by another key than the TCB signing certificate's.
void wrong_document_signer(Made& m, Stage& s, Dice& d) {
  const PrivateKey& stranger = d.one_in(2) ? s.keys.pck : s.other.tcb_signing;
  const auto same = [](std::string body) { return body; };
  if (d.one_in(2)) {
    resign(m, stranger, "tcb_info.json", "tcbInfo", same);
  } else {
    resign(m, stranger, "qe_identity.json", "enclaveIdentity", same);
  }
}

void wrong_crl_signer(Made& m, Stage& s, Dice& d) {
  if (d.one_in(2)) {
    document(m, "root_ca.crl") = crl_by(s.world.root_crl, s.keys.pck_ca);
  } else {
    document(m, "pck_platform_ca.crl") = crl_by(s.world.pck_crl, s.keys.root);
  }
}

const std::vector<Mutation> kMutations = {
    {"tcb_levels", tcb_levels, {}},
    {"platform_svns", platform_svns, {}},
    {"cpu_svn_of_certificate", cpu_svn_of_certificate, {}},
    {"platform_kind", platform_kind, {}},
    {"platform_ids", platform_ids, {}},
    {"qe_levels", qe_levels, {}},
    {"quoting_enclave", quoting_enclave, {}},
    {"qe_masks", qe_masks, {}},
    {"document_dates", document_dates, {}},
    {"document_ids", document_ids, {}},
    {"evaluation_numbers", evaluation_numbers, {}},
    {"certificate_dates", certificate_dates, {}},
    {"certificate_names", certificate_names, {}},
    {"certificate_extensions", certificate_extensions, {}},
    {"crl_dates", crl_dates, {}},
    {"crl_form", crl_form, {}},
    {"revocation", revocation, {}},
    {"enclave_flags", enclave_flags, {}},
    {"body_octet", {}, body_octet},
    {"qe_report_octet", {}, qe_report_octet},
    {"auth_data", {}, auth_data},
    {"header_octet", {}, header_octet},
    {"trailing_octets", {}, trailing_octets},
    {"broken_signature", {}, broken_signature},
    {"chain_order", {}, chain_order},
    {"document_text", {}, document_text},
    {"wrong_document_signer", {}, wrong_document_signer},
    {"wrong_crl_signer", {}, wrong_crl_signer},
    {"td_svns", td_svns, {}},
    {"td_levels", td_levels, {}},
    {"td_modules", td_modules, {}},
    {"td_module_report", td_module_report, {}},
    {"td_attributes", td_attributes, {}},
};

}  // namespace

std::span<const Mutation> all_mutations() { return kMutations; }

}  // namespace ward::differential
