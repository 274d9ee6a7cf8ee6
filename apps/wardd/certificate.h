#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"
#include "crypto/sign.h"

namespace ward::wardd {

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> names;  // DNS names and IPv4 addresses
  UnixTime not_before;
  UnixTime not_after;
};

// self_signed makes a server's certificate (RFC 5280) for a P-256 key, in PEM. Clients pin its key;
// whoever wants a CA puts his own certificate in its place.
[[nodiscard]] Result<std::string> self_signed(const CertificateRequest& request,
                                              const crypto::PrivateKey& key, crypto::Rng& rng);

}  // namespace ward::wardd
