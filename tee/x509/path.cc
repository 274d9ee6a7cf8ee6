#include "tee/x509/path.h"

#include <algorithm>

#include "attest/recall.h"
#include "pki/path.h"
#include "tee/x509/development.h"

namespace ward::x509 {
namespace {

using attest::Origin;
using pki::PathFault;

// Which of the six facts a fault belongs to.
enum class Fact : std::uint8_t { kRoot, kSignature, kNames, kConstraints, kNotBefore, kNotAfter };

Fact fact_of(PathFault fault) {
  switch (fault) {
    case PathFault::kNotAnchored:
      return Fact::kRoot;
    case PathFault::kSignature:
      return Fact::kSignature;
    case PathFault::kNameChain:
      return Fact::kNames;
    case PathFault::kNotYetValid:
      return Fact::kNotBefore;
    case PathFault::kExpired:
      return Fact::kNotAfter;
    case PathFault::kNotCa:
    case PathFault::kPathLength:
    case PathFault::kKeyUsage:
    case PathFault::kUnknownCritical:
    case PathFault::kUnsupportedKey:
    case PathFault::kNameConstraints:
    case PathFault::kTooLong:
    case PathFault::kRevoked:
    case PathFault::kNoCrl:
    case PathFault::kCrlSignature:
    case PathFault::kCrlKeyUsage:
    case PathFault::kCrlNotYetValid:
    case PathFault::kCrlExpired:
    case PathFault::kCrlKeyId:
    case PathFault::kCrlScope:
    case PathFault::kCrlDelta:
    case PathFault::kCrlIndirect:
    case PathFault::kCrlSomeReasons:
    case PathFault::kCrlUnknownCritical:
      return Fact::kConstraints;
  }
  return Fact::kConstraints;
}

// What is wrong with one certificate, where it is used for what it may not do.
const char* misuse_text(PathFault fault) {
  static constexpr struct {
    PathFault fault;
    const char* text;
  } kTexts[] = {
      {PathFault::kNotCa, "is no CA"},
      {PathFault::kPathLength, "has more CAs below it than its path length allows"},
      {PathFault::kKeyUsage, "may not sign what it signed (keyUsage)"},
      {PathFault::kUnknownCritical, "has a critical extension that ward does not know"},
      {PathFault::kUnsupportedKey, "has a key of a kind that ward does not know"},
      {PathFault::kNameConstraints, "has name constraints that are not met"},
  };

  for (const auto& row : kTexts) {
    if (row.fault == fault) return row.text;
  }
  return "is not of the profile";
}

// misuses names each certificate of the chain that is used for what it may not do, once.
std::string misuses(std::span<const pki::Certificate> chain,
                    const std::vector<pki::PathError>& faults, std::string_view leaf_fault) {
  std::vector<std::string> all;
  const auto add = [&](std::size_t index, std::string_view what) {
    const std::size_t at = std::min(index, chain.size() - 1);
    std::string text = chain[at].subject.common_name() + " " + std::string(what);
    if (std::ranges::find(all, text) == all.end()) all.push_back(std::move(text));
  };
  for (const pki::PathError& e : faults) {
    if (fact_of(e.fault) == Fact::kConstraints) add(e.index, misuse_text(e.fault));
  }
  if (!leaf_fault.empty()) add(0, leaf_fault);
  std::string out;
  for (const std::string& text : all) {
    out += (out.empty() ? "" : "; ") + text;
  }
  return out;
}

std::string chain_text(std::span<const pki::Certificate> chain) {
  std::string out;
  for (const pki::Certificate& c : chain) {
    if (!out.empty()) out += " < ";
    out += &c == &chain.back() ? shown_name(c) : c.subject.common_name();
  }
  return out;
}

// Which certificate names another issuer than the next one; empty where none does.
std::string unchained(std::span<const pki::Certificate> chain) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (chain[i].issuer.matches(chain[i + 1].subject)) continue;
    return chain[i].subject.common_name() + " names the issuer " + chain[i].issuer.common_name() +
           ", and the next certificate is " + chain[i + 1].subject.common_name();
  }
  return "";
}

// The certificate whose validity ends the range first, in the direction asked for.
const pki::Certificate& latest_start(std::span<const pki::Certificate> chain) {
  return *std::ranges::max_element(chain, {}, &pki::Certificate::not_before);
}

const pki::Certificate& earliest_end(std::span<const pki::Certificate> chain) {
  return *std::ranges::min_element(chain, {}, &pki::Certificate::not_after);
}

std::string validity_text(const pki::Certificate& c, UnixTime t) {
  return c.subject.common_name() + ": " + format_rfc3339(t);
}

}  // namespace

const attest::Anchor* find_anchor(std::span<const attest::Anchor> anchors,
                                  const pki::Certificate& certificate) {
  const auto digest = certificate.spki_sha256;
  for (const attest::Anchor& anchor : anchors) {
    if (equal(anchor.spki_sha256, digest)) return &anchor;
  }
  return nullptr;
}

pki::PathOptions path_options(UnixTime now, Signatures& signatures) {
  return {
      .at = now,
      .holds = [&signatures](const pki::Certificate& signed_one, const pki::Certificate& issuer) {
        return signatures.holds(signed_one, issuer);
      }};
}

PathFacts judge_path(std::span<const pki::Certificate> chain,
                     std::span<const attest::Anchor> anchors, UnixTime now, Signatures& signatures,
                     const PathProfile& profile) {
  const attest::Anchor* anchor = find_anchor(anchors, chain.back());
  const crypto::Sha256Digest top = chain.back().spki_sha256;
  // Where no anchor fits, the rest of the path is judged under the key that is there: each fact on
  // its own.
  pki::PathOptions options = path_options(now, signatures);
  options.known_critical = profile.judged;
  options.known_critical_of_leaf = profile.judged_in_leaf;
  options.top_is_intermediate =
      profile.any_anchor && anchor != nullptr && chain.size() > 1 && !chain.back().self_issued();
  const auto faults = pki::check_path(chain, top, options);
  const auto clean = [&](Fact fact) {
    return std::ranges::none_of(faults,
                                [&](const pki::PathError& e) { return fact_of(e.fault) == fact; });
  };
  const std::string text = chain_text(chain);
  const std::string broken = clean(Fact::kNames) ? "" : unchained(chain);
  const std::string time = format_rfc3339(now);
  const std::string misused = misuses(chain, faults, profile.leaf_fault);
  const pki::Certificate& start = latest_start(chain);
  const pki::Certificate& end = earliest_end(chain);
  return {.root = {anchor != nullptr && clean(Fact::kRoot),
                   "public key sha256:" + to_hex(top),
                   {"a trusted root's key", Origin::kPolicy, "trust anchors"}},
          .signature = {clean(Fact::kSignature), text, {"each certificate signed by the next"}},
          .names = {profile.names_ok && clean(Fact::kNames),
                    broken.empty() ? text : broken,
                    {"names that follow one another and are the profile's"}},
          .constraints = {misused.empty(),
                          misused.empty() ? text : misused,
                          {"basicConstraints, keyUsage and extensions of the profile"}},
          .not_before = {clean(Fact::kNotBefore),
                         validity_text(start, start.not_before),
                         {"not after " + time, Origin::kCaller, attest::kTimeOfAppraisal}},
          .not_after = {clean(Fact::kNotAfter),
                        validity_text(end, end.not_after),
                        {"not before " + time, Origin::kCaller, attest::kTimeOfAppraisal}}};
}

}  // namespace ward::x509
