#include "apps/ward/server_trust.h"

#include <algorithm>

#include "apps/ward/cli.h"
#include "crypto/digest.h"
#include "server/files.h"

namespace ward::cli {
namespace {

constexpr std::size_t kMaxCaBytes = 1U << 20U;

}  // namespace

Result<net::ServerTrust, int> server_trust(const std::string& server_key, const std::string& ca,
                                           const net::Url& url) {
  if (server_key.empty() == ca.empty()) {
    return fail(kUsage, "give either --server-key or --ca");
  }
  if (!server_key.empty()) {
    crypto::Sha256Digest digest{};
    const auto octets =
        hex_value("--server-key", server_key, digest.size(), "the SHA-256 of a key");
    if (!octets) return fail(kUsage, octets.error().what, octets.error().hint);
    std::ranges::copy(*octets, digest.begin());
    return net::ServerTrust(net::SpkiPin{digest});
  }
  const auto pem = server::read_file(ca, kMaxCaBytes);
  if (!pem) return own_file_failure(ca, pem.error());
  return net::ServerTrust(net::CaTrust{std::string(as_text(*pem)), url.host});
}

}  // namespace ward::cli
