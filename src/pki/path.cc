#include "pki/path.h"

#include <algorithm>

#include "codec/der.h"
#include "pki/oid.h"

namespace ward::pki {
namespace {

using enum PathFault;

// Extensions whose meaning is taken into account here or in the parser.
const Bytes kProcessed[] = {oid::kSubjectKeyId,         oid::kAuthorityKeyId,  oid::kKeyUsage,
                            oid::kBasicConstraints,     oid::kNameConstraints, oid::kSubjectAltName,
                            oid::kCrlDistributionPoints};

bool contains(std::span<const Bytes> oids, Bytes oid) {
  return std::any_of(oids.begin(), oids.end(), [&](Bytes known) { return equal(known, oid); });
}

bool ca(const Certificate& certificate) {
  return certificate.version == 3 && certificate.basic_constraints &&
         certificate.basic_constraints->ca;
}

bool may(const Certificate& certificate, std::uint16_t usage) {
  return !certificate.key_usage || (*certificate.key_usage & usage) != 0;
}

// The e-mail addresses of a subject; they count where there is no rfc822Name (section 4.2.1.10).
std::vector<GeneralName> subject_mailboxes(const Name& subject) {
  std::vector<GeneralName> out;
  const auto rdns = parse_rdns(subject.der());
  if (!rdns) return out;
  for (const Rdn& rdn : *rdns) {
    for (const Attribute& attribute : rdn) {
      if (!equal(attribute.type, oid::kEmail)) continue;
      out.push_back({GeneralName::Kind::kRfc822, to_buffer(attribute.value)});
    }
  }
  return out;
}

bool names_permitted(const NameConstraints& constraints, const Certificate& certificate) {
  std::vector<GeneralName> names = certificate.subject_alt_names;
  const bool has_mailbox = std::any_of(names.begin(), names.end(), [](const GeneralName& name) {
    return name.kind == GeneralName::Kind::kRfc822;
  });
  if (!has_mailbox) {
    for (GeneralName& name : subject_mailboxes(certificate.subject)) {
      names.push_back(std::move(name));
    }
  }
  const auto rdns = parse_rdns(certificate.subject.der());
  if (!rdns || !rdns->empty()) {
    names.push_back({GeneralName::Kind::kDirectory, to_buffer(certificate.subject.der())});
  }
  return std::all_of(names.begin(), names.end(),
                     [&](const GeneralName& name) { return permits(constraints, name); });
}

// The names of the distribution points whose CRL, by the certificate, is whole and its issuer's.
// Without the extension that is the issuer's name (section 6.3.3).
std::vector<GeneralName> own_points(const Certificate& certificate) {
  std::vector<GeneralName> out;
  for (const DistributionPoint& point : certificate.distribution_points) {
    if (point.some_reasons || point.other_issuer) continue;
    out.insert(out.end(), point.names.begin(), point.names.end());
  }
  if (certificate.distribution_points.empty()) {
    out.push_back({GeneralName::Kind::kDirectory, to_buffer(certificate.issuer.der())});
  }
  return out;
}

// What makes a CRL unfit whoever issued it.
std::vector<PathFault> own_crl_faults(const Crl& crl, UnixTime at) {
  std::vector<PathFault> out;
  if (crl.this_update > at) out.push_back(kCrlNotYetValid);
  if (!crl.next_update || *crl.next_update < at) out.push_back(kCrlExpired);
  if (crl.unknown_critical) out.push_back(kCrlUnknownCritical);
  const auto& point = crl.issuing_distribution_point;
  if (crl.delta) out.push_back(kCrlDelta);
  if (crl.entries_of_other_issuers || (point && point->indirect)) out.push_back(kCrlIndirect);
  if (point && point->some_reasons) out.push_back(kCrlSomeReasons);
  return out;
}

bool signs(const Certificate& issuer, const Crl& crl) {
  return issuer.public_key && signed_by(crl, *issuer.public_key);
}

// A CRL that is the issuer's but says more than we process.
bool partly_processed(std::span<const PathFault> faults) {
  return std::any_of(faults.begin(), faults.end(), [](PathFault fault) {
    return fault == kCrlDelta || fault == kCrlIndirect || fault == kCrlSomeReasons;
  });
}

// Walk judges one chain.
class Walk {
 public:
  Walk(std::span<const Certificate> chain, const PathOptions& options)
      : chain_(chain), options_(options) {}

  std::vector<PathError> run(const crypto::Sha256Digest& anchor) {
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      if (i + 1 == chain_.size() && chain_[i].spki_sha256 != anchor) add(kNotAnchored, i);
      check_link(i);
      check_own(i);
      if (i > 0) check_issuer(i);
      check_names(i);
      if (options_.crls && !options_.lists_after_path) check_revocation(i);
    }
    if (options_.crls && options_.lists_after_path && faults_.empty()) {
      for (std::size_t i = 0; i < chain_.size(); ++i) {
        check_revocation(i);
      }
    }
    return std::move(faults_);
  }

 private:
  void add(PathFault fault, std::size_t index) { faults_.push_back({fault, index}); }

  [[nodiscard]] bool holds(const Certificate& signed_one, const Certificate& issuer) const {
    return options_.holds ? options_.holds(signed_one, issuer)
                          : signed_by(signed_one, *issuer.public_key);
  }

  // Signature and name against the certificate above; the top against itself.
  void check_link(std::size_t i) {
    if (options_.top_is_intermediate && i + 1 == chain_.size()) return;
    const Certificate& above = chain_[std::min(i + 1, chain_.size() - 1)];
    if (above.public_key && !holds(chain_[i], above)) add(kSignature, i);
    if (!chain_[i].issuer.matches(above.subject)) add(kNameChain, i);
  }

  void check_own(std::size_t i) {
    const Certificate& certificate = chain_[i];
    if (options_.at < certificate.not_before) add(kNotYetValid, i);
    if (options_.at > certificate.not_after) add(kExpired, i);
    if (!certificate.public_key) add(kUnsupportedKey, i);
    for (const Extension& extension : certificate.extensions) {
      if (!extension.critical || contains(kProcessed, extension.oid)) continue;
      if (contains(options_.known_critical, extension.oid)) continue;
      if (i == 0 && contains(options_.known_critical_of_leaf, extension.oid)) continue;
      add(kUnknownCritical, i);
      return;
    }
  }

  void check_issuer(std::size_t i) {
    const Certificate& issuer = chain_[i];
    if (!ca(issuer)) add(kNotCa, i);
    if (!may(issuer, key_usage::kKeyCertSign)) add(kKeyUsage, i);
    if (!issuer.basic_constraints || !issuer.basic_constraints->path_len) return;
    // Intermediates below it that are not self-issued count; the leaf does not.
    const auto below = chain_.subspan(1, i - 1);
    const auto count = std::count_if(below.begin(), below.end(),
                                     [](const Certificate& c) { return !c.self_issued(); });
    if (static_cast<std::uint64_t>(count) > *issuer.basic_constraints->path_len) {
      add(kPathLength, i);
    }
  }

  void check_names(std::size_t i) {
    if (i > 0 && chain_[i].self_issued()) return;  // section 6.1.3 (b)
    for (std::size_t above = i + 1; above < chain_.size(); ++above) {
      const auto& constraints = chain_[above].name_constraints;
      if (!constraints || names_permitted(*constraints, chain_[i])) continue;
      add(kNameConstraints, i);
      return;
    }
  }

  // The certificate above `i` of the CRL issuer's name whose key signed it; nullptr where none did.
  const Certificate* crl_signer(const Crl& crl, std::size_t i) const {
    for (std::size_t above = i + 1; above < chain_.size(); ++above) {
      const Certificate& candidate = chain_[above];
      if (!candidate.subject.matches(crl.issuer)) continue;
      const bool holds =
          options_.list_holds ? options_.list_holds(crl, candidate) : signs(candidate, crl);
      if (holds) return &candidate;
    }
    return nullptr;
  }

  // What is wrong with one CRL of the certificate's issuer.
  struct Judged {
    bool covers = false;
    std::vector<PathFault> faults;

    [[nodiscard]] bool better_than(const Judged& other) const {
      if (covers != other.covers) return covers;
      return faults.size() < other.faults.size();
    }
  };

  void check_revocation(std::size_t i) {
    if (i + 1 == chain_.size()) return;  // of the top nobody above lists anything
    const Certificate& certificate = chain_[i];
    std::optional<Judged> best;
    bool revoked = false;
    for (const Crl& crl : *options_.crls) {
      if (!crl.issuer.matches(certificate.issuer)) continue;
      const Certificate* signer = crl_signer(crl, i);
      const Certificate& issuer = signer != nullptr ? *signer : chain_[i + 1];
      Judged judged{crl_covers(crl, certificate),
                    check_crl(crl, issuer, signer != nullptr, options_.at)};
      if (!judged.covers) judged.faults.push_back(kCrlScope);
      if (judged.faults.empty()) revoked = revoked || crl.revokes(certificate.serial);
      if (signer != nullptr && partly_processed(judged.faults)) {
        best = std::move(judged);
        break;
      }
      if (!best || judged.better_than(*best)) best = std::move(judged);
    }
    if (revoked) add(kRevoked, i);
    if (!best) return add(kNoCrl, i);
    for (const PathFault fault : best->faults) {
      add(fault, i);
    }
  }

  std::span<const Certificate> chain_;
  const PathOptions& options_;
  std::vector<PathError> faults_;
};

}  // namespace

const char* to_string(PathFault fault) {
  switch (fault) {
    case kNotAnchored:
      return "not_anchored";
    case kSignature:
      return "signature";
    case kNameChain:
      return "name_chain";
    case kNotYetValid:
      return "not_yet_valid";
    case kExpired:
      return "expired";
    case kNotCa:
      return "not_ca";
    case kPathLength:
      return "path_length";
    case kKeyUsage:
      return "key_usage";
    case kUnknownCritical:
      return "unknown_critical";
    case kUnsupportedKey:
      return "unsupported_key";
    case kNameConstraints:
      return "name_constraints";
    case kRevoked:
      return "revoked";
    case kNoCrl:
      return "no_crl";
    case kCrlSignature:
      return "crl_signature";
    case kCrlKeyUsage:
      return "crl_key_usage";
    case kCrlNotYetValid:
      return "crl_not_yet_valid";
    case kCrlExpired:
      return "crl_expired";
    case kCrlUnknownCritical:
      return "crl_unknown_critical";
    case kTooLong:
      return "too_long";
    case kCrlKeyId:
      return "crl_key_id";
    case kCrlScope:
      return "crl_scope";
    case kCrlDelta:
      return "crl_delta";
    case kCrlIndirect:
      return "crl_indirect";
    case kCrlSomeReasons:
      return "crl_some_reasons";
  }
  return "unknown";
}

std::vector<PathError> check_path(std::span<const Certificate> chain,
                                  const crypto::Sha256Digest& anchor_spki_sha256,
                                  const PathOptions& options) {
  if (chain.empty()) return {{kNotAnchored, 0}};
  if (chain.size() > kMaxPathLength) return {{kTooLong, kMaxPathLength}};
  return Walk(chain, options).run(anchor_spki_sha256);
}

std::vector<PathFault> check_crl(const Crl& crl, const Certificate& issuer, UnixTime at) {
  return check_crl(crl, issuer, signs(issuer, crl), at);
}

std::vector<PathFault> check_crl(const Crl& crl, const Certificate& issuer, bool is_signed,
                                 UnixTime at) {
  std::vector<PathFault> out;
  if (!crl.issuer.matches(issuer.subject)) out.push_back(kNoCrl);
  if (!is_signed) out.push_back(kCrlSignature);
  if (crl.authority_key_id && issuer.subject_key_id &&
      *crl.authority_key_id != *issuer.subject_key_id) {
    out.push_back(kCrlKeyId);
  }
  if (!may(issuer, key_usage::kCrlSign)) out.push_back(kCrlKeyUsage);
  const std::vector<PathFault> own = own_crl_faults(crl, at);
  out.insert(out.end(), own.begin(), own.end());
  return out;
}

bool crl_covers(const Crl& crl, const Certificate& certificate) {
  const auto& point = crl.issuing_distribution_point;
  if (!point) return true;
  if (point->only_attribute_certificates) return false;
  if (point->only_user_certificates && ca(certificate)) return false;
  if (point->only_ca_certificates && !ca(certificate)) return false;
  if (point->names.empty()) return true;
  const std::vector<GeneralName> own = own_points(certificate);
  return std::any_of(own.begin(), own.end(), [&](const GeneralName& name) {
    return std::any_of(point->names.begin(), point->names.end(),
                       [&](const GeneralName& other) { return same_name(name, other); });
  });
}

}  // namespace ward::pki
