#include <algorithm>
#include <tuple>

#include "attest/recall.h"
#include "tee/dcap/verify.h"
#include "tee/x509/development.h"
#include "tee/x509/path.h"
#include "tee/x509/work.h"

namespace ward::dcap {
namespace {

using attest::Origin;
using crypto::SignatureAlgorithm;

// No root of its own: the path ends in the PCK chain's root, so a foreign signer fails by its
// signature.
constexpr x509::PathChecks<CheckId> kSigningPath = {.signature = CheckId::kTcbSigningSignature,
                                                    .names = CheckId::kTcbSigningNames,
                                                    .constraints = CheckId::kTcbSigningConstraints,
                                                    .not_before = CheckId::kTcbSigningNotBefore,
                                                    .not_after = CheckId::kTcbSigningNotAfter};

// Limits on work that a supplier of collateral can ask for. Real mixtures hold a few signers.
constexpr std::size_t kMaxCandidates = 1024;  // certificates of that name
constexpr std::size_t kMaxStrangers = 16;     // keys that lead to no trusted root

// A certificate that may sign TCB documents by its name, and whether its path to the root is right.
struct Signer {
  const Named<pki::Certificate>* certificate = nullptr;
  bool trusted = false;
};

// Only this name may sign TCB documents (PCK 1.3): a platform's own PCK key leads to the same root.
bool is_tcb_signing(const pki::Certificate& c) {
  return c.subject.common_name() == kTcbSigningName;
}

bool signing_profile(const pki::Certificate& c) {
  if (c.basic_constraints && c.basic_constraints->ca) return false;
  return c.key_usage && (*c.key_usage & pki::key_usage::kDigitalSignature) != 0 && c.public_key &&
         c.public_key->type() == crypto::KeyType::kP256;
}

class Selection {
 public:
  Selection(Context& context, const Platform* platform, const pki::Certificate& root,
            const Named<pki::Crl>* root_crl, const TeeIds& ids)
      : context_(context), platform_(platform), root_(root), root_crl_(root_crl), ids_(ids) {
    for (const auto& certificate : context.collateral.certificates) {
      if (is_tcb_signing(certificate.value)) add_signer(certificate);
    }
    note_left_out(candidates_, kMaxCandidates, "TCB signing certificates");
    note_left_out(strangers_, kMaxStrangers, "TCB signing keys that lead to no trusted root");
  }

  TcbDocuments run() {
    TcbDocuments out;
    const Named<pki::Certificate>* info_signer = nullptr;
    const Named<pki::Certificate>* identity_signer = nullptr;
    if (platform_ != nullptr) out.tcb_info = choose_tcb_info(info_signer);
    out.qe_identity = choose_qe_identity(identity_signer);
    record_signers(info_signer, identity_signer);
    return out;
  }

 private:
  // How well a document fits; greater is better, compared in this order.
  struct Fit {
    int kind = 0;       // 2: id, and for TCB info FMSPC and PCE id, fit; 1: the id alone
    int signature = 0;  // 2 by a trusted signer, 1 by another, 0 by none
    bool current = false;
    std::uint64_t evaluation_number = 0;
    UnixTime issue_date;

    friend auto operator<=>(const Fit&, const Fit&) = default;  // NOLINT(modernize-use-nullptr)
  };

  template <class T>
  struct Chosen {
    const Named<T>* document = nullptr;
    const Named<pki::Certificate>* signer = nullptr;
    Fit fit;
  };

  struct DocumentChecks {
    CheckId present, form, id, signature, issue_date, next_update;
  };

  // Each document is tried with each signer: one certificate a key, and few that are not trusted.
  void add_signer(const Named<pki::Certificate>& certificate) {
    if (++candidates_ > kMaxCandidates) return;
    const Signer signer{&certificate, trusted(certificate.value)};
    const auto same_key = [&](const Signer& s) {
      return equal(s.certificate->value.spki, certificate.value.spki);
    };
    const auto known = std::ranges::find_if(signers_, same_key);
    if (known != signers_.end()) {
      if (signer.trusted && !known->trusted) *known = signer;
      return;
    }
    if (!signer.trusted && ++strangers_ > kMaxStrangers) return;
    signers_.push_back(signer);
  }

  void note_left_out(std::size_t given, std::size_t limit, const char* what) {
    if (given <= limit) return;
    context_.findings.notes.push_back("left out: " + std::to_string(given - limit) + " of " +
                                      std::to_string(given) + " " + what);
  }

  [[nodiscard]] bool trusted(const pki::Certificate& signer) const {
    const pki::Certificate chain[] = {signer, root_};
    const auto faults = pki::check_path(chain, root_.spki_sha256,
                                        x509::path_options(context_.now, context_.signatures));
    return faults.empty() && signing_profile(signer) &&
           (root_crl_ == nullptr || !root_crl_->value.revokes(signer.serial));
  }

  // Finds who signed the document, of which `digest` is the whole: a trusted signer where one did.
  [[nodiscard]] const Signer* signer_of(const SignedDocument& document,
                                        const crypto::Sha256Digest& digest) const {
    const Signer* found = nullptr;
    for (const Signer& signer : signers_) {
      if (found != nullptr && (found->trusted || !signer.trusted)) continue;
      const pki::Certificate& c = signer.certificate->value;
      const auto verify = [&] {
        return c.public_key->verify_rs(SignatureAlgorithm::kEcdsaP256Sha256, document.body,
                                       document.signature);
      };
      if (c.public_key && context_.signatures.holds(digest, c.spki_sha256, verify)) found = &signer;
    }
    return found;
  }

  template <class T>
  [[nodiscard]] Chosen<T> rate(const Named<T>& document, int kind) const {
    Chosen<T> out{.document = &document};
    const SignedDocument& d = document.value;
    const Signer* signer = signer_of(d, document.digest);
    out.signer = signer == nullptr ? nullptr : signer->certificate;
    out.fit = {.kind = kind,
               .signature = signer == nullptr ? 0 : (signer->trusted ? 2 : 1),
               .current = d.issue_date <= context_.now && context_.now <= d.next_update,
               .evaluation_number = d.evaluation_number,
               .issue_date = d.issue_date};
    return out;
  }

  template <class T, class Kind>
  Chosen<T> choose(const std::vector<Named<T>>& list, Kind kind) {
    int top = 0;
    for (const Named<T>& document : list) {
      top = std::max(top, kind(document.value));
    }
    Chosen<T> best;
    for (const Named<T>& document : list) {
      // A mixture holds many documents for other platforms: their signatures are looked at only
      // where nothing fits.
      if (kind(document.value) < top) continue;
      const Chosen<T> candidate = rate(document, kind(document.value));
      if (best.document == nullptr || candidate.fit > best.fit) {
        if (best.document != nullptr) pass_over(best.document->origin());
        best = candidate;
      } else {
        pass_over(document.origin());
      }
    }
    return best;
  }

  void pass_over(const std::string& origin) {
    context_.findings.notes.push_back("passed over " + origin);
  }

  // Records what both kinds of document share; true where all of it passed.
  template <class T>
  bool record_document(const Chosen<T>& chosen, const DocumentChecks& ids, const char* id) {
    CheckList& checks = context_.checks;
    const SignedDocument& d = chosen.document->value;
    const std::string origin = chosen.document->origin();
    const std::string now = format_rfc3339(context_.now);
    bool ok = checks.record(ids.present, true, origin, {"one"});
    ok &= checks.record(ids.form, true, "version " + std::to_string(d.version), {"as specified"});
    ok &= checks.record(ids.id, d.id == id, d.id, {id});
    if (context_.work != nullptr) {
      const auto* tried = signers_.empty() ? nullptr : signers_.front().certificate;
      show_document(context_, {chosen.document->name, chosen.document->digest, &d}, ids.signature,
                    chosen.signer == nullptr ? tried : chosen.signer, chosen.signer != nullptr);
    }
    if (signers_.empty()) {
      ok = false;  // tcb_signing.present says why
    } else {
      ok &= checks.record(ids.signature, chosen.signer != nullptr,
                          chosen.signer == nullptr ? "signed by none of those given"
                                                   : "signed by " + chosen.signer->origin(),
                          {"signed by a TCB signing certificate"});
    }
    ok &= checks.record(ids.issue_date, d.issue_date <= context_.now, format_rfc3339(d.issue_date),
                        {"not after " + now, Origin::kCaller, attest::kTimeOfAppraisal});
    ok &=
        checks.record(ids.next_update, context_.now <= d.next_update, format_rfc3339(d.next_update),
                      {"not before " + now, Origin::kCaller, attest::kTimeOfAppraisal});
    return ok;
  }

  // Where no document of a kind parsed: a malformed one is a failure, none at all an absence.
  void record_missing(const std::vector<Malformed>& bad, const DocumentChecks& ids,
                      const std::string& wanted) {
    CheckList& checks = context_.checks;
    if (bad.empty()) {
      checks.absent(ids.present, wanted);
      return;
    }
    checks.record(ids.present, true, bad.front().name, {wanted});
    checks.record(ids.form, false, bad.front().name + ": " + bad.front().why, {"as specified"});
  }

  const Named<TcbInfo>* choose_tcb_info(const Named<pki::Certificate>*& signer) {
    static constexpr DocumentChecks kIds = {
        CheckId::kTcbInfoPresent,   CheckId::kTcbInfoForm,      CheckId::kTcbInfoId,
        CheckId::kTcbInfoSignature, CheckId::kTcbInfoIssueDate, CheckId::kTcbInfoNextUpdate};
    const PckExtensions& pck = platform_->extensions;
    const auto chosen = choose(context_.collateral.tcb_infos, [&](const TcbInfo& info) {
      if (info.id != ids_.tcb_info) return 0;
      return info.fmspc == pck.fmspc && info.pce_id == pck.pce_id ? 2 : 1;
    });
    if (chosen.document == nullptr) {
      record_missing(context_.collateral.bad_tcb_infos, kIds,
                     std::string(ids_.tcb_info) + " TCB info for FMSPC " + to_hex(pck.fmspc));
      return nullptr;
    }
    for (const Malformed& bad : context_.collateral.bad_tcb_infos) {
      pass_over(bad.name + ": " + bad.why);
    }
    const TcbInfo& info = chosen.document->value;
    signer = chosen.signer;
    bool ok = record_document(chosen, kIds, ids_.tcb_info);
    CheckList& checks = context_.checks;
    ok &= checks.record(CheckId::kTcbInfoFmspc, info.fmspc == pck.fmspc, to_hex(info.fmspc),
                        {to_hex(pck.fmspc), Origin::kCollateral, "PCK certificate"});
    ok &= checks.record(CheckId::kTcbInfoPceId, info.pce_id == pck.pce_id, to_hex(info.pce_id),
                        {to_hex(pck.pce_id), Origin::kCollateral, "PCK certificate"});
    return ok ? chosen.document : nullptr;
  }

  const Named<QeIdentity>* choose_qe_identity(const Named<pki::Certificate>*& signer) {
    static constexpr DocumentChecks kIds = {
        CheckId::kQeIdentityPresent,   CheckId::kQeIdentityForm,
        CheckId::kQeIdentityId,        CheckId::kQeIdentitySignature,
        CheckId::kQeIdentityIssueDate, CheckId::kQeIdentityNextUpdate};
    const auto chosen = choose(context_.collateral.qe_identities, [&](const QeIdentity& identity) {
      return identity.id == ids_.qe_identity ? 2 : 0;
    });
    if (chosen.document == nullptr) {
      record_missing(context_.collateral.bad_qe_identities, kIds,
                     std::string("identity of enclave ") + ids_.qe_identity);
      return nullptr;
    }
    for (const Malformed& bad : context_.collateral.bad_qe_identities) {
      pass_over(bad.name + ": " + bad.why);
    }
    signer = chosen.signer;
    return record_document(chosen, kIds, ids_.qe_identity) ? chosen.document : nullptr;
  }

  void record_signers(const Named<pki::Certificate>* first, const Named<pki::Certificate>* second) {
    CheckList& checks = context_.checks;
    if (signers_.empty()) {
      checks.absent(CheckId::kTcbSigningPresent, "an SGX TCB Signing certificate");
      return;
    }
    checks.record(CheckId::kTcbSigningPresent, true, signers_.front().certificate->origin(),
                  {"an SGX TCB Signing certificate"});
    if (first == nullptr) std::swap(first, second);
    if (first == nullptr) return;
    // Both documents usually have one signer; where they have two, the first that is wrong is
    // shown.
    if (record_signer(*first) && second != nullptr && second != first) record_signer(*second);
  }

  bool record_signer(const Named<pki::Certificate>& signer) {
    const pki::Certificate chain[] = {signer.value, root_};
    x509::PathFacts facts =
        x509::judge_path(chain, context_.anchors, context_.now, context_.signatures,
                         {.names_ok = root_.subject.common_name() == kRootName,
                          .leaf_fault = signing_profile(signer.value) ? "" : kLeafFault});
    // A development platform's name under a root of hardware, where that root's other certificates
    // have not failed for it already.
    x509::Judged mark =
        x509::judge_mark(std::span(chain).first(1), {}, x509::find_anchor(context_.anchors, root_));
    if (!mark.passed && context_.checks.passed(CheckId::kPckChainMark)) {
      facts.names = std::move(mark);
    }
    const bool ok = x509::record_path(context_.checks, kSigningPath, facts);
    if (context_.work != nullptr) {
      x509::show_chain(*context_.work, chain,
                       {&context_.checks.info(CheckId::kTcbSigningSignature)}, context_.collateral);
    }
    if (root_crl_ == nullptr) return ok;
    return context_.checks.record(CheckId::kTcbSigningRevocation,
                                  !root_crl_->value.revokes(signer.value.serial),
                                  "serial " + to_hex(signer.value.serial),
                                  {"not listed", Origin::kCollateral, root_crl_->origin()}) &&
           ok;
  }

  Context& context_;
  const Platform* platform_;
  const pki::Certificate& root_;
  const Named<pki::Crl>* root_crl_;
  const TeeIds& ids_;
  std::vector<Signer> signers_;
  std::size_t candidates_ = 0;
  std::size_t strangers_ = 0;
};

}  // namespace

TcbDocuments verify_tcb_documents(Context& context, const Platform* platform,
                                  const pki::Certificate& root, const Named<pki::Crl>* root_crl,
                                  const TeeIds& ids) {
  return Selection(context, platform, root, root_crl, ids).run();
}

}  // namespace ward::dcap
