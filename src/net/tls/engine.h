#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "net/tls/context.h"

namespace ward::net {

// channel_context makes a context of either side for the attested channel
// (docs/protocols/attested-tls.md, TLS): TLS 1.3 alone, no resumption, no early data, the channel's
// application protocol, a certificate asked of the peer and any taken: the peer proves its key, and
// who it is by what it says after the handshake. `certificate` is DER, for `key`. kMalformed;
// kUntrusted where they do not belong together.
[[nodiscard]] Result<TlsContext> channel_context(TlsSide side, Bytes certificate,
                                                 const crypto::PrivateKey& key);

// TlsEngine is one end of one TLS connection without a socket: octets of the connection in and out
// on one side, octets of the program on the other. One thread at a time.
class TlsEngine {
 public:
  TlsEngine() = default;
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;
  virtual ~TlsEngine() = default;

  // make begins a connection; `context` is of the same side. kInternal.
  [[nodiscard]] static Result<std::unique_ptr<TlsEngine>> make(const TlsContext& context,
                                                               TlsSide side);

  // receive takes octets of the connection.
  virtual void receive(Bytes octets) = 0;

  // take_output hands over what must be sent on the connection; after every other call.
  [[nodiscard]] virtual Buffer take_output() = 0;

  // handshake goes on with it: true when it is over, false where octets are wanted. kMalformed: the
  // peer speaks no TLS 1.3, or ended the handshake.
  [[nodiscard]] virtual Result<bool> handshake() = 0;

  // read writes to the front of `into` what has come, and returns how much; 0: nothing yet, or the
  // end (ended()). kMalformed: the connection is broken.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;

  // ended: the peer has sent close_notify.
  [[nodiscard]] virtual bool ended() const = 0;

  // write sends all of `octets`; after the handshake. kMalformed: the connection is broken.
  [[nodiscard]] virtual Result<void> write(Bytes octets) = 0;

  // close sends close_notify.
  virtual void close() = 0;

  // protocol is the application protocol that was chosen; "": none.
  [[nodiscard]] virtual std::string protocol() const = 0;

  // peer_spki_sha256 identifies the peer's key, which the handshake has proved; nullopt: the peer
  // has none.
  [[nodiscard]] virtual std::optional<crypto::Sha256Digest> peer_spki_sha256() const = 0;

  // exporter is TlsStream's. kUnavailable before the end of the handshake.
  [[nodiscard]] virtual Result<Buffer> exporter(std::string_view label, Bytes context,
                                                std::size_t size) const = 0;
};

}  // namespace ward::net
