#include <algorithm>

#include "tee/dcap/verify.h"

namespace ward::dcap {
namespace {

using attest::Expectation;
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

std::string chain_text(std::span<const pki::Certificate> chain) {
  std::string out;
  for (const pki::Certificate& c : chain) {
    if (!out.empty()) out += " < ";
    out += c.subject.common_name();
  }
  return out;
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
  const auto digest = certificate.spki_sha256();
  for (const attest::Anchor& anchor : anchors) {
    if (equal(anchor.spki_sha256, digest)) return &anchor;
  }
  return nullptr;
}

bool record_path(Context& context, std::span<const pki::Certificate> chain, const PathChecks& ids,
                 bool names_ok, bool profile_ok) {
  const attest::Anchor* anchor = find_anchor(context.anchors, chain.back());
  const crypto::Sha256Digest top = chain.back().spki_sha256();
  // Where no anchor fits, the rest of the path is judged under the key that is there: each fact on
  // its own.
  const auto faults = pki::check_path(chain, top, {.at = context.now});
  const auto clean = [&](Fact fact) {
    return std::ranges::none_of(faults,
                                [&](const pki::PathError& e) { return fact_of(e.fault) == fact; });
  };
  CheckList& checks = context.checks;
  const std::string text = chain_text(chain);
  const std::string now = format_rfc3339(context.now);
  bool ok = anchor != nullptr && clean(Fact::kRoot);
  if (ids.root) {
    checks.record(*ids.root, ok, "public key sha256:" + to_hex(top),
                  {"a trusted root's key", Origin::kPolicy, "trust anchors"});
  }
  ok &= checks.record(ids.signature, clean(Fact::kSignature), text,
                      {"each certificate signed by the next"});
  ok &= checks.record(ids.names, names_ok && clean(Fact::kNames), text,
                      {"names that follow one another and are the profile's"});
  ok &= checks.record(ids.constraints, profile_ok && clean(Fact::kConstraints), text,
                      {"basicConstraints, keyUsage and extensions of the profile"});
  const pki::Certificate& start = latest_start(chain);
  const pki::Certificate& end = earliest_end(chain);
  ok &=
      checks.record(ids.not_before, clean(Fact::kNotBefore), validity_text(start, start.not_before),
                    {"not after " + now, Origin::kCaller, "time of appraisal"});
  ok &= checks.record(ids.not_after, clean(Fact::kNotAfter), validity_text(end, end.not_after),
                      {"not before " + now, Origin::kCaller, "time of appraisal"});
  return ok;
}

}  // namespace ward::dcap
