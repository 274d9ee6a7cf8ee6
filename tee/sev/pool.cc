#include "tee/sev/pool.h"

#include <algorithm>

namespace ward::sev {
namespace {

// No more certificates are held. Of one usage at most so many certificates are looked at, and of
// those that fit so many are asked whether they are better: whoever sends them chooses how many
// there are.
constexpr std::size_t kMaxHeld = 16384;
constexpr std::size_t kMaxTried = 1024;
constexpr std::size_t kMaxBetter = 8;

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
  std::vector<const Held*> fitting;
  const Held* only = nullptr;
  std::size_t number = 0;
  for (const Held& held : pool.certificates) {
    if (held.certificate.usage != how.usage || ++number > kMaxTried) continue;
    only = number == 1 ? &held : nullptr;
    if (how.fits(held.certificate) && fitting.size() < kMaxBetter) fitting.push_back(&held);
  }
  const auto better = std::ranges::find_if(
      fitting, [&](const Held* held) { return how.is_better(held->certificate); });
  if (better != fitting.end()) return *better;
  return fitting.empty() ? only : fitting.front();
}

bool exists(const Pool& pool, Usage usage, const std::function<bool(const Certificate&)>& fits) {
  std::size_t number = 0;
  for (const Held& held : pool.certificates) {
    if (held.certificate.usage != usage || ++number > kMaxTried) continue;
    if (fits(held.certificate)) return true;
  }
  return false;
}

bool signed_once(x509::Signatures& signatures, const Certificate& subject,
                 const Certificate& signer) {
  return signatures.holds(subject.digest, signer.digest,
                          [&] { return signed_by(subject, signer); });
}

}  // namespace ward::sev
