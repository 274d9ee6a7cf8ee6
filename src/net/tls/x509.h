#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"

struct ssl_st;
struct x509_st;

namespace ward::net {

// spki_sha256 hashes the SubjectPublicKeyInfo of a library certificate.
[[nodiscard]] crypto::Sha256Digest spki_sha256(const x509_st* certificate);

// peer_certificates is what the client of a server's connection showed, as DER, its own first;
// empty where it showed none, or before the handshake is done.
[[nodiscard]] std::vector<Buffer> peer_certificates(const ssl_st* connection);

// is_ip_address is true for an address in text form, v4 or v6.
[[nodiscard]] bool is_ip_address(const std::string& host);

}  // namespace ward::net
