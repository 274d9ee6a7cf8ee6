#pragma once

#include <string>

#include "base/result.h"
#include "net/socket.h"
#include "net/tls/context.h"

namespace ward::cli {

// server_trust is what a server is known by: `server_key`, the SHA-256 of its public key in hex, or
// `ca`, a file of certificates; one of them. The exit code after the line for people was written.
[[nodiscard]] Result<net::ServerTrust, int> server_trust(const std::string& server_key,
                                                         const std::string& ca,
                                                         const net::Url& url);

}  // namespace ward::cli
