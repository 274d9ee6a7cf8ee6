#include "apps/wardd/serve.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include <sys/resource.h>

#include "apps/wardd/deliveries.h"
#include "apps/wardd/evidence.h"
#include "apps/wardd/rego_policies.h"
#include "apps/wardd/sign_in.h"
#include "apps/wardd/store_lock.h"
#include "apps/wardd/tenants.h"
#include "broker/archive.h"
#include "broker/records.h"
#include "crypto/kdf.h"
#include "keep/swap.h"
#include "net/http/server.h"
#include "net/tls/context.h"
#include "pki/certificate.h"
#include "server/files.h"
#include "server/key_file.h"
#include "server/keyed_store.h"
#include "server/routes.h"
#include "server/tenants.h"
#include "store/sqlite/sqlite_store.h"
#include "token/jwk.h"

namespace ward::wardd {
namespace {

constexpr std::size_t kMasterKeyBytes = 32;
constexpr std::size_t kMaxCollateralFiles = attest::kMaxDocuments;

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UnixTime now() const override { return {std::time(nullptr)}; }
};

Result<attest::Collateral, Failure> load_collateral(const std::string& folder) {
  attest::Collateral out;
  std::error_code code;
  std::filesystem::recursive_directory_iterator files(folder, code);
  if (code) return Failure{kCouldNotTell, folder + ": the collateral cannot be read", ""};
  for (const auto& entry : files) {
    if (!entry.is_regular_file(code)) continue;
    auto bytes = server::read_file(entry.path(), attest::kMaxDocumentBytes);
    if (!bytes) return failed(bytes.error(), entry.path());
    out.documents.push_back({entry.path().filename(), *std::move(bytes)});
    if (out.documents.size() > kMaxCollateralFiles) {
      return Failure{kRefused, folder + ": too many files of collateral", ""};
    }
  }
  return out;
}

struct Tls {
  net::TlsContext context;
  crypto::Sha256Digest spki_sha256{};
};

Result<Tls, Failure> load_tls(const Config& config, UnixTime now) {
  const auto certificate = server::read_file(config.tls_certificate, 1U << 20U);
  if (!certificate) return failed(certificate.error(), config.tls_certificate);
  const auto key = server::read_secret_file(config.tls_key, server::kMaxKeyFileBytes);
  if (!key) return failed(key.error(), config.tls_key);
  auto context =
      net::server_context(as_text(*certificate), as_text(key->expose()), asks_clients(config));
  if (!context) return failed(context.error(), config.tls_certificate);
  const auto chain = pki::parse_certificates(as_text(*certificate));
  if (!chain) return failed(chain.error(), config.tls_certificate);
  const pki::Certificate& leaf = chain->front();
  if (now > leaf.not_after) {
    return Failure{kRefused,
                   config.tls_certificate + ": the certificate has expired at " +
                       format_rfc3339(leaf.not_after),
                   "put a new one in its place; clients that pin its key need no change if the key "
                   "stays"};
  }
  if (now < leaf.not_before) {
    return Failure{kRefused,
                   config.tls_certificate + ": the certificate is not valid before " +
                       format_rfc3339(leaf.not_before),
                   "is this machine's clock right?"};
  }
  return Tls{*std::move(context), leaf.spki_sha256};
}

// The algorithms of these keys, each once, the signing key's first.
std::vector<std::string> algorithms_of(const std::vector<token::JwsKey>& keys) {
  std::vector<std::string> out;
  for (const token::JwsKey& key : keys) {
    std::string name(token::to_text(key.algorithm));
    if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

std::vector<token::JwsKey> verifiers_of(const server::TokenKeys& keys) {
  std::vector<token::JwsKey> out;
  for (const crypto::PublicKey& key : server::public_halves(keys)) {
    out.push_back(server::verifier_of(key));
  }
  return out;
}

// Loaded is a service that could start: everything the configuration names is in memory.
class Loaded {
 public:
  static Result<std::unique_ptr<Loaded>, Failure> load(const Config& config, UnixTime now) {
    WARD_TRY(Tls tls, load_tls(config, now));
    WARD_TRY(server::TokenKeys token, load_token_keys(config.token_key));
    server::drop_expired(token, now);
    WARD_TRY(crypto::PrivateKey ledger, load_key(config.ledger_key, crypto::KeyType::kEd25519));
    auto master = server::read_secret_file(config.master_key, kMasterKeyBytes);
    if (!master) return failed(master.error(), config.master_key);
    if (master->size() != kMasterKeyBytes) {
      return Failure{kRefused, config.master_key + ": not a master key (32 octets)", ""};
    }
    attest::Collateral collateral;
    if (config.collateral) {
      WARD_TRY(collateral, load_collateral(*config.collateral));
    }
    auto store = store::open_sqlite_store({.path = config.store});
    if (!store) return failed(store.error(), config.store);
    if (const auto right = broker::check_clock(**store, now); !right) {
      if (right.error().code() != Errc::kStale) return failed(right.error(), config.store);
      return Failure{kRefused, "the clock stands before the newest entry of the ledger",
                     "set the clock right; where it was wrongly in the future before: "
                     "wardd --config FILE --clock-corrected"};
    }
    const Secret<32> seed = crypto::hkdf<32>(crypto::Hash::kSha256, master->expose(), {},
                                             as_bytes("ward webhook key 1"));
    auto webhooks = crypto::PrivateKey::from_ed25519_seed(seed.expose());
    if (!webhooks) return failed(webhooks.error(), config.master_key);
    auto out = std::make_unique<Loaded>(std::move(tls), std::move(token), std::move(ledger),
                                        *std::move(webhooks));
    out->whole_ = store->get();
    out->store_ = std::make_unique<server::KeyedStore>(*std::move(store));
    out->verifier_ = std::make_unique<PipelineVerifier>(config.trust_roots, std::move(collateral));
    out->master_ = *std::move(master);
    if (const auto done = out->assemble(config); !done) {
      return failed(done.error(), config.ledger_key);
    }
    return out;
  }

  Loaded(Tls tls, server::TokenKeys token, crypto::PrivateKey ledger, crypto::PrivateKey webhooks)
      : tls_(std::move(tls)),
        token_(std::move(token)),
        ledger_(std::move(ledger)),
        webhooks_(std::move(webhooks)) {}

  [[nodiscard]] const broker::Service& service() const { return *service_; }

  // remember writes the collateral into the archive, for appraisals that are repeated later.
  [[nodiscard]] Result<void> remember(UnixTime now) {
    WARD_TRY(service_->collateral, broker::remember_collateral(*store_, verifier_->collateral(),
                                                               service_->options.retention, now));
    return {};
  }

  [[nodiscard]] const Tls& tls() const { return tls_; }

  // webhook_key signs events; every replica derives it of the one master key.
  [[nodiscard]] const crypto::PrivateKey& webhook_key() const { return webhooks_; }

  [[nodiscard]] server::RoutesConfig routes_config(const Config& config) const {
    std::vector<token::Jwk> jwks;
    for (const token::JwsKey& key : keys_->token_keys) {
      jwks.push_back({key.key, key.kid, std::string(token::to_text(key.algorithm)), "sig", {}});
    }
    const token::JwsKey key = server::verifier_of(webhooks_.public_key());
    const std::array<token::Jwk, 1> webhooks{{{key.key, key.kid, "EdDSA", "sig", {}}}};
    return {.administrators = config.administrators,
            .audience = server::admin_audience(tls_.spki_sha256),
            .jwks = token::to_jwks_json(jwks),
            .webhook_jwks = token::to_jwks_json(webhooks),
            .token_algorithms = algorithms_of(keys_->token_keys),
            .issuer = config.issuer,
            .ledger_key = keys_->ledger.key.to_text(),
            .keyed = store_.get(),
            .metrics = {},
            .appraise_only = config.appraise_only};
  }

  [[nodiscard]] const Shared& shared() const { return *shared_; }

 private:
  Result<void> assemble(const Config& config) {
    const broker::RegoEngine* rego = policy::rego::engine().empty() ? nullptr : &rego_;
    shared_ = std::make_unique<Shared>(
        Shared{.config = config,
               .master = master_,
               .store = *whole_,
               .verifier = *verifier_,
               .rng = rng_,
               .ledger = ledger_,
               .rego = rego,
               .token_signer = [this] { return server::signer_of(token_.signing); },
               .token_keys = [this] { return verifiers_of(token_); }});
    WARD_TRY(broker::Keys keys, make_keys(*shared_, master_.expose(), ""));
    keys_ = std::make_unique<broker::Keys>(std::move(keys));
    shared_->keys = keys_.get();
    service_ = std::make_unique<broker::Service>(
        broker::Service{*store_, *verifier_, *keys_, rng_, options_of(config, ""), rego});
    return {};
  }

  RegoPolicies rego_;
  Tls tls_;
  server::TokenKeys token_;
  crypto::PrivateKey ledger_;
  crypto::PrivateKey webhooks_;
  SecretBytes master_;
  crypto::SystemRng rng_;
  store::Store* whole_ = nullptr;  // what store_ owns, without its scopes
  std::unique_ptr<server::KeyedStore> store_;
  std::unique_ptr<PipelineVerifier> verifier_;
  std::unique_ptr<Shared> shared_;
  std::unique_ptr<broker::Keys> keys_;
  std::unique_ptr<broker::Service> service_;
};

std::string bound_address(const Config& config, std::uint16_t port) {
  const bool v6 = config.address.find(':') != std::string::npos;
  return (v6 ? "[" + config.address + "]" : config.address) + ":" + std::to_string(port);
}

// connection_bound is `most`, or less where the process may not have so many descriptors: two for
// each, because one that goes may still be there when another comes.
std::size_t connection_bound(std::size_t most) {
  constexpr rlim_t kOthers = 64;  // files, database, threads
  constexpr std::size_t kFewest = 8;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return most;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t left = limit.rlim_cur > kOthers ? (limit.rlim_cur - kOthers) / 2 : 0;
  return std::max<std::size_t>(kFewest, std::min<rlim_t>(most, left));
}

// io_threads_of is one for every two processors: about half of a request's work is TLS.
unsigned io_threads_of(unsigned processors) {
  constexpr unsigned kMost = 16;
  return std::clamp(processors / 2, 1U, kMost);
}

// wait_for_end returns the signal that asks the service to end; at each SIGHUP it reloads.
int wait_for_end(const std::function<void()>& reload) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  while (true) {
    int which = 0;
    if (sigwait(&signals, &which) != 0) continue;
    if (which != SIGHUP) return which;
    reload();
  }
}

// warn_of_development says which roots make anybody a platform.
void warn_of_development(const Config& config, const server::Log& log) {
  for (const attest::Anchor& root : config.trust_roots) {
    if (!root.development) continue;
    log("warning", {{"what",
                     "a development root is trusted: NOT A TEE, the administrator of its machine "
                     "reads everything; only policies with allow_development accept it"},
                    {"root", root.name}});
  }
}

}  // namespace

Result<void, Failure> check(const Config& config) {
  const SystemClock clock;
  const auto loaded = Loaded::load(config, clock.now());
  if (!loaded) return loaded.error();
  const auto sign_in = load_sign_in(config, clock, server::no_log());
  if (!sign_in) return sign_in.error();
  return {};
}

Result<void, Failure> serve(const Config& config, const Memory& memory) {
  const SystemClock clock;
  WARD_TRY(const StoreLock lock, StoreLock::take(config.store));
  WARD_TRY(const std::unique_ptr<Loaded> loaded, Loaded::load(config, clock.now()));
  if (const auto done = loaded->remember(clock.now()); !done) {
    return failed(done.error(), config.store);
  }
  const server::Log log = server::limited_log(server::stderr_log(), clock);
  WARD_TRY(const SignIn sign_in, load_sign_in(config, clock, log));
  server::RoutesConfig routes_config = loaded->routes_config(config);
  const TenantServices services(loaded->shared(), sign_in, routes_config, loaded->tls().spki_sha256,
                                clock);
  const Deliveries deliveries(
      loaded->service(), services,
      {.key = loaded->webhook_key(), .private_addresses = config.webhook_private_addresses}, clock,
      log);
  routes_config.tenant_keys = &services;
  routes_config.providers = sign_in.providers;
  routes_config.client_ca = sign_in.client_ca;
  routes_config.client_ca_tenants = config.client_ca_tenants;
  routes_config.client_crls = sign_in.client_crls.get();
  routes_config.oidc_keys = sign_in.keys.get();
  routes_config.metrics = [&deliveries] { return deliveries.metrics(); };
  routes_config.asks_certificates = asks_clients(config) == net::ClientCertificates::kAsked;
  const server::Routes routes(loaded->service(), std::move(routes_config), clock, log);
  const server::Tenants tenants(
      loaded->service(),
      {.answer = [&routes](const protocol::HttpRequest& request) { return routes.answer(request); },
       .stream =
           [&routes](const protocol::HttpRequest& request) { return routes.stream(request); }},
      services);
  if (sign_in.keys) sign_in.keys->warm(clock.now());
  if (const auto warning = swap_warning(memory, keep::plain_swap("/proc/swaps", "/sys/block"))) {
    log("warning", {{"what", *warning}});
  }
  warn_of_development(config, log);
  net::ServerOptions options;
  options.max_connections = connection_bound(options.max_connections);
  options.io_threads = io_threads_of(std::thread::hardware_concurrency());
  options.address = config.address;
  options.port = config.port;
  auto listening = net::serve_https(
      options, loaded->tls().context,
      [&tenants](const protocol::HttpRequest& request) { return tenants.answer(request); },
      [&tenants](const protocol::HttpRequest& request) { return tenants.stream(request); });
  if (!listening) {
    Failure failure = failed(listening.error(), bound_address(config, config.port));
    if (listening.error().value() == EADDRINUSE) {
      failure.hint = "something listens there already; `listen` in the configuration names another";
    }
    return failure;
  }
  const std::string address = bound_address(config, (*listening)->port());
  if (config.bound_file) {
    const auto written = server::replace_file(*config.bound_file, as_bytes(address + "\n"));
    if (!written) return failed(written.error(), *config.bound_file);
  }
  log("started", {{"address", address},
                  {"name", config.name},
                  {"memory", to_text(memory)},
                  {"server_spki_sha256", to_hex(loaded->tls().spki_sha256)}});
  const int which = wait_for_end([&] { reload(config, sign_in, log); });
  log("stopping", {{"signal", std::to_string(which)}});
  (*listening)->stop();
  log("stopped", {});
  return {};
}

}  // namespace ward::wardd
