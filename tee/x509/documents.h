#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "attest/collateral.h"
#include "pki/certificate.h"

// What the makers of TEEs have in common: certificates and CRLs as endorsements, found among
// collateral, and judged as checks.
namespace ward::x509 {

// Named is a recognised document with where it came from, for people.
template <class T>
struct Named {
  std::string name;
  crypto::Sha256Digest digest{};  // of the whole document
  T value;

  // origin is "tcb_info.json (sha256:0123456789abcdef...)".
  [[nodiscard]] std::string origin() const {
    return name + " (sha256:" + to_hex(Bytes(digest).first(8)) + ")";
  }
};

// Malformed is a document that is plainly meant as one of a kind but does not parse, or is none.
struct Malformed {
  std::string name;
  std::string why;
};

// Documents are a mixture of documents sorted by what they are.
struct Documents {
  std::vector<Named<pki::Certificate>> certificates;
  std::vector<Named<pki::Crl>> crls;
  std::vector<Malformed> unknown;
  std::set<crypto::Sha256Digest> seen;  // of each certificate and CRL: copies are left out
};

// all_of lists the documents of one or two collections, one behind the other; borrowed.
[[nodiscard]] std::vector<const attest::Document*> all_of(
    const attest::Collateral& first, const attest::Collateral* second = nullptr);

// after is the second behind the last one of a validity.
[[nodiscard]] constexpr UnixTime after(UnixTime last) { return {last.seconds + 1}; }

// add_changes adds every time from which on a certificate or a CRL is judged otherwise than before:
// where its validity begins and behind its end.
void add_changes(const pki::Certificate& certificate, std::vector<UnixTime>& out);
void add_changes(const Documents& documents, std::vector<UnixTime>& out);

// digest_of names documents by name and content.
[[nodiscard]] crypto::Sha256Digest digest_of(std::span<const attest::Document* const> documents);

// within_limits is true where document number `number` (from 0) may be looked at; else it is noted
// as unknown.
[[nodiscard]] bool within_limits(const attest::Document& document, std::size_t number,
                                 Documents& out);

// trimmed is the document as text without the blanks around it.
[[nodiscard]] std::string_view trimmed(const attest::Document& document);

// add_document recognises certificates and CRLs: PEM, DER, and a DER CRL as hexadecimal text (as a
// PCCS serves it). What is none of these, or is malformed, goes to `unknown`: a folder may hold
// anything. A copy of what is there already is left out.
void add_document(const attest::Document& document, Documents& out);

}  // namespace ward::x509
