#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

// `ward inspect` of an interoperable RA-TLS certificate: an encoding, which proves no live peer.
namespace ward::cli {

// as_ra_tls is the DER of such a certificate, where `file` is one, in DER or PEM.
[[nodiscard]] std::optional<Buffer> as_ra_tls(Bytes file);

// print_ra_tls prints what it says, and the exit code.
int print_ra_tls(const std::string& file, Bytes der, bool json);

// What every command says of such a certificate.
inline constexpr const char* kRaTlsProvesNothing =
    "an encoding only: whoever copies it, or stands between, shows it as well; it proves no live "
    "peer "
    "(CVE-2026-33697)";

}  // namespace ward::cli
