#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "net/tls/context.h"
#include "protocol/transport.h"

namespace ward::net {

// TlsStream is the client's end of one TLS 1.3 connection, the handshake done and the server
// accepted.
class TlsStream : public protocol::Transport {
 public:
  // peer_spki_sha256 identifies the server's key.
  [[nodiscard]] virtual crypto::Sha256Digest peer_spki_sha256() const = 0;

  // exporter derives `size` octets that both ends of this connection, and nobody else, can know
  // (RFC 8446 section 7.5). At most 255 octets.
  [[nodiscard]] virtual Result<Buffer> exporter(std::string_view label, Bytes context,
                                                std::size_t size) const = 0;
};

// tls_connect does the client's handshake over `below`, which it owns from then on. `server_name`
// is sent as SNI where it is a DNS name. kStale: the server's certificate is expired or not yet
// valid; kUntrusted: another key, or no path to a CA that is trusted; kUnavailable: the stream
// failed; kMalformed: what answers does not speak TLS 1.3.
[[nodiscard]] Result<std::unique_ptr<TlsStream>> tls_connect(
    std::unique_ptr<protocol::Transport> below, const TlsContext& context,
    const std::string& server_name);

}  // namespace ward::net
