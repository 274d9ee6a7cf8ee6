#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "tee/nvidia/verify.h"
#include "tee/x509/development.h"
#include "tee/x509/work.h"

namespace ward::nvidia {
namespace {

using attest::Origin;

constexpr x509::PathChecks<CheckId> kRimPath = {
    CheckId::kRimChainRoot,        CheckId::kRimChainSignature, CheckId::kRimChainNames,
    CheckId::kRimChainConstraints, CheckId::kRimChainNotBefore, CheckId::kRimChainNotAfter};

constexpr const char* kService = "https://rim.attestation.nvidia.com/v1/rim/";
constexpr std::uint32_t kNvdec0Index = 35;  // not to be compared where NVDEC 0 is off
constexpr std::size_t kMaxRimsTried = 64;
constexpr std::string_view kDebugOnly = "Debug Only";
constexpr std::string_view kReferenceValue = "Reference Value";

// The checks of one manifest.
struct RimIds {
  CheckId present;
  CheckId digest;
  CheckId signature;
  CheckId product;
  CheckId measurements;
};

constexpr RimIds kDriver = {CheckId::kDriverRimPresent, CheckId::kDriverRimDigest,
                            CheckId::kDriverRimSignature, CheckId::kDriverRimProduct,
                            CheckId::kDriverRimMeasurements};
constexpr RimIds kVbios = {CheckId::kVbiosRimPresent, CheckId::kVbiosRimDigest,
                           CheckId::kVbiosRimSignature, CheckId::kVbiosRimProduct,
                           CheckId::kVbiosRimMeasurements};

// What was found out of one manifest.
struct Judgement {
  const x509::Named<Rim>* rim = nullptr;
  bool digest = false;
  bool signature = false;
  bool product = false;
  std::vector<std::string> differing;  // measurements, for people
  std::vector<pki::Certificate> chain;
  std::string missing;  // of the chain; empty: it is whole
  bool trusted = false;

  [[nodiscard]] auto standing() const {
    return std::tuple(digest && signature, trusted, product, differing.empty());
  }
};

// The manifests of NVSwitches write the chip's name without its line.
bool same_product(std::string_view rim, const Chip& chip) {
  return rim == chip.name || (chip.arch == Arch::kLs10 && rim == arch_name(chip.arch));
}

// The measurements that are none of the good values.
std::vector<std::string> differing(const Report& report, const Device& device,
                                   const RimContent& content) {
  std::vector<std::string> out;
  for (const Golden& golden : content.golden) {
    if (golden.index == kNvdec0Index && device.nvdec0 == false) continue;
    const auto found = std::ranges::find_if(
        report.measurements, [&](const Measurement& m) { return m.index == golden.index + 1; });
    const bool good = found != report.measurements.end() &&
                      std::ranges::find(golden.values, found->value) != golden.values.end();
    if (good) continue;
    out.push_back(std::to_string(golden.index) + " is " +
                  (found == report.measurements.end() ? "not there" : to_hex(found->value)));
  }
  return out;
}

Judgement judge(Context& context, const x509::Named<Rim>& named, const Report& report,
                const Device& device, const std::optional<Chip>& chip) {
  const Rim& rim = named.value;
  Judgement out{&named};
  const pki::Certificate& signer = rim.certificates.front();
  out.digest = equal(crypto::sha384(as_bytes(rim.signed_octets)), rim.digest);
  // Once for all devices.
  out.signature =
      signer.public_key && context.signatures.holds(named.digest, signer.spki_sha256, [&] {
        return signer.public_key->verify_rs(crypto::SignatureAlgorithm::kEcdsaP384Sha384,
                                            as_bytes(rim.signed_info), rim.signature);
      });
  out.product = chip && same_product(rim.content.product, *chip);
  out.differing = differing(report, device, rim.content);
  std::vector<x509::Named<pki::Certificate>> certificates;
  for (const pki::Certificate& c : rim.certificates)
    certificates.push_back({named.name, c.fingerprint, c});
  const auto& given = context.documents.x509.certificates;
  certificates.insert(certificates.end(), given.begin(), given.end());
  const std::vector<attest::Anchor> anchors = anchors_for(context.anchors, kRimAnchor);
  const x509::Pool pool(certificates, anchors, context.now, context.signatures,
                        context.findings.notes);
  out.chain = find_chain(pool, signer, out.missing);
  out.trusted = x509::find_anchor(anchors, out.chain.back()) != nullptr;
  return out;
}

// find_rim judges the manifests of this version and takes the best; the first of equals.
std::optional<Judgement> find_rim(Context& context, const Report& report, const Device& device,
                                  const std::optional<Chip>& chip, std::string_view version) {
  std::optional<Judgement> best;
  std::size_t tried = 0;
  for (const x509::Named<Rim>& rim : context.documents.rims) {
    if (!same_word(rim.value.content.version, version) || ++tried > kMaxRimsTried) continue;
    Judgement one = judge(context, rim, report, device, chip);
    if (!best || one.standing() > best->standing()) best = std::move(one);
  }
  if (tried > kMaxRimsTried) {
    context.findings.notes.push_back("left out: manifests of " + std::string(version) + " beyond " +
                                     std::to_string(kMaxRimsTried));
  }
  return best;
}

void show_rim(Context& context, const RimIds& ids, const Judgement& j) {
  attest::Work& work = *context.work;
  const Rim& rim = j.rim->value;
  const std::string object = attest::object_of(context.checks.info(ids.digest));
  const auto extract = [&](const char* title, Bytes octets) {
    return work.add({.kind = attest::MaterialKind::kExtract,
                     .object = object,
                     .title = title,
                     .name = j.rim->name,
                     .bytes = to_buffer(octets)});
  };
  const std::size_t content = extract("manifest, canonical form", as_bytes(rim.signed_octets));
  const std::size_t info = extract("SignedInfo, canonical form", as_bytes(rim.signed_info));
  const std::size_t digest = extract("DigestValue, decoded", rim.digest);
  const std::size_t signature = extract("SignatureValue, decoded", rim.signature);
  const pki::Certificate& signer = rim.certificates.front();
  const std::size_t key = x509::show_certificate(work, signer, object, context.documents.x509);
  const attest::Part place{digest, 0, rim.digest.size()};
  work.digests.push_back({.check = &context.checks.info(ids.digest),
                          .algorithm = "SHA-384",
                          .message = {{content, 0, rim.signed_octets.size()}},
                          .expected = rim.digest,
                          .expected_from = "the manifest's DigestValue",
                          .place = place,
                          .holds = j.digest});
  work.signatures.push_back({.check = &context.checks.info(ids.signature),
                             .algorithm = "ES384",
                             .key = x509::key_part(work, key, signer),
                             .message = {info, 0, rim.signed_info.size()},
                             .signature = {signature, 0, rim.signature.size()},
                             .form = attest::SignatureForm::kFixed,
                             .holds = j.signature});
}

void record_rim(Context& context, const RimIds& ids, const Judgement& j,
                const std::optional<Chip>& chip) {
  CheckList& checks = context.checks;
  const Rim& rim = j.rim->value;
  const std::string origin = j.rim->origin();
  checks.record(ids.present, true, origin, {"a manifest of version " + rim.content.version});
  checks.record_octets(ids.digest, j.digest, crypto::sha384(as_bytes(rim.signed_octets)),
                       {to_hex(rim.digest), Origin::kCollateral, origin});
  checks.record(ids.signature, j.signature, origin,
                {"signed by " + rim.certificates.front().subject.common_name()});
  if (chip) {
    checks.record(ids.product, j.product, rim.content.product,
                  {chip->name, Origin::kCollateral, "device certificate"});
  }
  const std::size_t all = rim.content.golden.size();
  checks.record(
      ids.measurements, j.differing.empty(),
      j.differing.empty() ? "all " + std::to_string(all) + " are good"
                          : std::to_string(j.differing.size()) + " of " + std::to_string(all) +
                                " are not: " + join(j.differing),
      {"measurements of version " + rim.content.version, Origin::kReferenceValue, origin});
  if (context.work != nullptr) show_rim(context, ids, j);
}

// An NVSwitch has no driver of its own: nothing more is asked.
void record_no_driver(CheckList& checks) {
  checks.record(kDriver.present, true, "an NVSwitch", {"an NVSwitch has no driver of its own"});
  for (const CheckId id :
       {kDriver.digest, kDriver.signature, kDriver.product, kDriver.measurements}) {
    checks.not_asked(id, "an NVSwitch");
  }
}

// One fact of several chains: the first that is wrong, else the first.
const x509::Judged& worst(const std::vector<x509::PathFacts>& all,
                          x509::Judged x509::PathFacts::*fact) {
  const auto found = std::ranges::find_if(
      all, [&](const x509::PathFacts& facts) { return !(facts.*fact).passed; });
  return (found == all.end() ? all.front() : *found).*fact;
}

std::string_view signer_fault(const pki::Certificate& signer) {
  if (signer.basic_constraints && signer.basic_constraints->ca) return "is a CA";
  if (!signer.public_key || signer.public_key->type() != crypto::KeyType::kP384) {
    return "has another key than P-384";
  }
  return "";
}

// Between the signer and the root stand CAs of reference values, as their names say, and no others
// of NVIDIA's.
bool signers_are_named(std::span<const pki::Certificate> chain) {
  return chain.size() > 2 &&
         std::all_of(chain.begin() + 1, chain.end() - 1, [](const pki::Certificate& c) {
           return c.subject.common_name().find(kReferenceValue) != std::string::npos;
         });
}

// record_chains records the chains that are whole, of every manifest as one; true for each whose
// root is trusted.
void record_chains(Context& context, const std::vector<const Judgement*>& all, RimFacts& out) {
  const std::vector<attest::Anchor> anchors = anchors_for(context.anchors, kRimAnchor);
  std::vector<x509::PathFacts> paths;
  std::vector<x509::Judged> marks;
  std::vector<std::string> missing;
  for (const Judgement* j : all) {
    if (!j->missing.empty()) {
      missing.push_back(j->missing);
      continue;
    }
    const attest::Anchor* anchor = x509::find_anchor(anchors, j->chain.back());
    paths.push_back(x509::judge_path(
        j->chain, anchors, context.now, context.signatures,
        {.names_ok = signers_are_named(j->chain), .leaf_fault = signer_fault(j->chain.front())}));
    marks.push_back(x509::judge_mark(j->chain, {}, anchor));
    if (anchor != nullptr && anchor->development) context.findings.development = true;
    if (context.work != nullptr) {
      x509::show_chain(*context.work, j->chain,
                       {&context.checks.info(CheckId::kRimChainSignature),
                        &context.checks.info(CheckId::kRimChainRoot),
                        x509::find_anchor(context.anchors, j->chain.back())},
                       context.documents.x509);
    }
    for (std::size_t i = 0; anchor != nullptr && i + 1 < j->chain.size(); ++i)
      out.links.push_back({j->chain[i], j->chain[i + 1]});
    out.all_known = out.all_known && anchor != nullptr;
  }
  if (!missing.empty()) {
    context.checks.absent(CheckId::kRimChainPresent, join(missing));
    out.all_known = false;
  } else {
    context.checks.record(CheckId::kRimChainPresent, true, std::to_string(paths.size()) + " whole",
                          {"from the signer to a root"});
  }
  if (paths.empty()) return;
  const x509::PathFacts joined{
      worst(paths, &x509::PathFacts::root),       worst(paths, &x509::PathFacts::signature),
      worst(paths, &x509::PathFacts::names),      worst(paths, &x509::PathFacts::constraints),
      worst(paths, &x509::PathFacts::not_before), worst(paths, &x509::PathFacts::not_after)};
  x509::record_path(context.checks, kRimPath, joined);
  const auto mark =
      std::ranges::find_if(marks, [](const x509::Judged& fact) { return !fact.passed; });
  x509::record(context.checks, CheckId::kRimChainMark, mark == marks.end() ? marks.front() : *mark);
}

bool is_debug(const Judgement& j) {
  return std::ranges::any_of(j.chain, [](const pki::Certificate& c) {
    return c.subject.common_name().find(kDebugOnly) != std::string::npos;
  });
}

void record_conflict(CheckList& checks, const std::vector<const Judgement*>& all) {
  std::set<std::uint32_t> seen;
  std::vector<std::string> twice;
  for (const Judgement* j : all) {
    for (const Golden& golden : j->rim->value.content.golden) {
      if (!seen.insert(golden.index).second) twice.push_back(std::to_string(golden.index));
    }
  }
  checks.record(CheckId::kRimConflict, twice.empty(),
                twice.empty() ? "each once" : "twice: " + join(twice),
                {"each measurement in one manifest"});
}

}  // namespace

RimFacts verify_rims(Context& context, const Report& report, const Device& device,
                     const std::optional<Chip>& chip) {
  RimFacts out{.all_known = true};
  std::vector<const Judgement*> all;
  std::optional<Judgement> driver;
  const auto absent = [&](CheckId id, const std::string& rim_id) {
    context.checks.absent(id, "the manifest " + rim_id + ": " + kService + rim_id);
    out.all_known = false;
  };
  if (device.is_switch()) {
    record_no_driver(context.checks);
  } else {
    driver = find_rim(context, report, device, chip, device.driver_version);
    if (driver) {
      record_rim(context, kDriver, *driver, chip);
      all.push_back(&*driver);
    } else {
      absent(kDriver.present, driver_rim_id(device, chip.value_or(Chip{Arch::kHopper, "GH100"})));
    }
  }
  const auto vbios = find_rim(context, report, device, chip, device.vbios_version);
  if (vbios) {
    record_rim(context, kVbios, *vbios, chip);
    all.push_back(&*vbios);
  } else {
    absent(kVbios.present, vbios_rim_id(device));
  }
  if (out.all_known) {
    record_conflict(context.checks, all);
    out.debug = std::ranges::any_of(all, [](const Judgement* j) { return is_debug(*j); });
  }
  if (!all.empty()) record_chains(context, all, out);
  return out;
}

}  // namespace ward::nvidia
