#include "net/tls/context.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "net/tls/x509.h"

namespace ward::net {
namespace {

struct Release {
  void operator()(BIO* bio) const { BIO_free(bio); }

  void operator()(X509* certificate) const { X509_free(certificate); }

  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

using BioPtr = std::unique_ptr<BIO, Release>;
using X509Ptr = std::unique_ptr<X509, Release>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Release>;
using ContextPtr = std::unique_ptr<SSL_CTX, TlsContext::Free>;

// A system's list of public CAs has some 150.
constexpr std::size_t kMaxCertificates = 512;
constexpr int kMaxClientChainBytes = 64 << 10;

BioPtr text_bio(std::string_view text) {
  if (text.size() > (1U << 20U)) return nullptr;
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// no_passphrase makes an encrypted key fail instead of asking at the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

Result<std::vector<X509Ptr>> read_certificates(std::string_view pem) {
  const BioPtr bio = text_bio(pem);
  std::vector<X509Ptr> out;
  while (bio) {
    X509Ptr one(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
    if (!one) break;
    out.push_back(std::move(one));
    if (out.size() > kMaxCertificates)
      return Error(Errc::kLimit, "net.tls: certificates", out.size());
  }
  const auto last = ERR_peek_last_error();
  ERR_clear_error();
  if (out.empty() || ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
    return Error(Errc::kMalformed, "net.tls: certificate");
  }
  return out;
}

ContextPtr make_context(const SSL_METHOD* method) {
  ContextPtr context(SSL_CTX_new(method));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) != 1) {
    return nullptr;
  }
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

// What the verify callback of a pinned client compares with.
struct PinCheck {
  crypto::Sha256Digest spki_sha256;
  std::int64_t now = 0;
};

void free_pin(void*, void* pin, CRYPTO_EX_DATA*, int, long, void*) {  // NOLINT(google-runtime-int)
  delete static_cast<PinCheck*>(pin);  // NOLINT(cppcoreguidelines-owning-memory): ex_data's rule
}

int pin_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_pin);
  return index;
}

// accept_pinned is OpenSSL's verify callback: 1 accepts.
int accept_pinned(X509_STORE_CTX* store, void* arg) {
  const auto* pin = static_cast<const PinCheck*>(arg);
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  int error = X509_V_OK;
  time_t at = pin->now;
  if (leaf == nullptr || spki_sha256(leaf) != pin->spki_sha256) {
    error = X509_V_ERR_CERT_UNTRUSTED;
  } else if (X509_cmp_time(X509_get0_notBefore(leaf), &at) >= 0) {
    error = X509_V_ERR_CERT_NOT_YET_VALID;
  } else if (X509_cmp_time(X509_get0_notAfter(leaf), &at) <= 0) {
    error = X509_V_ERR_CERT_HAS_EXPIRED;
  }
  X509_STORE_CTX_set_error(store, error);
  return error == X509_V_OK ? 1 : 0;
}

Result<void> trust_pin(SSL_CTX* context, const SpkiPin& pin, UnixTime now) {
  auto check = std::make_unique<PinCheck>(PinCheck{pin.sha256, now.seconds});
  if (SSL_CTX_set_ex_data(context, pin_index(), check.get()) != 1) {
    return Error(Errc::kInternal, "net.tls: context");
  }
  SSL_CTX_set_cert_verify_callback(context, accept_pinned, check.release());
  return {};
}

Result<void> trust_ca(SSL_CTX* context, const CaTrust& trust, UnixTime now) {
  WARD_TRY(const auto certificates, read_certificates(trust.pem));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& one : certificates) {
    if (X509_STORE_add_cert(store, one.get()) != 1) return Error(Errc::kInternal, "net.tls: store");
  }
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(param, now.seconds);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool set = is_ip_address(trust.host)
                       ? X509_VERIFY_PARAM_set1_ip_asc(param, trust.host.c_str()) == 1
                       : X509_VERIFY_PARAM_set1_host(param, trust.host.c_str(), 0) == 1;
  if (trust.host.empty() || !set) return Error(Errc::kMalformed, "net.tls: host name");
  return {};
}

// set_identity gives a context the certificates and the key that this side shows.
Result<void> set_identity(SSL_CTX* context, std::string_view certificates_pem,
                          std::string_view private_key_pem) {
  WARD_TRY(const auto certificates, read_certificates(certificates_pem));
  const BioPtr bio = text_bio(private_key_pem);
  const KeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)
                       : nullptr);
  ERR_clear_error();
  if (!key) return Error(Errc::kMalformed, "net.tls: private key");
  if (SSL_CTX_use_certificate(context, certificates.front().get()) != 1) {
    return Error(Errc::kInternal, "net.tls: context");
  }
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, certificates[i].get()) != 1) {
      return Error(Errc::kInternal, "net.tls: chain");
    }
  }
  const bool fits =
      SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
  ERR_clear_error();
  if (!fits) return Error(Errc::kUntrusted, "net.tls: key and certificate do not belong together");
  return {};
}

// judge_later accepts each certificate: the library has verified that the client has its key.
int judge_later(X509_STORE_CTX* store, void*) {
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

}  // namespace

crypto::Sha256Digest spki_sha256(const x509_st* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};  // matches no pin but that of 32 zeros, which no key has
  const auto digest = crypto::sha256(Bytes(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return digest;
}

bool is_ip_address(const std::string& host) {
  in6_addr any{};
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

ssl_ctx_st* up_ref(const TlsContext& context) {
  SSL_CTX_up_ref(context.native());
  return context.native();
}

std::vector<Buffer> peer_certificates(const ssl_st* connection) {
  std::vector<Buffer> out;
  const auto add = [&out](const X509* certificate) {
    unsigned char* der = nullptr;
    const int size = certificate != nullptr ? i2d_X509(certificate, &der) : 0;
    if (size > 0) out.emplace_back(der, der + size);
    OPENSSL_free(der);
  };
  add(SSL_get0_peer_certificate(connection));
  if (out.empty()) return out;
  const STACK_OF(X509)* behind = SSL_get_peer_cert_chain(connection);  // of a client: its issuers
  for (int i = 0; behind != nullptr && i < sk_X509_num(behind); ++i) {
    add(sk_X509_value(behind, i));
  }
  return out;
}

Result<TlsContext> bare_context(TlsSide side) {
  ContextPtr context =
      make_context(side == TlsSide::kClient ? TLS_client_method() : TLS_server_method());
  if (!context) return Error(Errc::kInternal, "net.tls: context");
  return TlsContext(std::move(context));
}

Result<TlsContext> server_context(std::string_view certificates_pem,
                                  std::string_view private_key_pem, ClientCertificates clients) {
  ContextPtr context = make_context(TLS_server_method());
  if (!context || SSL_CTX_set_num_tickets(context.get(), 0) != 1) {
    return Error(Errc::kInternal, "net.tls: context");
  }
  WARD_CHECK_OK(set_identity(context.get(), certificates_pem, private_key_pem));
  if (clients == ClientCertificates::kAsked) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), judge_later, nullptr);
    SSL_CTX_set_max_cert_list(context.get(), kMaxClientChainBytes);
  }
  return TlsContext(std::move(context));
}

Result<TlsContext> client_context(const ServerTrust& trust, UnixTime now,
                                  const ClientIdentity* identity) {
  ContextPtr context = make_context(TLS_client_method());
  if (!context) return Error(Errc::kInternal, "net.tls: context");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (const auto* pin = std::get_if<SpkiPin>(&trust)) {
    WARD_CHECK_OK(trust_pin(context.get(), *pin, now));
  } else {
    WARD_CHECK_OK(trust_ca(context.get(), std::get<CaTrust>(trust), now));
  }
  if (identity != nullptr) {
    WARD_CHECK_OK(
        set_identity(context.get(), identity->certificates_pem, identity->private_key_pem));
  }
  return TlsContext(std::move(context));
}

}  // namespace ward::net
