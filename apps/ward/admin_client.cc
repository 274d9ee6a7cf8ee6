#include "apps/ward/admin_client.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "apps/ward/input.h"
#include "apps/ward/login_file.h"
#include "apps/ward/server_trust.h"
#include "args/args.h"
#include "net/http/client.h"
#include "protocol/kbs/message.h"
#include "server/admin_auth.h"
#include "server/files.h"
#include "server/key_file.h"

namespace ward::cli {
namespace {

constexpr int kTimeoutMs = 20000;

AdminReply failed(int code, const std::string& what, const std::string& hint = {}) {
  return {fail(code, what, hint), {}};
}

Result<server::AdminKey, int> read_key(const std::string& path) {
  const auto text = server::read_secret_file(path, server::kMaxKeyFileBytes);
  if (!text) return own_file_failure(path, text.error());
  auto key = server::parse_admin_key(text->expose());
  if (!key) return own_file_failure(path, key.error());
  return *std::move(key);
}

// Proof is what a person shows of himself: at least one of these.
struct Proof {
  std::optional<server::AdminKey> key;
  std::optional<Login> login;
  Buffer certificate;  // PEM; empty: none
  SecretBytes certificate_key;
};

// read_certificate reads both files; what is wrong in them is said when they are used.
Result<void, int> read_certificate(const AdminOptions& options, Proof& proof) {
  constexpr std::size_t kMaxCertificateFile = 256U << 10U;
  auto certificate = server::read_file(options.certificate, kMaxCertificateFile);
  if (!certificate) return own_file_failure(options.certificate, certificate.error());
  auto key = server::read_secret_file(options.certificate_key, server::kMaxKeyFileBytes);
  if (!key) return own_file_failure(options.certificate_key, key.error());
  proof.certificate = *std::move(certificate);
  proof.certificate_key = *std::move(key);
  return {};
}

Result<Proof, int> proof_of(const AdminOptions& options, UnixTime now) {
  Proof out;
  if (!options.certificate.empty()) {
    WARD_CHECK_OK(read_certificate(options, out));
  }
  std::string login = options.login;
  std::error_code ignored;
  if (options.admin.empty() && login.empty() && options.certificate.empty()) {
    login = default_login_file();
    if (login.empty() || !std::filesystem::exists(login, ignored)) {
      return fail(kUsage, "nothing says who asks: give --admin, --login or --certificate",
                  "`ward login` signs in with a provider of OpenID Connect");
    }
  }
  if (!options.admin.empty()) {
    WARD_TRY(out.key, read_key(options.admin));
  } else if (!login.empty()) {
    WARD_TRY(out.login, read_login(login, now));
  }
  return out;
}

// connect does the handshake, with the certificate where there is one.
Result<net::HttpsConnection, int> connect(const AdminOptions& options, const net::Url& url,
                                          const Proof& proof, UnixTime now) {
  const auto trust = server_trust(options.server_key, options.ca, url);
  if (!trust) return trust.error();
  const net::ClientIdentity identity{as_text(proof.certificate),
                                     as_text(proof.certificate_key.expose())};
  const bool certified = !proof.certificate.empty();
  if (certified) {
    const auto usable = net::client_context(*trust, now, &identity);
    if (!usable) return fail(kUsage, options.certificate + ": " + error_text(usable.error()));
  }
  auto connection =
      net::https_connect(url, *trust, now, kTimeoutMs, certified ? &identity : nullptr);
  if (!connection) return no_connection(options.server, connection.error());
  return *std::move(connection);
}

// token_of is what the request's Authorization header holds; empty: a certificate speaks alone.
Result<std::string, int> token_of(const Proof& proof, const crypto::Sha256Digest& server,
                                  std::string_view tenant, UnixTime now) {
  if (proof.login) return proof.login->token;
  if (!proof.key) return std::string();
  const token::JwsSigner signer = server::signer_of(proof.key->key);
  auto token = server::make_admin_token(signer, {.name = proof.key->name,
                                                 .role = proof.key->role,
                                                 .audience = server::admin_audience(server, tenant),
                                                 .now = now});
  if (!token) return fail(kCouldNotTell, error_text(token.error()));
  return *std::move(token);
}

// judge turns the server's reply into ours.
AdminReply judge(protocol::HttpResponse reply) {
  if (reply.status == 200) return {kAccepted, std::move(reply.body)};
  return {refused_reply(reply.status, reply.body), {}};
}

}  // namespace

int no_connection(const std::string& server, const Error& error) {
  const bool refused = error.code() == Errc::kUntrusted || error.code() == Errc::kStale;
  return fail(refused ? kRefused : kCouldNotTell, server + ": " + error_text(error),
              error.code() == Errc::kUntrusted
                  ? "compare --server-key with the line server_key that `wardd init` printed"
                  : "");
}

int refused_reply(unsigned status, Bytes body) {
  const auto told = protocol::kbs::parse_error(body);
  const std::string why =
      told ? told->detail : "the server answered with status " + std::to_string(status);
  const bool absent = status == 404 || status == 429 || status >= 500;
  return fail(absent ? kCouldNotTell : kRefused, why);
}

Result<AdminStream, int> admin_stream(const AdminOptions& options, const net::Url& url,
                                      int silence_ms) {
  const UnixTime now = system_now();
  WARD_TRY(const Proof proof, proof_of(options, now));
  WARD_TRY(const net::ServerTrust trust, server_trust(options.server_key, options.ca, url));
  const net::ClientIdentity identity{as_text(proof.certificate),
                                     as_text(proof.certificate_key.expose())};
  const bool certified = !proof.certificate.empty();
  const auto context = net::client_context(trust, now, certified ? &identity : nullptr);
  if (!context) {
    return fail(kUsage, (certified ? options.certificate : options.ca) + ": " +
                            error_text(context.error()));
  }
  const auto connected = [&]() -> Result<std::unique_ptr<net::TlsStream>> {
    WARD_TRY(auto below, net::tcp_connect(url.host, url.port, silence_ms));
    return net::tls_connect(std::move(below), *context, url.host);
  };
  auto stream = connected();
  if (!stream) return no_connection(options.server, stream.error());
  WARD_TRY(std::string token,
           token_of(proof, (*stream)->peer_spki_sha256(), server::tenant_in(url.path), now));
  return AdminStream{*std::move(stream), std::move(token)};
}

void add_admin_options(args::Command& app, AdminOptions& options) {
  app.add_option("--server", options.server,
                 "the service: https://host:port, of a tenant https://host:port/t/ID")
      ->required();
  args::Option* admin =
      app.add_option("--admin", options.admin, "the administrator's key file; or");
  app.add_option("--login", options.login,
                 "what `ward login` wrote (~/.config/ward/login.json where nothing else is named)")
      ->excludes(admin);
  args::Option* certificate =
      app.add_option("--certificate", options.certificate, "a TLS client certificate (PEM)");
  certificate->needs(
      app.add_option("--certificate-key", options.certificate_key, "its private key (PEM)")
          ->needs(certificate));
  app.add_option("--server-key", options.server_key,
                 "SHA-256 of the server's public key (the line server_key of `wardd init`)");
  app.add_option("--ca", options.ca, "CA certificates (PEM) that the server's must lead to");
  app.add_flag("--json", options.json, "print one JSON object");
}

AdminReply administer(const AdminOptions& options, const AdminRequest& request) {
  const auto url = net::parse_https_url(options.server);
  if (!url) return failed(kUsage, options.server + ": " + error_text(url.error()));
  const UnixTime now = system_now();
  const auto proof = proof_of(options, now);
  if (!proof) return {proof.error(), {}};
  const auto connection = connect(options, *url, *proof, now);
  if (!connection) return {connection.error(), {}};
  const auto token = token_of(*proof, connection->spki_sha256, server::tenant_in(url->path), now);
  if (!token) return {token.error(), {}};
  protocol::HttpRequest asked{.method = std::string(request.method),
                              .target = request.target,
                              .headers = {{"Content-Type", "application/octet-stream"}},
                              .body = to_buffer(request.body)};
  if (!token->empty()) asked.headers.emplace_back("Authorization", "Bearer " + *token);
  asked.headers.insert(asked.headers.end(), request.headers.begin(), request.headers.end());
  auto reply = connection->exchange->exchange(asked);
  if (!reply) return {no_connection(options.server, reply.error()), {}};
  return judge(*std::move(reply));
}

int pages(const std::function<AdminReply(const std::string& after)>& ask,
          const std::function<bool(const codec::JsonValue& page)>& take) {
  constexpr codec::JsonLimits kPageLimits{
      .max_bytes = std::size_t{64} << 20U, .max_depth = 16, .max_values = 10'000'000};
  std::string after;
  do {
    const AdminReply reply = ask(after);
    if (reply.exit != kAccepted) return reply.exit;
    const auto page = codec::parse_json(reply.body, kPageLimits);
    if (!page || !take(*page)) return fail(kCouldNotTell, "the server's answer cannot be read");
    const codec::JsonValue* given = page->find("next");
    const std::string next(given != nullptr ? given->as_string().value_or("") : "");
    if (!next.empty() && next <= after) {
      return fail(kCouldNotTell, "the server's answer cannot be read");
    }
    after = next;
  } while (!after.empty());
  return kAccepted;
}

std::string form_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || c == '/';
    const auto octet = static_cast<std::uint8_t>(c);
    out += plain ? std::string(1, c) : "%" + to_hex(Bytes(&octet, 1));
  }
  return out;
}

int list_all(const AdminOptions& options, const std::string& target,
             const std::function<bool(const codec::JsonValue& page)>& take) {
  return pages(
      [&](const std::string& after) {
        const char* const before = target.find('?') == std::string::npos ? "?after=" : "&after=";
        return administer(
            options, {"GET", after.empty() ? target : target + before + form_encode(after), {}});
      },
      take);
}

bool copy_items(const codec::JsonValue& page, std::string_view name, codec::JsonWriter& w) {
  const codec::JsonValue* list = page.find(name);
  if (list == nullptr || !list->is_array()) return false;
  for (const codec::JsonValue& item : list->items()) {
    w.copy(item);
  }
  return true;
}

}  // namespace ward::cli
