#include "apps/wardd/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "apps/wardd/config_section.h"
#include "codec/toml_text.h"
#include "server/key_file.h"
#include "tee/all.h"

namespace ward::wardd {
namespace {

constexpr std::int64_t kDay_s = 86400;
constexpr std::int64_t kMaxArchiveDays = 3650;
constexpr std::int64_t kMaxArchiveRecords = 1'000'000;
constexpr std::int64_t kMebibyte = std::int64_t{1} << 20U;
constexpr std::int64_t kMaxArchiveMebibytes = 1 << 20U;

// OpenID Connect Discovery 1.0 section 3: an https URL without query and fragment; clients put
// /.well-known behind it.
Result<void, Diag> read_issuer(const Section& root, Config& config) {
  constexpr std::string_view kScheme = "https://";
  if (!root.has("issuer")) return {};
  WARD_TRY(config.issuer, root.text("issuer"));
  const std::string& url = config.issuer;
  const bool plain = std::ranges::all_of(
      url, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '"'; });
  if (!url.starts_with(kScheme) || url.size() == kScheme.size() || url.ends_with('/') || !plain) {
    return root.wrong("issuer", "an https URL without query, fragment and / at its end");
  }
  return {};
}

Result<void, Diag> read_listen(const Section& root, Config& config) {
  WARD_TRY(const std::string listen, root.text("listen"));
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return root.wrong("listen", "\"address:port\"");
  config.address = listen.substr(0, colon);
  if (config.address.starts_with('[') && config.address.ends_with(']')) {
    config.address = config.address.substr(1, config.address.size() - 2);
  }
  const char* end = listen.data() + listen.size();
  const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, config.port);
  if (error != std::errc{} || stop != end) return root.wrong("listen", "a port from 0 to 65535");
  return {};
}

Result<attest::Anchor, Diag> read_root(const Section& section) {
  WARD_CHECK_OK(section.only({"name", "spki_sha256", "development", "tee", "kind"}));
  attest::Anchor anchor;
  WARD_TRY(anchor.name, section.text("name"));
  WARD_TRY(const std::string hex, section.text("spki_sha256"));
  const auto octets = from_hex(hex);
  const auto digest = octets ? to_array<32>(*octets) : std::nullopt;
  if (!octets) return section.wrong("spki_sha256", "32 octets in hex");
  if (!digest) {
    return section.wrong("spki_sha256", "32 octets in hex, not " + std::to_string(octets->size()));
  }
  anchor.spki_sha256 = *digest;
  // No default: whoever trusts a root says whether it is a development platform's.
  WARD_TRY(anchor.development, section.boolean("development"));
  if (section.has("tee")) {
    WARD_TRY(anchor.tee, section.text("tee"));
  }
  const bool known = std::ranges::any_of(tee::all_schemes(), [&](const attest::Scheme* scheme) {
    return scheme->info().name == anchor.tee;
  });
  // What vouches for one kind of hardware need not for another: a TPM's key signs more than quotes.
  if (!known && !(anchor.tee.empty() && anchor.development)) {
    return section.wrong("tee",
                         "the TEE that the root is of (\"tpm\"); all where development is true");
  }
  if (section.has("kind")) {
    WARD_TRY(const std::string kind, section.text("kind"));
    if (kind != "certificate" && kind != "key") {
      return section.wrong("kind",
                           "\"certificate\", or \"key\" of a key that signs evidence itself");
    }
    anchor.bare_key = kind == "key";
  }
  return anchor;
}

Result<void, Diag> read_lists(const Section& root, Config& config) {
  WARD_TRY(const auto roots, root.sections("trust_root"));
  for (const Section& one : roots) {
    WARD_TRY(attest::Anchor anchor, read_root(one));
    config.trust_roots.push_back(std::move(anchor));
  }
  if (root.has("client_ca")) {
    WARD_TRY(config.client_ca, root.text("client_ca"));
  }
  if (root.has("client_crls")) {
    if (!config.client_ca) return root.wrong("client_crls", "a client_ca, whose lists they are");
    WARD_TRY(config.client_crls, root.text("client_crls"));
  }
  WARD_TRY(config.client_ca_tenants, root.text_or_texts("client_ca_tenants"));
  if (!config.client_ca_tenants.empty() && !config.client_ca) {
    return root.wrong("client_ca_tenants", "a client_ca, which they use");
  }
  WARD_CHECK_OK(check_tenants(root, "client_ca_tenants", config.client_ca_tenants));
  WARD_TRY(People people, read_people(root, config.client_ca.has_value()));
  config.administrators = std::move(people.administrators);
  config.oidc = std::move(people.oidc);
  if (config.administrators.empty() && config.oidc.empty()) {
    return root.wrong("administrator", "at least one [[administrator]]");
  }
  return {};
}

Result<void, Diag> read_archive(const Section& root, Config& config) {
  broker::Retention& archive = config.archive;
  WARD_TRY(const std::int64_t days,
           root.number("archive_days", kMaxArchiveDays, archive.seconds / kDay_s));
  archive.seconds = days * kDay_s;

  struct Bound {
    const char* key;
    std::int64_t most;
    std::int64_t unit;
    std::uint64_t* into;
  };

  const std::array<Bound, 4> bounds = {
      {{"archive_records", kMaxArchiveRecords, 1, &archive.records},
       {"archive_mebibytes", kMaxArchiveMebibytes, kMebibyte, &archive.octets},
       {"archive_other_records", kMaxArchiveRecords, 1, &archive.other_records},
       {"archive_other_mebibytes", kMaxArchiveMebibytes, kMebibyte, &archive.other_octets}}};
  for (const Bound& bound : bounds) {
    const auto otherwise = static_cast<std::int64_t>(*bound.into) / bound.unit;
    WARD_TRY(const std::int64_t given, root.number(bound.key, bound.most, otherwise));
    *bound.into = static_cast<std::uint64_t>(given * bound.unit);
  }
  return {};
}

// only_known is an error where the configuration has another key.
Result<void, Diag> only_known(const Section& root) {
  return root.only({"name",
                    "issuer",
                    "listen",
                    "bound_file",
                    "store",
                    "master_key",
                    "tls_certificate",
                    "tls_key",
                    "token_key",
                    "ledger_key",
                    "collateral",
                    "session_seconds",
                    "token_seconds",
                    "archive_days",
                    "archive_records",
                    "archive_mebibytes",
                    "archive_other_records",
                    "archive_other_mebibytes",
                    "allow_kbs_0_1_1",
                    "allow_rsa1_5",
                    "appraise_only",
                    "trust_root",
                    "administrator",
                    "client_ca",
                    "client_ca_tenants",
                    "client_crls",
                    "oidc",
                    "webhook_private_addresses"});
}

}  // namespace

Result<Config, Diag> parse_config(std::string_view text, const std::string& folder) {
  if (const auto at = codec::stray_octet(text)) {
    return diag_at(as_bytes(text), *at, "", "text beyond ASCII in strings and comments alone");
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return diag_of(parsed.error().source(), "", std::string(parsed.error().description()));
  }
  const Section root(parsed.table(), "");
  WARD_CHECK_OK(only_known(root));
  Config config;
  WARD_TRY(config.name, root.text("name"));
  if (!server::valid_name(config.name)) return root.wrong("name", "1 to 64 of A-Z a-z 0-9 . _ -");
  WARD_CHECK_OK(read_issuer(root, config));
  WARD_CHECK_OK(read_listen(root, config));
  const auto path = [&](const std::string& given) {
    return given.starts_with('/') ? given : folder + (folder.ends_with('/') ? "" : "/") + given;
  };
  const std::pair<const char*, std::string*> paths[] = {
      {"store", &config.store},         {"master_key", &config.master_key},
      {"tls_key", &config.tls_key},     {"tls_certificate", &config.tls_certificate},
      {"token_key", &config.token_key}, {"ledger_key", &config.ledger_key},
  };
  for (const auto& [key, into] : paths) {
    WARD_TRY(const std::string given, root.text(key));
    *into = path(given);
  }
  const std::pair<const char*, std::optional<std::string>*> if_named[] = {
      {"bound_file", &config.bound_file}, {"collateral", &config.collateral}};
  for (const auto& [key, into] : if_named) {
    if (!root.has(key)) continue;
    WARD_TRY(const std::string given, root.text(key));
    *into = path(given);
  }
  WARD_TRY(config.session_seconds, root.seconds("session_seconds"));
  WARD_TRY(config.token_seconds, root.seconds("token_seconds"));
  const std::pair<const char*, bool*> switches[] = {
      {"allow_kbs_0_1_1", &config.allow_kbs_0_1_1},
      {"allow_rsa1_5", &config.allow_rsa1_5},
      {"appraise_only", &config.appraise_only},
      {"webhook_private_addresses", &config.webhook_private_addresses}};
  for (const auto& [key, into] : switches) {
    if (!root.has(key)) continue;
    WARD_TRY(*into, root.boolean(key));
  }
  WARD_CHECK_OK(read_archive(root, config));
  WARD_CHECK_OK(read_lists(root, config));
  if (config.client_ca) config.client_ca = path(*config.client_ca);
  if (config.client_crls) config.client_crls = path(*config.client_crls);
  for (OidcConfig& one : config.oidc) {
    if (!one.ca.empty()) one.ca = path(one.ca);
    if (!one.jwks.empty()) one.jwks = path(one.jwks);
  }
  return config;
}

}  // namespace ward::wardd
