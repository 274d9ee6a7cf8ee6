#include "tee/nvidia/verify.h"

#include <algorithm>

#include "codec/der.h"
#include "pki/oid.h"
#include "pki/path.h"
#include "tee/nvidia/fwid.h"
#include "tee/x509/development.h"
#include "tee/x509/work.h"

namespace ward::nvidia {
namespace {

constexpr x509::PathChecks<CheckId> kPath = {
    CheckId::kDeviceChainRoot,      CheckId::kDeviceChainSignature,
    CheckId::kDeviceChainNames,     CheckId::kDeviceChainConstraints,
    CheckId::kDeviceChainNotBefore, CheckId::kDeviceChainNotAfter};

bool any(const pki::Certificate& /*c*/) { return true; }

std::string first_word(const pki::Certificate& c) {
  const std::string name = c.subject.common_name();
  return name.substr(0, name.find(' '));
}

// The key that signs reports is that of firmware: its certificate says which (TCG DICE), as no
// other certificate of NVIDIA's does.
bool is_report_key(const pki::Certificate& c) { return has_fwid(c); }

// ReportSigner tells whose key signed a report.
struct ReportSigner {
  Context& context;
  Bytes report;
  crypto::Sha256Digest digest = crypto::sha256(report);

  [[nodiscard]] bool verify(const pki::Certificate& c) const {
    return c.public_key->verify_rs(crypto::SignatureAlgorithm::kEcdsaP384Sha384,
                                   signed_part(report), report.last(kSignatureSize));
  }

  [[nodiscard]] bool is(const pki::Certificate& c) const {
    return c.public_key &&
           context.signatures.holds(digest, c.spki_sha256, [&] { return verify(c); });
  }

  // One of many.
  [[nodiscard]] bool may_be(const pki::Certificate& c) const {
    return c.public_key &&
           context.signatures.found(
               digest, c.spki_sha256, [&] { return verify(c); }, context.findings.notes);
  }
};

struct Leaf {
  const pki::Certificate* certificate = nullptr;
  bool signed_report = false;
};

// find_leaf looks for the certificate of the key that signed the report. Where none did, the first
// that came with the evidence is meant, or the only one that was given.
Leaf find_leaf(const x509::Pool& pool, const ReportSigner& signer, std::size_t sent) {
  const auto trusted = [&](const pki::Certificate& c) {
    const pki::Certificate* issuer = pool.find_issuer(c);
    return issuer != nullptr && pool.is_signed_by(c, *issuer);
  };
  const auto signers =
      pool.fitting(is_report_key, [&](const pki::Certificate& c) { return signer.may_be(c); });
  if (!signers.empty()) return {pool.best(signers, trusted), true};
  const auto all = pool.fitting(is_report_key, any);
  if (all.empty() || (sent == 0 && all.size() > 1)) return {};
  return {all.front(), signer.is(*all.front())};
}

std::string_view leaf_fault(std::span<const pki::Certificate> chain) {
  const pki::Certificate& leaf = chain.front();
  if (leaf.basic_constraints && leaf.basic_constraints->ca) return "is a CA";
  if (!leaf.public_key || leaf.public_key->type() != crypto::KeyType::kP384) {
    return "has another key than P-384";
  }
  if (!leaf.key_usage || (*leaf.key_usage & pki::key_usage::kDigitalSignature) == 0) {
    return "may not sign reports (keyUsage)";
  }
  return "";
}

// The device's own key, one for each chip, issues the certificate of its firmware's key.
bool profile_names(std::span<const pki::Certificate> chain) {
  return chain.size() > 2 && chip_of(chain[0]) && first_word(chain[0]) == first_word(chain[1]);
}

void add_chip(const pki::Certificate& device, attest::Findings& out) {
  for (const pki::Rdn& rdn :
       pki::parse_rdns(device.subject.der()).value_or(std::vector<pki::Rdn>{})) {
    for (const pki::Attribute& attribute : rdn) {
      if (!equal(attribute.type, pki::oid::kSerialNumber)) continue;
      if (auto id = from_hex(as_text(attribute.value))) out.facts.chips.push_back(*std::move(id));
    }
  }
  out.facts.chips.push_back(to_buffer(device.spki_sha256));
}

// record_chain records the path; true where the root is trusted.
bool record_chain(Context& context, std::span<const pki::Certificate> chain) {
  const std::vector<attest::Anchor> anchors = anchors_for(context.anchors, kDeviceAnchor);
  const x509::PathFacts facts =
      x509::judge_path(chain, anchors, context.now, context.signatures,
                       {.names_ok = profile_names(chain), .leaf_fault = leaf_fault(chain)});
  x509::record_path(context.checks, kPath, facts);
  const attest::Anchor* anchor = x509::find_anchor(anchors, chain.back());
  if (context.work != nullptr) {
    x509::show_chain(*context.work, chain,
                     {&context.checks.info(CheckId::kDeviceChainSignature),
                      &context.checks.info(CheckId::kDeviceChainRoot),
                      x509::find_anchor(context.anchors, chain.back())},
                     context.documents.x509);
  }
  if (anchor != nullptr && anchor->development) context.findings.development = true;
  x509::record(context.checks, CheckId::kDeviceChainMark, x509::judge_mark(chain, {}, anchor));
  return facts.root.passed;
}

void record_arch(Context& context, const DeviceEvidence& evidence, const Device& device,
                 const std::optional<Chip>& chip) {
  const bool word = evidence.arch.empty() || (chip && arch_of_name(evidence.arch) == chip->arch);
  const bool stated = device.chip.empty() || (chip && device.chip == chip->name);
  const bool kind = chip && device.is_switch() == (chip->arch == Arch::kLs10);
  const std::string found = (evidence.arch.empty() ? "" : evidence.arch + ", ") +
                            (device.chip.empty() ? "" : device.chip + ", ") +
                            (device.is_switch() ? "a report without a driver's version"
                                                : "a report with a driver's version");
  context.checks.record(CheckId::kDeviceArch, chip && word && stated && kind, found,
                        {chip ? std::string(arch_name(chip->arch)) + ", " + chip->name
                              : std::string("a chip that ward knows"),
                         attest::Origin::kCollateral, "device certificate"});
}

void record_fwid(Context& context, const Device& device, const pki::Certificate& leaf) {
  const auto certified = fwid_of(leaf);
  if (!certified) {
    context.checks.record(CheckId::kDeviceFwid, false, certified.error().what(),
                          {"a firmware's digest in the certificate"});
    return;
  }
  const bool same = !device.fwid || *device.fwid == *certified;
  context.checks.record(CheckId::kDeviceFwid, same,
                        device.fwid ? to_hex(*device.fwid) : "none stated by the report",
                        {to_hex(*certified), attest::Origin::kCollateral, "device certificate"});
}

void show_signature(Context& context, Bytes report, const pki::Certificate& leaf, bool holds) {
  attest::Work& work = *context.work;
  const std::size_t key =
      x509::show_certificate(work, leaf, "device_chain", context.documents.x509);
  const attest::Part raw = work.part_or_extract(0, report, "report, decoded");
  work.signatures.push_back(
      {.check = &context.checks.info(CheckId::kReportSignature),
       .algorithm = "ES384",
       .key = x509::key_part(work, key, leaf),
       .message = {raw.material, raw.offset, report.size() - kSignatureSize},
       .signature = {raw.material, raw.offset + report.size() - kSignatureSize, kSignatureSize},
       .form = attest::SignatureForm::kFixed,
       .holds = holds});
}

}  // namespace

std::vector<attest::Anchor> anchors_for(std::span<const attest::Anchor> anchors, std::size_t use) {
  const attest::Anchor& other = pinned_anchors()[use == kDeviceAnchor ? kRimAnchor : kDeviceAnchor];
  std::vector<attest::Anchor> out;
  std::ranges::copy_if(anchors, std::back_inserter(out),
                       [&](const attest::Anchor& a) { return a.spki_sha256 != other.spki_sha256; });
  return out;
}

std::vector<pki::Certificate> find_chain(const x509::Pool& pool, const pki::Certificate& leaf,
                                         std::string& missing) {
  std::vector<pki::Certificate> out{leaf};
  while (!out.back().self_issued()) {
    const pki::Certificate* issuer =
        out.size() == pki::kMaxPathLength ? nullptr : pool.find_issuer(out.back());
    if (issuer == nullptr) {
      missing = "the certificate of " + out.back().issuer.common_name();
      return out;
    }
    out.push_back(*issuer);
  }
  return out;
}

DeviceFacts verify_device(Context& context, const DeviceEvidence& evidence,
                          const Report& /*report*/, const Device& device) {
  CheckList& checks = context.checks;
  DeviceFacts out;
  x509::Documents own;
  if (!evidence.certificates.empty()) {
    x509::add_document({"in the evidence", to_buffer(as_bytes(evidence.certificates))}, own);
  }
  for (const x509::Malformed& m : own.unknown)
    context.findings.notes.push_back("not recognised: " + m.name + ": " + m.why);
  const std::size_t sent = own.certificates.size();
  const auto& given = context.documents.x509.certificates;
  own.certificates.insert(own.certificates.end(), given.begin(), given.end());
  const std::vector<attest::Anchor> anchors = anchors_for(context.anchors, kDeviceAnchor);
  const x509::Pool pool(own.certificates, anchors, context.now, context.signatures,
                        context.findings.notes);
  const auto [leaf, signed_report] = find_leaf(pool, {context, evidence.report}, sent);
  if (leaf == nullptr) {
    checks.absent(CheckId::kDeviceChainPresent,
                  "the certificates of the device whose key signed the report");
    return out;
  }
  out.leaf = *leaf;
  out.chip = chip_of(*leaf);
  if (context.work != nullptr) show_signature(context, evidence.report, *leaf, signed_report);
  checks.record(CheckId::kReportSignature, signed_report,
                signed_report ? "by the certificate's key" : "not by the certificate's key",
                {"signed by " + leaf->subject.common_name()});
  record_arch(context, evidence, device, out.chip);
  record_fwid(context, device, *leaf);
  std::string missing;
  const auto chain = find_chain(pool, *leaf, missing);
  if (!missing.empty()) {
    checks.absent(CheckId::kDeviceChainPresent, missing);
    return out;
  }
  checks.record(CheckId::kDeviceChainPresent, true, std::to_string(chain.size()) + " certificates",
                {"from the firmware's key to a root"});
  if (chain.size() > 1) add_chip(chain[1], context.findings);
  if (!record_chain(context, chain)) return out;
  out.chain_complete = true;
  // The first link is the device's own: it issues its firmware's certificate itself, and no
  // responder of NVIDIA's knows that.
  for (std::size_t i = 1; i + 1 < chain.size(); ++i)
    out.links.push_back({chain[i], chain[i + 1]});
  return out;
}

}  // namespace ward::nvidia
