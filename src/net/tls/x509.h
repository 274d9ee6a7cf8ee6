#pragma once

#include <string>

#include "crypto/digest.h"

struct x509_st;

namespace ward::net {

// spki_sha256 hashes the SubjectPublicKeyInfo of a library certificate.
[[nodiscard]] crypto::Sha256Digest spki_sha256(const x509_st* certificate);

// is_ip_address is true for an address in text form, v4 or v6.
[[nodiscard]] bool is_ip_address(const std::string& host);

}  // namespace ward::net
