#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"

struct ssl_ctx_st;

namespace ward::net {

// TlsContext is a library context for many connections. Immutable once made; safe to use from
// several threads. TLS 1.3 only; no resumption, so that every connection proves itself anew.
class TlsContext {
 public:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };

  explicit TlsContext(std::unique_ptr<ssl_ctx_st, Free> context) : context_(std::move(context)) {}

  // native is borrowed.
  [[nodiscard]] ssl_ctx_st* native() const { return context_.get(); }

 private:
  std::unique_ptr<ssl_ctx_st, Free> context_;
};

// up_ref returns the native context with one more reference, for a library that will free it.
[[nodiscard]] ssl_ctx_st* up_ref(const TlsContext& context);

// Whether a server asks its clients for a certificate. Who has none gets a connection all the same.
// TLS proves that the client has the key of what he shows, and nothing else: names, issuers and
// times are for whoever reads protocol::HttpRequest::client_certificates, at the request's time.
enum class ClientCertificates : std::uint8_t { kNotAsked, kAsked };

// TlsSide is who begins a handshake, and who answers.
enum class TlsSide : std::uint8_t { kClient, kServer };

// bare_context is a context with what all of ward's have: TLS 1.3 alone, no resumption. Whom it
// trusts is not said: for channel_context (net/tls/engine.h). kInternal.
[[nodiscard]] Result<TlsContext> bare_context(TlsSide side);

// server_context takes the server's certificate, with its issuers behind it, and its private key,
// both in PEM. kMalformed where one does not parse, kUntrusted where they do not belong together.
[[nodiscard]] Result<TlsContext> server_context(
    std::string_view certificates_pem, std::string_view private_key_pem,
    ClientCertificates clients = ClientCertificates::kNotAsked);

// SpkiPin trusts one key: the SHA-256 of the server's SubjectPublicKeyInfo. Names and issuers do
// not matter; the certificate must still be valid in time.
struct SpkiPin {
  crypto::Sha256Digest sha256{};
};

// CaTrust trusts what these certificates (PEM) signed for `host`, a DNS name or an IP address.
struct CaTrust {
  std::string pem;
  std::string host;
};

using ServerTrust = std::variant<SpkiPin, CaTrust>;

// ClientIdentity is what a client shows to a server that asks: its certificate, with its issuers
// behind it, and the private key, both in PEM, borrowed.
struct ClientIdentity {
  std::string_view certificates_pem;
  std::string_view private_key_pem;
};

// client_context makes a context that accepts exactly the servers that `trust` names, with
// certificates valid at `now`. `identity` is null for a client without a certificate. kMalformed:
// CA text that holds no certificate; errors of server_context for the identity.
[[nodiscard]] Result<TlsContext> client_context(const ServerTrust& trust, UnixTime now,
                                                const ClientIdentity* identity = nullptr);

}  // namespace ward::net
