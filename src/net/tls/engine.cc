#include "net/tls/engine.h"

#include <algorithm>
#include <array>
#include <climits>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/tls/x509.h"
#include "protocol/channel/binding.h"

namespace ward::net {
namespace {

constexpr std::size_t kMaxExported = 255;

struct Release {
  void operator()(X509* certificate) const { X509_free(certificate); }

  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

using ContextPtr = std::unique_ptr<SSL_CTX, TlsContext::Free>;

// take_any is OpenSSL's verify callback: who the peer is, its evidence says after the handshake.
// That the peer holds the certificate's key it must prove in the handshake all the same.
int take_any(X509_STORE_CTX* store, void* /*unused*/) {
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

// choose takes the channel's protocol where the client offers it.
int choose(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
           const unsigned char* in, unsigned in_size, void* /*unused*/) {
  Bytes rest(in, in_size);
  while (!rest.empty()) {
    const std::size_t size = std::min<std::size_t>(rest[0], rest.size() - 1);
    const Bytes one = rest.subspan(1, size);
    if (equal(one, as_bytes(protocol::channel::kAlpn))) {
      *out = one.data();
      *out_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    rest = rest.subspan(1 + size);
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool set_protocol(SSL_CTX* context, TlsSide side) {
  if (side == TlsSide::kServer) {
    SSL_CTX_set_alpn_select_cb(context, choose, nullptr);
    return true;
  }
  Buffer list;
  list.push_back(static_cast<std::uint8_t>(protocol::channel::kAlpn.size()));
  const Bytes name = as_bytes(protocol::channel::kAlpn);
  list.insert(list.end(), name.begin(), name.end());
  return SSL_CTX_set_alpn_protos(context, list.data(), static_cast<unsigned>(list.size())) == 0;
}

class Engine final : public TlsEngine {
 public:
  Engine(std::unique_ptr<SSL, Release> ssl, BIO* in, BIO* out)
      : ssl_(std::move(ssl)), in_(in), out_(out) {}

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  ~Engine() override { ERR_clear_error(); }

  void receive(Bytes octets) override {
    while (!octets.empty()) {
      const std::size_t part = std::min<std::size_t>(octets.size(), INT_MAX);
      if (BIO_write(in_, octets.data(), static_cast<int>(part)) <= 0) return;
      octets = octets.subspan(part);
    }
  }

  Buffer take_output() override {
    Buffer out(BIO_ctrl_pending(out_));
    if (out.empty()) return out;
    const int n =
        BIO_read(out_, out.data(), static_cast<int>(std::min<std::size_t>(out.size(), INT_MAX)));
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }

  Result<bool> handshake() override {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) return true;
    if (SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ) return false;
    broken_ = true;
    const auto why = ERR_peek_error();
    ERR_clear_error();
    return Error(Errc::kMalformed, "net.tls: handshake",
                 static_cast<std::uint64_t>(ERR_GET_REASON(why)));
  }

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    std::size_t done = 0;
    ERR_clear_error();
    if (!broken_ && SSL_read_ex(ssl_.get(), into.data(), into.size(), &done) == 1) return done;
    const int why = broken_ ? SSL_ERROR_SSL : SSL_get_error(ssl_.get(), 0);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    broken_ = true;
    ERR_clear_error();
    return Error(Errc::kMalformed, "net.tls: the connection is broken");
  }

  bool ended() const override {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

  Result<void> write(Bytes octets) override {
    std::size_t done = 0;
    ERR_clear_error();
    if (octets.empty()) return {};
    if (!broken_ && SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &done) == 1) {
      return {};
    }
    broken_ = true;
    ERR_clear_error();
    return Error(Errc::kMalformed, "net.tls: the connection is broken");
  }

  void close() override {
    ERR_clear_error();
    if (!broken_ && SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  std::string protocol() const override {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return std::string(as_text(Bytes(name, size)));
  }

  std::optional<crypto::Sha256Digest> peer_spki_sha256() const override {
    const X509* peer = SSL_get0_peer_certificate(ssl_.get());
    if (peer == nullptr) return std::nullopt;
    return spki_sha256(peer);
  }

  Result<Buffer> exporter(std::string_view label, Bytes context, std::size_t size) const override {
    if (size == 0 || size > kMaxExported) return Error(Errc::kLimit, "net.tls: exporter", size);
    Buffer out(size);
    if (SSL_is_init_finished(ssl_.get()) != 1 ||
        SSL_export_keying_material(ssl_.get(), out.data(), out.size(), label.data(), label.size(),
                                   context.data(), context.size(), 1) != 1) {
      ERR_clear_error();
      return Error(Errc::kUnavailable, "net.tls: exporter");
    }
    return out;
  }

 private:
  std::unique_ptr<SSL, Release> ssl_;
  BIO* in_;   // the connection's own
  BIO* out_;  // likewise
  bool broken_ = false;
};

}  // namespace

Result<TlsContext> channel_context(TlsSide side, Bytes certificate, const crypto::PrivateKey& key) {
  const unsigned char* der = certificate.data();
  const std::unique_ptr<X509, Release> x509(d2i_X509(
      nullptr, &der, static_cast<long>(certificate.size())));  // NOLINT(google-runtime-int)
  if (!x509) {
    ERR_clear_error();
    return Error(Errc::kMalformed, "net.tls: certificate");
  }
  const SecretBytes pkcs8 = key.to_pkcs8();
  const unsigned char* secret = pkcs8.expose().data();
  const std::unique_ptr<EVP_PKEY, Release> native(d2i_AutoPrivateKey(
      nullptr, &secret, static_cast<long>(pkcs8.expose().size())));  // NOLINT(google-runtime-int)
  WARD_TRY(TlsContext made, bare_context(side));
  SSL_CTX* context = made.native();
  if (!native || SSL_CTX_set_num_tickets(context, 0) != 1 || !set_protocol(context, side)) {
    return Error(Errc::kInternal, "net.tls: context");
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, take_any, nullptr);
  const bool fits = SSL_CTX_use_certificate(context, x509.get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context, native.get()) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
  ERR_clear_error();
  if (!fits) return Error(Errc::kUntrusted, "net.tls: key and certificate do not belong together");
  return made;
}

Result<std::unique_ptr<TlsEngine>> TlsEngine::make(const TlsContext& context, TlsSide side) {
  std::unique_ptr<SSL, Release> ssl(SSL_new(context.native()));
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (!ssl || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return Error(Errc::kInternal, "net.tls: connection");
  }
  BIO_set_mem_eof_return(in, -1);  // nothing there: later
  SSL_set_bio(ssl.get(), in, out);
  if (side == TlsSide::kClient) {
    SSL_set_connect_state(ssl.get());
  } else {
    SSL_set_accept_state(ssl.get());
  }
  return std::unique_ptr<TlsEngine>(std::make_unique<Engine>(std::move(ssl), in, out));
}

}  // namespace ward::net
