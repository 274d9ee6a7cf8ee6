#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "base/time.h"
#include "tee/x509/documents.h"
#include "tee/x509/signatures.h"

namespace ward::x509 {

// At most so many certificates are tried for one place of a chain: a platform has one, or two where
// one was renewed.
inline constexpr std::size_t kMaxTried = 64;

using Certificates = std::vector<const pki::Certificate*>;

// Pool is the certificates among the collateral of one appraisal, and who is trusted in it. Borrows
// all; what it returns lives as long as they do. What the limit leaves out is added to the notes.
// It remembers what it found out, so that certificates that all fit one another cost a signature
// per pair; one thread at a time.
class Pool {
 public:
  using Test = std::function<bool(const pki::Certificate&)>;

  Pool(const std::vector<Named<pki::Certificate>>& certificates,
       std::span<const attest::Anchor> anchors, UnixTime now, Signatures& known,
       std::vector<std::string>& notes)
      : certificates_(certificates), anchors_(anchors), now_(now), known_(known), notes_(notes) {}

  // anchored is true for a trusted root itself, not for what copies its key.
  [[nodiscard]] bool anchored(const pki::Certificate& certificate) const;

  // fitting lists the certificates with a usable key that are `named` and that `fits`; at most
  // `limit` of the former are tried.
  [[nodiscard]] Certificates fitting(const Test& named, const Test& fits,
                                     std::size_t limit = kMaxTried) const;

  // count is how many have a usable key and are `named`.
  [[nodiscard]] std::size_t count(const Test& named) const;

  // best takes of `list` the one that is `trusted`, valid, and the newest, in this order; the first
  // of equals; null for none.
  [[nodiscard]] const pki::Certificate* best(const Certificates& list, const Test& trusted) const;

  // find_issuer looks for the certificate that issued `certificate`, or null. A copied name or key
  // is not enough: one that leads to a trusted root, by signatures and however far above, goes
  // before. Where no key fits, the best by name is meant, and the signature fails.
  [[nodiscard]] const pki::Certificate* find_issuer(const pki::Certificate& certificate) const;

  // is_signed_by is Signatures::found().
  [[nodiscard]] bool is_signed_by(const pki::Certificate& certificate,
                                  const pki::Certificate& issuer) const;

 private:
  // Who may have issued a certificate.
  struct Issuers {
    Certificates all;
    bool signed_it = false;  // all of them; else they have the name alone
  };

  // A way up: `seen` was passed or tried, `cut` says that it was too long to be followed.
  struct Climb {
    std::set<const pki::Certificate*> seen;
    bool cut = false;
  };

  void note_once(std::string note) const;
  [[nodiscard]] const Issuers& issuers(const pki::Certificate& certificate) const;
  // Of the pool's own certificates.
  [[nodiscard]] bool is_root(const pki::Certificate* own) const;
  [[nodiscard]] bool leads_to_root(const pki::Certificate* own) const;
  [[nodiscard]] bool climbs(const pki::Certificate* own, std::size_t depth, Climb& climb) const;

  const std::vector<Named<pki::Certificate>>& certificates_;
  std::span<const attest::Anchor> anchors_;
  UnixTime now_;
  Signatures& known_;
  std::vector<std::string>& notes_;
  mutable std::map<crypto::Sha256Digest, Issuers> issuers_;  // by the certificate's digest
  mutable std::map<const pki::Certificate*, bool> roots_;
  mutable std::map<const pki::Certificate*, bool> leading_;
};

}  // namespace ward::x509
