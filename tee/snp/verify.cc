#include "tee/snp/verify.h"

#include <algorithm>

#include "tee/x509/crl.h"
#include "tee/x509/development.h"
#include "tee/x509/pool.h"
#include "tee/x509/work.h"

namespace ward::snp {
namespace {

using attest::Origin;

constexpr x509::PathChecks<CheckId> kPath = {
    CheckId::kVekChainRoot,        CheckId::kVekChainSignature, CheckId::kVekChainNames,
    CheckId::kVekChainConstraints, CheckId::kVekChainNotBefore, CheckId::kVekChainNotAfter};
constexpr x509::CrlChecks<CheckId> kCrl = {CheckId::kCrlPresent, CheckId::kCrlSignature,
                                           CheckId::kCrlThisUpdate, CheckId::kCrlNextUpdate,
                                           CheckId::kCrlExtensions};

constexpr const char* kVcekName = "SEV-VCEK";
constexpr const char* kVlekName = "SEV-VLEK";

// is_named compares with AMD's name (VCEK 3), which a development platform's certificate has too.
bool is_named(const pki::Certificate& c, const std::string& name) {
  return c.subject.common_name() == name;
}

const char* vek_name(SigningKey key) { return key == SigningKey::kVlek ? kVlekName : kVcekName; }

// kind_of is what a certificate says that its key is; nullopt for one that is no signing key's.
std::optional<SigningKey> kind_of(const pki::Certificate& c) {
  if (is_named(c, kVcekName)) return SigningKey::kVcek;
  if (is_named(c, kVlekName)) return SigningKey::kVlek;
  return std::nullopt;
}

// line_of_root is the line whose root the certificate's name says that it is.
std::optional<Line> line_of_root(const pki::Certificate& root) {
  for (const Line line : {Line::kMilan, Line::kGenoa, Line::kTurin}) {
    if (is_named(root, std::string("ARK-") + line_name(line))) return line;
  }
  return std::nullopt;
}

bool tcb_fits(const Report& report, const VekExtensions& e, Line line) {
  const Tcb reported = read_tcb(report.get<report::ReportedTcb>(), line);
  Tcb issued = e.tcb;
  issued.reserved_zero = all_zero(e.reserved);
  return reported == issued;
}

// A Turin chip's id is shorter than its field.
std::size_t chip_size(Line line) { return line == Line::kTurin ? 8 : 64; }

bool chip_fits(const Report& report, Bytes hwid, Line line) {
  const Bytes chip = report.get<report::ChipId>();
  const std::size_t size = chip_size(line);
  return equal(hwid, chip.first(size)) && all_zero(chip.subspan(size));
}

// How well a certificate's extensions fit the report.
struct Fit {
  bool tcb = false;
  bool chip = false;
};

Fit fit_of(const Report& report, const pki::Certificate& c) {
  const auto e = parse_vek_extensions(c);
  const auto line = e ? line_of_name(e->product_name) : std::nullopt;
  if (!line) return {};
  const bool chip = !e->hwid || report.chip_id_masked() || chip_fits(report, *e->hwid, *line);
  return {.tcb = tcb_fits(report, *e, *line), .chip = chip};
}

// At most so many certificates of signing keys are tried by the report's signature: of a platform
// that hides its chip, any of a whole fleet may be meant.
constexpr std::size_t kMaxVeks = 256;

// Vek is the certificate that is meant, whether its key signed the report, and whether it is the
// one key of all certificates that fit.
struct Vek {
  const pki::Certificate* certificate = nullptr;
  bool signed_report = false;
  bool only_key = false;
};

// find_vek looks for the certificate of the key that signed the report, first among those whose
// extensions fit, of the kind that the report names where there is one (a fleet's collateral holds
// both, and a VLEK's fits every chip). Where none did: one whose extensions fit is meant, and its
// signature fails; so is the only one given where chip or TCB fit, and a VLEK's, which names no
// chip, always.
Vek find_vek(const x509::Pool& pool, const Report& report, const Report& whole) {
  const auto is_vek = [](const pki::Certificate& c) { return kind_of(c).has_value(); };
  const auto fits = [&](const pki::Certificate& c) {
    const Fit fit = fit_of(report, c);
    return is_vek(c) && fit.tcb && fit.chip;
  };
  const auto fits_and_named = [&](const pki::Certificate& c) {
    return kind_of(c) == report.signing_key() && fits(c);
  };
  const auto any = [](const pki::Certificate& /*c*/) { return true; };
  const auto signed_report = [&](const pki::Certificate& c) { return signs(*c.public_key, whole); };
  const auto trusted = [&](const pki::Certificate& c) {
    const pki::Certificate* ask = pool.find_issuer(c);
    const pki::Certificate* ark = ask == nullptr ? nullptr : pool.find_issuer(*ask);
    return ark != nullptr && pool.anchored(*ark) && pool.is_signed_by(c, *ask) &&
           pool.is_signed_by(*ask, *ark);
  };
  auto meant = pool.fitting(fits_and_named, any, kMaxVeks);
  if (meant.empty()) meant = pool.fitting(fits, any, kMaxVeks);
  x509::Certificates signers;
  std::ranges::copy_if(meant, std::back_inserter(signers),
                       [&](const pki::Certificate* c) { return signed_report(*c); });
  if (!signers.empty()) {
    const pki::Certificate* best = pool.best(signers, trusted);
    const bool only_key = meant.size() < kMaxVeks &&  // none was left out
                          std::ranges::all_of(meant, [&](const pki::Certificate* c) {
                            return c->spki_sha256 == best->spki_sha256;
                          });
    return {best, true, only_key};
  }
  signers = pool.fitting(is_vek, signed_report, kMaxVeks);
  if (!signers.empty()) return {pool.best(signers, trusted), true};
  // Where there are more than were tried, nothing is known of the others.
  if (pool.count(fits) > kMaxVeks) return {};
  // A chip has one certificate for a TCB; where the chip is hidden, many fit.
  if (!meant.empty() && (meant.size() == 1 || !report.chip_id_masked())) {
    return {pool.best(meant, trusted), false};
  }
  const auto all = pool.fitting(is_vek, any);
  if (all.size() != 1) return {};
  const Fit fit = fit_of(report, *all.front());
  const bool chip = fit.chip && !report.chip_id_masked();
  if (!fit.tcb && !chip && kind_of(*all.front()) != SigningKey::kVlek) return {};
  return {all.front(), false};
}

// The report's octets stand in the evidence as they are, unless that is JSON.
void show_signature(Context& context, const Report& report, const pki::Certificate& vek,
                    bool holds) {
  attest::Work& work = *context.work;
  const std::size_t key = x509::show_certificate(work, vek, "vek", context.documents);
  const attest::Part raw =
      work.part_or_extract(0, report.raw(), "attestation report, from the JSON's fields");
  constexpr std::size_t kAt = report::SignatureR::kBegin;
  work.signatures.push_back(
      {.check = &context.checks.info(CheckId::kSignature),
       .algorithm = "ES384",
       .key = x509::key_part(work, key, vek),
       .message = {raw.material, raw.offset, report.signed_part().size()},
       .signature = {raw.material, raw.offset + kAt, report::SignatureS::kEnd - kAt},
       .form = attest::SignatureForm::kLittleEndian,
       .holds = holds});
}

std::string missing_vek(const Report& report, std::optional<Line> line) {
  if (report.signing_key() == SigningKey::kVlek) {
    return "the certificate of the VLEK that signed the report, for TCB " +
           to_hex(report.get<report::ReportedTcb>()) + ": the cloud provider gives it";
  }
  if (report.chip_id_masked()) {
    return "the certificate of the VCEK that signed the report; its platform hides CHIP_ID, so "
           "only its owner can name it";
  }
  return "the certificate of the VCEK that signed the report: " + vcek_address(report, line);
}

// chain_of puts the chain together, leaf first; nullopt where a certificate of it is absent.
std::optional<std::vector<pki::Certificate>> chain_of(Context& context, const x509::Pool& pool,
                                                      const Report& report,
                                                      const pki::Certificate& vek,
                                                      std::optional<Line> line) {
  std::vector<pki::Certificate> out{vek};
  while (out.size() < 3) {
    const pki::Certificate* issuer = pool.find_issuer(out.back());
    if (issuer == nullptr) {
      context.checks.absent(CheckId::kVekChainPresent,
                            "the certificate of " + out.back().issuer.common_name() + ": " +
                                chain_address(report.signing_key(), line));
      return std::nullopt;
    }
    out.push_back(*issuer);
  }
  context.checks.record(CheckId::kVekChainPresent, true, "3 certificates",
                        {"signing key, intermediate (ASK or ASVK), root (ARK)"});
  return out;
}

bool profile_names(std::span<const pki::Certificate> chain, std::optional<Line> line) {
  if (!line) return false;
  const std::string name = line_name(*line);
  const bool vcek = is_named(chain[0], kVcekName) && is_named(chain[1], "SEV-" + name);
  const bool vlek = is_named(chain[0], kVlekName) && is_named(chain[1], "SEV-VLEK-" + name);
  return vcek || vlek;
}

// The leaf is a P-384 key and no CA; all three are signed with RSA-PSS and SHA-384.
std::string_view leaf_fault(std::span<const pki::Certificate> chain) {
  const pki::Certificate& leaf = chain.front();
  if (leaf.basic_constraints && leaf.basic_constraints->ca) return "is a CA";
  if (!leaf.public_key || leaf.public_key->type() != crypto::KeyType::kP384) {
    return "has another key than P-384";
  }
  const bool pss = std::ranges::all_of(chain, [](const pki::Certificate& c) {
    return c.signature_algorithm == crypto::SignatureAlgorithm::kRsaPssSha384;
  });
  return pss ? "" : "or one above it is not signed with RSA-PSS and SHA-384";
}

// record_chain records the path and its line; true where the root is trusted.
bool record_chain(Context& context, std::span<const pki::Certificate> chain,
                  std::optional<Line> product) {
  const auto root_line = line_of_root(chain.back());
  const x509::PathFacts facts = x509::judge_path(
      chain, context.anchors, context.now, context.signatures,
      {.names_ok = profile_names(chain, root_line), .leaf_fault = leaf_fault(chain)});
  x509::record_path(context.checks, kPath, facts);
  const attest::Anchor* anchor = x509::find_anchor(context.anchors, chain.back());
  if (context.work != nullptr) {
    x509::show_chain(*context.work, chain,
                     {&context.checks.info(CheckId::kVekChainSignature),
                      &context.checks.info(CheckId::kVekChainRoot), anchor},
                     context.documents);
  }
  context.findings.development = anchor != nullptr && anchor->development;
  const std::vector<Buffer>& chips = context.findings.facts.chips;
  x509::record(context.checks, CheckId::kVekChainMark,
               x509::judge_mark(chain, chips.empty() ? Bytes() : Bytes(chips.front()), anchor));
  context.checks.record(CheckId::kVekChainProduct,
                        root_line && (!product || *product == *root_line),
                        chain.back().subject.common_name(),
                        {product ? std::string("ARK-") + line_name(*product)
                                 : "a root of AMD's: the report names no processor"});
  return facts.root.passed;
}

void record_revocation(Context& context, std::span<const pki::Certificate> chain, SigningKey key,
                       std::optional<Line> line) {
  const pki::Certificate& ask = chain[1];
  x509::CrlFacts facts =
      x509::judge_crl(context.documents.crls, chain.back(), context.now, context.signatures, &ask);
  facts.present.expected.text += ": " + crl_address(key, line);
  for (const std::string& origin : facts.passed_over) {
    context.findings.notes.push_back("passed over CRL " + origin);
  }
  if (context.work != nullptr && facts.crl != nullptr) {
    x509::show_crl(*context.work, *facts.crl, chain.back(),
                   context.checks.info(CheckId::kCrlSignature), context.documents);
  }
  const auto* crl = x509::record_crl(context.checks, kCrl, facts);
  // AMD serves a list for VCEKs and one for VLEKs, both of the same root: what either lists, what
  // an older one listed, and what a list listed that the attester sent, is revoked.
  const auto sent =
      x509::judge_crl(context.sent.crls, chain.back(), context.now, context.signatures)
          .rightly_signed;
  auto all = facts.rightly_signed;
  all.insert(all.end(), sent.begin(), sent.end());
  const auto lists = [&](const auto* list) {
    return list->value.revokes(ask.serial) || list->value.revokes(chain.back().serial);
  };
  const auto listing = std::ranges::find_if(all, lists);
  const bool listed = listing != all.end();
  if (crl == nullptr && !listed) return;
  context.checks.record(CheckId::kAskRevocation, !listed,
                        ask.subject.common_name() + ", serial " + to_hex(ask.serial),
                        {"not listed", Origin::kCollateral, (listed ? *listing : crl)->origin()});
}

// The extensions of a VCEK name a chip, those of a VLEK a provider; never both. Empty where so.
std::string extensions_fault(const VekExtensions& e, SigningKey kind) {
  if (e.hwid.has_value() != (kind == SigningKey::kVcek) ||
      (e.csp_id && kind == SigningKey::kVcek)) {
    return "those of a VCEK and of a VLEK mixed";
  }
  const auto line = line_of_name(e.product_name);
  if (!e.hwid || !line || e.hwid->size() == chip_size(*line)) return "";
  return "hwID of " + std::to_string(e.hwid->size()) + " octets";
}

// instead says where the certificate that fits the report is, where this one does not.
std::string instead(const Report& report, SigningKey kind, Line line, bool fits) {
  if (fits || kind != SigningKey::kVcek || report.chip_id_masked()) return "";
  return "; for what the report states: " + vcek_address(report, line);
}

void record_extensions(Context& context, const Report& report, const VekExtensions& e, Line line,
                       SigningKey kind) {
  CheckList& checks = context.checks;
  const std::string from = std::string(vek_name(kind)) + " certificate";
  const auto named = line_of_name(e.product_name);
  const unsigned version = line == Line::kTurin ? 1 : 0;
  checks.record(CheckId::kVekProductName, named == line && e.struct_version == version,
                e.product_name + ", structVersion " + std::to_string(e.struct_version),
                {std::string(line_name(line)) + ", structVersion " + std::to_string(version)});
  checks.record(CheckId::kVekTcb, tcb_fits(report, e, line),
                tcb_text(read_tcb(report.get<report::ReportedTcb>(), line)),
                {tcb_text(e.tcb) + instead(report, kind, line, tcb_fits(report, e, line)),
                 Origin::kCollateral, from});
  const std::string chip = to_hex(report.get<report::ChipId>());
  if (kind == SigningKey::kVlek) {
    checks.record(CheckId::kVekHwid, true, "a VLEK", {"a VLEK names no chip"});
    checks.record(CheckId::kVekCspId, e.csp_id && !e.csp_id->empty(), e.csp_id.value_or("none"),
                  {"a cloud provider"});
    return;
  }
  const bool masked = report.chip_id_masked();
  checks.record(CheckId::kVekHwid, masked || (e.hwid && chip_fits(report, *e.hwid, line)),
                masked ? "CHIP_ID is masked" : chip,
                {(e.hwid ? to_hex(*e.hwid) : "none") +
                     instead(report, kind, line, masked || chip_fits(report, *e.hwid, line)),
                 Origin::kCollateral, from});
  checks.record(CheckId::kVekCspId, true, "a VCEK", {"a VCEK names no provider"});
}

// chip_id_of is a VCEK's chip in the form of CHIP_ID. It is what policies judge: the certificate
// vouches for it where the report hides the chip, and nothing vouches for the chip of a VLEK's.
Buffer chip_id_of(Bytes hwid) {
  Buffer out = to_buffer(hwid);
  out.resize(report::ChipId::kEnd - report::ChipId::kBegin);
  return out;
}

// record_vek records what the signing key's certificate says of itself.
void record_vek(Context& context, const Report& report, const pki::Certificate& vek,
                std::optional<Line> line) {
  CheckList& checks = context.checks;
  const SigningKey kind = *kind_of(vek);
  checks.record(CheckId::kVekKind, kind == report.signing_key(), vek.subject.common_name(),
                {vek_name(report.signing_key())});
  const auto e = parse_vek_extensions(vek);
  const std::string fault = e ? extensions_fault(*e, kind) : e.error().what();
  checks.record(CheckId::kVekExtensions, fault.empty(), fault.empty() ? "complete" : fault,
                {"AMD's extensions of a " + std::string(vek_name(kind))});
  if (!fault.empty()) return;
  if (e->csp_id) context.findings.claims.push_back({"csp_id", *e->csp_id});
  if (e->hwid) {
    context.findings.claims.push_back({"vek.chip_id", chip_id_of(*e->hwid)});
    context.findings.facts.chips = {chip_id_of(*e->hwid)};
  }
  context.findings.claims.push_back({"vek.product_name", e->product_name});
  if (line) record_extensions(context, report, *e, *line, kind);
}

std::optional<Line> record_line(Context& context, const char* name, std::optional<Line> line,
                                const std::string& found) {
  context.checks.record(CheckId::kProductKnown, name != nullptr, found,
                        {"Milan, Genoa, Bergamo, Siena or Turin"});
  return line;
}

// From version 3 on the report says it.
std::optional<Line> product_line(Context& context, const Report& report) {
  const auto cpuid = report.cpuid();
  if (!cpuid) return std::nullopt;
  const auto product = product_of(*cpuid);
  if (product) context.findings.claims.push_back({"product", std::string(product->name)});
  return record_line(
      context, product ? product->name : nullptr,
      product ? std::optional(product->line) : std::nullopt,
      "CPUID family " + std::to_string(cpuid->family) + " model " + std::to_string(cpuid->model));
}

// Of version 2 the certificate says which line it is; which product of the line, nothing.
std::optional<Line> line_of(Context& context, const Report& report, const pki::Certificate* vek) {
  if (report.cpuid() || vek == nullptr) return product_line(context, report);
  const auto e = parse_vek_extensions(*vek);
  if (!e) return record_line(context, nullptr, std::nullopt, "no productName");
  const auto line = line_of_name(e->product_name);
  return record_line(context, line ? line_name(*line) : nullptr, line, e->product_name);
}

}  // namespace

bool signs(const crypto::PublicKey& key, const Report& report) {
  const auto signature = report.signature_rs();
  return signature && key.verify_rs(crypto::SignatureAlgorithm::kEcdsaP384Sha384,
                                    report.signed_part(), *signature);
}

void record_signature(CheckList& checks, SigningKey key, bool holds) {
  checks.record(CheckId::kSignature, holds,
                holds ? "by the certificate's key" : "not by the certificate's key",
                {key == SigningKey::kVlek ? "signed by the SEV-VLEK" : "signed by the SEV-VCEK"});
}

PlatformFacts verify_platform(Context& context, const Report& report, const Report& whole) {
  CheckList& checks = context.checks;
  PlatformFacts out;
  if (!whole.signature_rs()) {
    out.line = product_line(context, report);
    return out;
  }
  const x509::Pool pool(context.documents.certificates, context.anchors, context.now,
                        context.signatures, context.findings.notes);
  const auto [vek, signed_by_vek, only_key] = find_vek(pool, report, whole);
  out.line = line_of(context, report, vek);
  if (vek == nullptr) {
    checks.absent(CheckId::kVekPresent, missing_vek(report, out.line));
    return out;
  }
  out.key = vek->public_key;
  out.signed_by_key = signed_by_vek;
  out.only_key = only_key;
  checks.record(CheckId::kVekPresent, true, vek->subject.common_name(), {"a VCEK or a VLEK"});
  record_vek(context, report, *vek, out.line);
  if (context.work != nullptr) show_signature(context, whole, *vek, signed_by_vek);
  const auto chain = chain_of(context, pool, report, *vek, out.line);
  if (chain && record_chain(context, *chain, out.line)) {
    record_revocation(context, *chain, report.signing_key(), out.line);
  }
  return out;
}

}  // namespace ward::snp
