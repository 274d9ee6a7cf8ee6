#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "attest/collateral.h"
#include "tee/sev/certificate.h"
#include "tee/x509/documents.h"
#include "tee/x509/signatures.h"

// Certificates of this generation among collateral.
namespace ward::sev {

// Held is one certificate with where it stood.
struct Held {
  Certificate certificate;
  std::size_t document = 0;  // in Pool::documents
  std::size_t offset = 0;    // in its octets
};

// Source is a document that certificates were read from.
struct Source {
  std::string name;
  Buffer bytes;
  bool evidence = false;  // the octets are the evidence itself
};

// Pool are the certificates of documents, in their order, each once.
struct Pool {
  std::vector<Source> documents;
  std::vector<Held> certificates;
  std::vector<x509::Malformed> unknown;
  std::set<crypto::Sha256Digest> seen;

  // add reads certificates off a document; what is none is noted as unknown. A copy is left out.
  void add(const attest::Document& document);

  // add_sent adds what the evidence brought, behind the rest.
  void add_sent(Bytes evidence, std::size_t offset, std::vector<Certificate> certificates);
};

// read_documents reads collateral, within its limits.
[[nodiscard]] Pool read_documents(std::span<const attest::Document* const> documents,
                                  bool (*none)(Bytes) = nullptr);

// At most so many keys of one usage are asked about, and so many certificates of those that fit are
// compared: whoever sends them chooses how many there are.
inline constexpr std::size_t kMaxTried = 1024;

// Pick says how a certificate is looked for. Functions are called for certificates of `usage`
// alone.
struct Pick {
  Usage usage = Usage::kNone;
  std::function<bool(const Certificate&)> fits;      // its key, for which it is asked once, signed
                                                     // what is at hand
  std::function<unsigned(const Certificate&)> rank;  // how good it is itself; anybody can write a
                                                     // certificate of a key that fits
  unsigned best = 1;                                 // no rank is higher
};

// pick returns the first of the highest rank among those that fit; else the one of this usage,
// where there is but one: it is meant, and its signature fails. Null for none. Borrowed.
[[nodiscard]] const Held* pick(const Pool& pool, const Pick& how);

// exists is true where a certificate of this usage has a key that fits; it is asked once for each.
[[nodiscard]] bool exists(const Pool& pool, Usage usage,
                          const std::function<bool(const Certificate&)>& fits);

// signed_once is signed_by, found out once for each pair.
[[nodiscard]] bool signed_once(x509::Signatures& signatures, const Certificate& subject,
                               const Certificate& signer);

}  // namespace ward::sev
