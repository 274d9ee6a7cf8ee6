#include "tee/x509/pool.h"

#include <algorithm>

#include "tee/x509/path.h"

namespace ward::x509 {
namespace {

// Standing is how good a certificate is for its place; greater is better, compared in this order.
struct Standing {
  bool trusted = false;  // a root that is trusted, or a certificate that such a root signed
  bool current = false;
  UnixTime not_before;

  friend auto operator<=>(const Standing&, const Standing&) = default;
};

bool any(const pki::Certificate& /*certificate*/) { return true; }

}  // namespace

bool Pool::anchored(const pki::Certificate& certificate) const {
  return find_anchor(anchors_, certificate) != nullptr && certificate.public_key &&
         pki::signed_by(certificate, *certificate.public_key);
}

Certificates Pool::fitting(const Test& named, const Test& fits) const {
  Certificates out;
  std::size_t tried = 0;
  for (const Named<pki::Certificate>& candidate : certificates_) {
    const pki::Certificate& c = candidate.value;
    if (!c.public_key || !named(c) || ++tried > kMaxTried) continue;
    if (fits(c)) out.push_back(&c);
  }
  if (tried > kMaxTried) note_left_out(tried);
  return out;
}

// Said once for each number of them.
void Pool::note_left_out(std::size_t given) const {
  const std::string note = "left out: " + std::to_string(given - kMaxTried) + " of " +
                           std::to_string(given) + " certificates that the chain could be made of";
  if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(note);
}

const pki::Certificate* Pool::best(const Certificates& list, const Test& trusted) const {
  const auto standing = [&](const pki::Certificate* c) {
    return Standing{trusted(*c), c->not_before <= now_ && now_ <= c->not_after, c->not_before};
  };
  const auto top = std::ranges::max_element(list, {}, standing);
  return top == list.end() ? nullptr : *top;
}

Certificates Pool::issuers(const pki::Certificate& certificate) const {
  const auto named = [&](const pki::Certificate& c) {
    return c.subject.matches(certificate.issuer);
  };
  auto out = fitting(
      named, [&](const pki::Certificate& c) { return pki::signed_by(certificate, *c.public_key); });
  return out.empty() ? fitting(named, any) : out;
}

const pki::Certificate* Pool::find_issuer(const pki::Certificate& certificate) const {
  return best(issuers(certificate), [&](const pki::Certificate& c) {
    return anchored(c) || std::ranges::any_of(issuers(c), [&](const pki::Certificate* root) {
             return anchored(*root) && pki::signed_by(c, *root->public_key);
           });
  });
}

}  // namespace ward::x509
