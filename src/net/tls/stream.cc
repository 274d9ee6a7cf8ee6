#include "net/tls/stream.h"

#include <climits>
#include <optional>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/tls/x509.h"

namespace ward::net {
namespace {

constexpr std::size_t kMaxExported = 255;

// Lower is the stream below TLS as the BIO sees it, with its last error.
struct Lower {
  std::unique_ptr<protocol::Transport> transport;
  std::optional<Error> error;
  bool ended = false;  // the peer sends no more
};

Lower& lower_of(BIO* bio) { return *static_cast<Lower*>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* data, std::size_t size, std::size_t* done) {
  Lower& lower = lower_of(bio);
  // Octets and characters are the library's and ours for the same thing.
  auto* octets = static_cast<std::uint8_t*>(static_cast<void*>(data));
  auto n = lower.transport->read({octets, size});
  if (!n) lower.error = n.error();
  lower.ended = n && *n == 0;
  *done = n ? *n : 0;
  return n && *n > 0 ? 1 : 0;
}

int bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* done) {
  Lower& lower = lower_of(bio);
  auto sent = lower.transport->write(as_bytes({data, size}));
  if (!sent) lower.error = sent.error();
  *done = sent ? size : 0;
  return sent ? 1 : 0;
}

long bio_ctrl(BIO*, int command, long, void*) {  // NOLINT(google-runtime-int)
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* transport_bio() {
  struct Free {
    void operator()(BIO_METHOD* m) const { BIO_meth_free(m); }
  };

  static const std::unique_ptr<BIO_METHOD, Free> method = [] {
    std::unique_ptr<BIO_METHOD, Free> m(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ward transport"));
    if (m) {
      BIO_meth_set_read_ex(m.get(), bio_read);
      BIO_meth_set_write_ex(m.get(), bio_write);
      BIO_meth_set_ctrl(m.get(), bio_ctrl);
    }
    return m;
  }();
  return method.get();
}

class Stream final : public TlsStream {
 public:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  explicit Stream(std::unique_ptr<protocol::Transport> below)
      : lower_{std::move(below), std::nullopt, false} {}

  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  ~Stream() override {
    if (ssl_ && established_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  Result<void> handshake(const TlsContext& context, const std::string& server_name) {
    ssl_.reset(SSL_new(context.native()));
    BIO* bio = transport_bio() == nullptr ? nullptr : BIO_new(transport_bio());
    if (!ssl_ || bio == nullptr) {
      BIO_free(bio);
      return Error(Errc::kInternal, "net.tls: connection");
    }
    BIO_set_data(bio, &lower_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    std::string name = server_name;  // the library's interface wants it writable
    if (!name.empty() && !is_ip_address(name) &&
        SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 name.data()) != 1) {
      return Error(Errc::kMalformed, "net.tls: server name");
    }
    ERR_clear_error();
    const int done = SSL_connect(ssl_.get());
    if (done != 1) return handshake_error();
    established_ = true;
    return {};
  }

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    std::size_t done = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), into.data(), into.size(), &done) == 1) return done;
    const int why = SSL_get_error(ssl_.get(), 0);
    if (why == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    established_ = false;
    if (lower_.error) return *lower_.error;
    return Error(Errc::kTruncated, "net.tls: the connection ended without close_notify");
  }

  Result<void> write(Bytes octets) override {
    std::size_t done = 0;
    ERR_clear_error();
    if (octets.empty() || SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &done) == 1) {
      return {};
    }
    established_ = false;
    if (lower_.error) return *lower_.error;
    return Error(Errc::kUnavailable, "net.tls: send");
  }

  crypto::Sha256Digest peer_spki_sha256() const override {
    return spki_sha256(SSL_get0_peer_certificate(ssl_.get()));
  }

  Result<Buffer> exporter(std::string_view label, Bytes context, std::size_t size) const override {
    if (size == 0 || size > kMaxExported) return Error(Errc::kLimit, "net.tls: exporter", size);
    Buffer out(size);
    if (SSL_export_keying_material(ssl_.get(), out.data(), out.size(), label.data(), label.size(),
                                   context.data(), context.size(), 1) != 1) {
      return Error(Errc::kInternal, "net.tls: exporter");
    }
    return out;
  }

 private:
  Error handshake_error() {
    const auto verdict = SSL_get_verify_result(ssl_.get());
    if (lower_.error) return *lower_.error;
    switch (verdict) {
      case X509_V_OK:
        break;
      case X509_V_ERR_CERT_HAS_EXPIRED:
        return {Errc::kStale, "net.tls: the server's certificate has expired"};
      case X509_V_ERR_CERT_NOT_YET_VALID:
        return {Errc::kStale, "net.tls: the server's certificate is not yet valid"};
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return {Errc::kUntrusted, "net.tls: the server's certificate is for another name"};
      default:
        return {Errc::kUntrusted, "net.tls: the server's key is not the trusted one"};
    }
    if (lower_.ended) {
      return {Errc::kUnavailable, "net.tls: the server ended the connection; it may have too many"};
    }
    return {Errc::kMalformed, "net.tls: the server does not speak TLS 1.3"};
  }

  Lower lower_;
  std::unique_ptr<SSL, Free> ssl_;
  bool established_ = false;
};

}  // namespace

Result<std::unique_ptr<TlsStream>> tls_connect(std::unique_ptr<protocol::Transport> below,
                                               const TlsContext& context,
                                               const std::string& server_name) {
  auto stream = std::make_unique<Stream>(std::move(below));
  WARD_CHECK_OK(stream->handshake(context, server_name));
  return std::unique_ptr<TlsStream>(std::move(stream));
}

}  // namespace ward::net
