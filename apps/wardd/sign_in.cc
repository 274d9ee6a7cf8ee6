#include "apps/wardd/sign_in.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "codec/json.h"
#include "codec/pem.h"
#include "net/http/fetch.h"
#include "server/files.h"

namespace ward::wardd {
namespace {

constexpr std::size_t kMaxCaBytes = 1U << 20U;
constexpr std::size_t kMaxKeySetBytes = 256U << 10U;
constexpr std::size_t kMaxClientCas = 16;
constexpr std::string_view kDiscovery = "/.well-known/openid-configuration";

// One of the two files that a provider's keys come from is read with each attempt, so that a new
// one needs no restart.
Result<std::string> keys_of(const OidcConfig& config, UnixTime now) {
  if (!config.jwks.empty()) {
    WARD_TRY(const Buffer text, server::read_file(config.jwks, kMaxKeySetBytes));
    return std::string(as_text(text));
  }
  WARD_TRY(const Buffer ca, server::read_file(config.ca, kMaxCaBytes));
  return fetch_keys(config.provider.issuer, as_text(ca), now);
}

Result<std::string> get(std::string_view url, std::string_view ca_pem, UnixTime now) {
  WARD_TRY(
      const protocol::HttpResponse reply,
      net::https_fetch(
          url,
          {.method = "GET", .target = {}, .headers = {{"Accept", "application/json"}}, .body = {}},
          {.ca_pem = ca_pem, .now = now, .max_bytes = kMaxKeySetBytes}));
  if (reply.status != 200) {
    return Error(Errc::kUnavailable, "oidc: the issuer answered with another status", reply.status);
  }
  return std::string(as_text(reply.body));
}

Result<std::vector<pki::Certificate>, Failure> load_client_ca(const Config& config) {
  std::vector<pki::Certificate> out;
  if (!config.client_ca) return out;
  const auto text = server::read_file(*config.client_ca, kMaxCaBytes);
  if (!text) return failed(text.error(), *config.client_ca);
  auto parsed = pki::parse_certificates(as_text(*text));
  if (!parsed) return failed(parsed.error(), *config.client_ca);
  if (parsed->empty() || parsed->size() > kMaxClientCas) {
    return Failure{kRefused, *config.client_ca + ": not 1 to 16 CA certificates", ""};
  }
  return *std::move(parsed);
}

Result<std::vector<pki::Crl>> read_client_crls(const std::string& path) {
  WARD_TRY(const Buffer text, server::read_file(path, codec::kMaxPemBytes));
  return server::parse_client_crls(as_text(text));
}

std::string time_of(const std::optional<UnixTime>& time) {
  return time ? format_rfc3339(*time) : "none";
}

void tell(const server::JudgedCrls& judged, const server::Log& log) {
  for (const pki::Crl& list : judged.set.lists) {
    const auto signer = judged.set.signers.find(list.fingerprint);
    log("client_crls.list",
        {{"ca_spki_sha256",
          signer == judged.set.signers.end() ? std::string() : to_hex(signer->second)},
         {"this_update", time_of(list.this_update)},
         {"next_update", time_of(list.next_update)}});
  }
  for (const auto& [list, reason] : judged.refused) {
    log("client_crls.refused", {{"sha256", to_hex(list.fingerprint)},
                                {"this_update", time_of(list.this_update)},
                                {"reason", reason}});
  }
}

// The lists that the service starts with: one that says nothing of any CA here is a mistake.
Result<std::unique_ptr<server::ClientCrls>, Failure> load_client_crls(
    const std::string& path, std::span<const pki::Certificate> ca, const server::Log& log) {
  auto lists = read_client_crls(path);
  if (!lists) return failed(lists.error(), path);
  server::JudgedCrls judged = server::judge_client_crls(*std::move(lists), ca, {});
  if (!judged.refused.empty()) {
    return Failure{kRefused, path + ": " + judged.refused.front().second,
                   "a list of an intermediate counts where client_ca has the intermediate"};
  }
  tell(judged, log);
  return std::make_unique<server::ClientCrls>(std::move(judged.set));
}

// What can be wrong with the files is said when the service starts, not with the first token.
Result<void, Failure> check_files(const OidcConfig& config) {
  const bool ca = !config.ca.empty();
  const std::string& path = ca ? config.ca : config.jwks;
  const auto text = server::read_file(path, ca ? kMaxCaBytes : kMaxKeySetBytes);
  if (!text) return failed(text.error(), path);
  if (!ca) {
    const auto keys = token::parse_jwks(*text);
    if (!keys) return failed(keys.error(), path);
    return {};
  }
  const auto context = net::client_context(net::CaTrust{std::string(as_text(*text)), "issuer"}, {});
  if (!context) return failed(context.error(), path);
  return {};
}

}  // namespace

Result<std::string> fetch_keys(const std::string& issuer, std::string_view ca_pem, UnixTime now) {
  std::string url = issuer;
  if (url.ends_with('/')) url.pop_back();
  url += kDiscovery;
  WARD_TRY(const std::string text, get(url, ca_pem, now));
  const auto configuration = codec::parse_json(as_bytes(text));
  const auto* named = configuration ? configuration->find("issuer") : nullptr;
  const auto* jwks_uri = configuration ? configuration->find("jwks_uri") : nullptr;
  if (named == nullptr || !named->as_string() || jwks_uri == nullptr || !jwks_uri->as_string()) {
    return Error(Errc::kMalformed, "oidc: the issuer's configuration");
  }
  if (*named->as_string() != issuer) {
    return Error(Errc::kDenied, "oidc: the configuration is another issuer's");
  }
  return get(*jwks_uri->as_string(), ca_pem, now);
}

void reload(const Config& config, const SignIn& sign_in, const server::Log& log) {
  if (!sign_in.client_crls) return log("client_crls.none", {});
  auto lists = read_client_crls(*config.client_crls);
  if (!lists) return log("client_crls.failed", {{"reason", lists.error().what()}});
  const server::JudgedCrls judged = server::judge_client_crls(*std::move(lists), sign_in.client_ca,
                                                              *sign_in.client_crls->current());
  sign_in.client_crls->replace(judged.set);
  log("client_crls.read", {{"lists", std::to_string(judged.set.lists.size())}});
  tell(judged, log);
}

net::ClientCertificates asks_clients(const Config& config) {
  const bool some =
      config.client_ca || std::ranges::any_of(config.administrators, [](const auto& one) {
        return !one.certificate_sha256.empty() || !one.spki_sha256.empty();
      });
  return some ? net::ClientCertificates::kAsked : net::ClientCertificates::kNotAsked;
}

Result<SignIn, Failure> load_sign_in(const Config& config, const Clock& clock,
                                     const server::Log& log) {
  SignIn out;
  WARD_TRY(out.client_ca, load_client_ca(config));
  if (config.client_crls) {
    WARD_TRY(out.client_crls, load_client_crls(*config.client_crls, out.client_ca, log));
  }
  if (config.oidc.empty()) return out;
  std::map<std::string, server::KeyTimes> times;
  for (const OidcConfig& one : config.oidc) {
    WARD_CHECK_OK(check_files(one));
    out.providers.push_back(one.provider);
    times[one.provider.issuer] = one.provider.times;
  }
  const auto fetch = [oidc = config.oidc, &clock](const std::string& issuer) {
    const auto found = std::ranges::find_if(
        oidc, [&](const OidcConfig& one) { return one.provider.issuer == issuer; });
    if (found != oidc.end()) return keys_of(*found, clock.now());
    return Result<std::string>(Error(Errc::kInternal, "oidc: another issuer"));
  };
  const auto told = [log](const std::string& issuer, const Error* error) {
    if (error == nullptr) return log("oidc.keys", {{"issuer", issuer}});
    log("oidc.keys_failed",
        {{"issuer", issuer},
         {"reason", error->what()},
         {"value", error->value() ? std::to_string(*error->value()) : std::string()}});
  };
  out.keys = std::make_unique<server::CachedKeys>(std::move(times), fetch, told);
  return out;
}

}  // namespace ward::wardd
