#include "tee/sev/pool.h"

#include <map>

namespace ward::sev {
namespace {

// No more certificates are held.
constexpr std::size_t kMaxHeld = 16384;

void hold(Pool& pool, Certificate certificate, std::size_t document, std::size_t offset) {
  if (pool.certificates.size() == kMaxHeld || !pool.seen.insert(certificate.digest).second) return;
  pool.certificates.push_back({std::move(certificate), document, offset});
}

}  // namespace

void Pool::add(const attest::Document& document) {
  if (certificates.size() == kMaxHeld) {
    unknown.push_back({document.name, "over the limit of certificates"});
    return;
  }
  auto read = parse_certificates(document.bytes);
  if (!read) {
    unknown.push_back({document.name, read.error().what()});
    return;
  }
  documents.push_back({document.name, document.bytes});
  std::size_t offset = 0;
  for (Certificate& certificate : *read) {
    const std::size_t size = certificate.raw.size();
    hold(*this, std::move(certificate), documents.size() - 1, offset);
    offset += size;
  }
}

void Pool::add_sent(Bytes evidence, std::size_t offset, std::vector<Certificate> sent) {
  documents.push_back({"in the evidence", to_buffer(evidence), true});
  for (Certificate& certificate : sent) {
    const std::size_t size = certificate.raw.size();
    hold(*this, std::move(certificate), documents.size() - 1, offset);
    offset += size;
  }
}

Pool read_documents(std::span<const attest::Document* const> documents, bool (* /*none*/)(Bytes)) {
  Pool out;
  x509::Documents limits;
  std::size_t number = 0;
  for (const attest::Document* document : documents) {
    if (x509::within_limits(*document, number++, limits)) out.add(*document);
  }
  out.unknown.insert(out.unknown.end(), limits.unknown.begin(), limits.unknown.end());
  return out;
}

const Held* pick(const Pool& pool, const Pick& how) {
  std::map<crypto::Sha256Digest, bool> keys;
  std::vector<const Held*> fitting;
  const Held* only = nullptr;
  std::size_t number = 0;
  for (const Held& held : pool.certificates) {
    const Certificate& c = held.certificate;
    if (c.usage != how.usage) continue;
    only = ++number == 1 ? &held : nullptr;
    auto key = keys.find(c.spki_sha256);
    if (key == keys.end()) {
      if (keys.size() == kMaxTried) continue;
      key = keys.emplace(c.spki_sha256, how.fits(c)).first;
    }
    if (key->second && fitting.size() < kMaxTried) fitting.push_back(&held);
  }
  if (fitting.empty()) return only;
  const Held* out = fitting.front();
  if (fitting.size() == 1) return out;
  unsigned highest = 0;
  for (const Held* held : fitting) {
    const unsigned rank = how.rank(held->certificate);
    if (rank > highest) {
      out = held;
      highest = rank;
    }
    if (highest == how.best) break;
  }
  return out;
}

bool exists(const Pool& pool, Usage usage, const std::function<bool(const Certificate&)>& fits) {
  std::set<crypto::Sha256Digest> keys;
  for (const Held& held : pool.certificates) {
    const Certificate& c = held.certificate;
    if (c.usage != usage || keys.size() == kMaxTried || !keys.insert(c.spki_sha256).second)
      continue;
    if (fits(c)) return true;
  }
  return false;
}

bool signed_once(x509::Signatures& signatures, const Certificate& subject,
                 const Certificate& signer) {
  return signatures.holds(subject.digest, signer.digest,
                          [&] { return signed_by(subject, signer); });
}

}  // namespace ward::sev
