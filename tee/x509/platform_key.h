#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "attest/scheme.h"
#include "crypto/digest.h"

namespace ward::x509 {

// KeyWriter makes the key of a platform: a digest of the scheme's name, the trust anchors and what
// is added, each by its length and content. What findings follow from must be added, all of it, but
// for the time.
class KeyWriter {
 public:
  // Begins with the anchors and with what was read before (Job::prepared).
  KeyWriter(std::string_view scheme, const attest::Job& job);

  void add(Bytes octets);
  void add(std::size_t number);
  void add(std::span<const attest::Document* const> documents);

  [[nodiscard]] attest::PlatformKey finish() { return digest_.finish(); }

 private:
  crypto::Sha256 digest_;
};

}  // namespace ward::x509
