#include "apps/ward/admin_client.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

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

// A line for people, and the exit code, where the connection did not come about.
AdminReply no_connection(const std::string& server, const Error& error) {
  const bool refused = error.code() == Errc::kUntrusted || error.code() == Errc::kStale;
  return failed(refused ? kRefused : kCouldNotTell, server + ": " + error_text(error),
                error.code() == Errc::kUntrusted
                    ? "compare --server-key with the line server_key that `wardd init` printed"
                    : "");
}

Result<server::AdminKey, int> key_of(const AdminOptions& options) {
  const auto text = server::read_secret_file(options.admin, server::kMaxKeyFileBytes);
  if (!text) return own_file_failure(options.admin, text.error());
  auto key = server::parse_admin_key(text->expose());
  if (!key) return own_file_failure(options.admin, key.error());
  return *std::move(key);
}

// judge turns the server's reply into ours.
AdminReply judge(protocol::HttpResponse reply) {
  if (reply.status == 200) return {kAccepted, std::move(reply.body)};
  const auto body = protocol::kbs::parse_error(reply.body);
  const std::string why =
      body ? body->detail : "the server answered with status " + std::to_string(reply.status);
  const bool absent = reply.status == 404 || reply.status == 429 || reply.status >= 500;
  return failed(absent ? kCouldNotTell : kRefused, why);
}

}  // namespace

void add_admin_options(args::Command& app, AdminOptions& options) {
  app.add_option("--server", options.server, "the service: https://host:port")->required();
  app.add_option("--admin", options.admin, "the administrator's key file")->required();
  app.add_option("--server-key", options.server_key,
                 "SHA-256 of the server's public key (the line server_key of `wardd init`)");
  app.add_option("--ca", options.ca, "CA certificates (PEM) that the server's must lead to");
  app.add_flag("--json", options.json, "print one JSON object");
}

AdminReply administer(const AdminOptions& options, const AdminRequest& request) {
  const auto url = net::parse_https_url(options.server);
  if (!url) return failed(kUsage, options.server + ": " + error_text(url.error()));
  const auto key = key_of(options);
  if (!key) return {key.error(), {}};
  const auto trust = server_trust(options.server_key, options.ca, *url);
  if (!trust) return {trust.error(), {}};
  const UnixTime now{std::time(nullptr)};
  auto connection = net::https_connect(*url, *trust, now, kTimeoutMs);
  if (!connection) return no_connection(options.server, connection.error());

  const token::JwsSigner signer = server::signer_of(key->key);
  const auto token =
      server::make_admin_token(signer, {.name = key->name,
                                        .role = key->role,
                                        .audience = server::admin_audience(connection->spki_sha256),
                                        .now = now});
  if (!token) return failed(kCouldNotTell, error_text(token.error()));
  protocol::HttpRequest asked{.method = std::string(request.method),
                              .target = request.target,
                              .headers = {{"Authorization", "Bearer " + *token},
                                          {"Content-Type", "application/octet-stream"}},
                              .body = to_buffer(request.body)};
  asked.headers.insert(asked.headers.end(), request.headers.begin(), request.headers.end());
  auto reply = connection->exchange->exchange(asked);
  if (!reply) return no_connection(options.server, reply.error());
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
