#include "tee/x509/pool.h"

#include <algorithm>

#include "pki/path.h"
#include "tee/x509/path.h"

namespace ward::x509 {
namespace {

// Standing is how good a certificate is for its place; greater is better, compared in this order.
struct Standing {
  bool trusted = false;  // a root that is trusted, or a certificate that such a root signed
  bool current = false;
  UnixTime not_before;

  // NOLINTNEXTLINE(modernize-use-nullptr): a defaulted <=> has no null pointer
  friend auto operator<=>(const Standing&, const Standing&) = default;
};

bool any(const pki::Certificate& /*certificate*/) { return true; }

}  // namespace

bool Pool::anchored(const pki::Certificate& certificate) const {
  return find_anchor(anchors_, certificate) != nullptr && certificate.public_key &&
         is_signed_by(certificate, certificate);
}

bool Pool::is_signed_by(const pki::Certificate& certificate, const pki::Certificate& issuer) const {
  return known_.found(certificate, issuer, notes_);
}

Certificates Pool::fitting(const Test& named, const Test& fits, std::size_t limit) const {
  Certificates out;
  std::size_t tried = 0;
  for (const Named<pki::Certificate>& candidate : certificates_) {
    const pki::Certificate& c = candidate.value;
    if (!c.public_key || !named(c) || ++tried > limit) continue;
    if (fits(c)) out.push_back(&c);
  }
  if (tried > limit) {
    note_once("left out: " + std::to_string(tried - limit) + " of " + std::to_string(tried) +
              " certificates that the chain could be made of");
  }
  return out;
}

std::size_t Pool::count(const Test& named) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      certificates_, [&](const auto& c) { return c.value.public_key && named(c.value); }));
}

void Pool::note_once(std::string note) const {
  if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(std::move(note));
}

// In the list's order, each once: what `trusted` verifies counts against the limit.
const pki::Certificate* Pool::best(const Certificates& list, const Test& trusted) const {
  const pki::Certificate* out = nullptr;
  Standing top;
  for (const pki::Certificate* c : list) {
    const Standing standing{trusted(*c), c->not_before <= now_ && now_ <= c->not_after,
                            c->not_before};
    if (out != nullptr && standing <= top) continue;
    out = c;
    top = standing;
  }
  return out;
}

const Pool::Issuers& Pool::issuers(const pki::Certificate& certificate) const {
  const auto [known, is_new] = issuers_.try_emplace(certificate.fingerprint);
  if (!is_new) return known->second;
  const auto named = [&](const pki::Certificate& c) {
    return c.subject.matches(certificate.issuer);
  };
  Issuers& out = known->second;
  out.all = fitting(named, [&](const pki::Certificate& c) { return is_signed_by(certificate, c); });
  out.signed_it = !out.all.empty();
  if (!out.signed_it) out.all = fitting(named, any);
  return out;
}

bool Pool::is_root(const pki::Certificate* own) const {
  const auto [known, is_new] = roots_.try_emplace(own);
  if (is_new) known->second = anchored(*own);
  return known->second;
}

// Where no way was cut short and none leads to a root, none of what was passed leads to one.
bool Pool::leads_to_root(const pki::Certificate* own) const {
  Climb climb;
  if (climbs(own, 1, climb)) return true;
  if (climb.cut) return false;
  for (const pki::Certificate* seen : climb.seen)
    leading_.insert_or_assign(seen, false);
  return false;
}

bool Pool::climbs(const pki::Certificate* own, std::size_t depth, Climb& climb) const {
  const auto known = leading_.find(own);
  if (known != leading_.end()) return known->second;
  if (depth > pki::kMaxPathLength) {
    climb.cut = true;
    return false;
  }
  if (!climb.seen.insert(own).second) return false;
  bool leads = is_root(own);
  if (!leads) {
    const Issuers& above = issuers(*own);
    leads = above.signed_it && std::ranges::any_of(above.all, [&](const pki::Certificate* issuer) {
              return climbs(issuer, depth + 1, climb);
            });
  }
  if (leads) leading_.insert_or_assign(own, true);
  return leads;
}

const pki::Certificate* Pool::find_issuer(const pki::Certificate& certificate) const {
  return best(issuers(certificate).all,
              [&](const pki::Certificate& c) { return leads_to_root(&c); });
}

}  // namespace ward::x509
