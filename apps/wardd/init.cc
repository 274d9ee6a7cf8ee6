#include "apps/wardd/init.h"

#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp
#include <sys/stat.h>

#include "apps/wardd/certificate.h"
#include "ledger/note.h"
#include "server/files.h"
#include "server/key_file.h"
#include "server/token_algorithm.h"

namespace ward::wardd {
namespace {

constexpr std::int64_t kDay_s = 86400;
constexpr std::int64_t kCertificateDays = 825;
constexpr std::string_view kFirst = "first";

// NewFolder is removed again unless it was kept.
class NewFolder {
 public:
  static Result<NewFolder> make(const std::string& beside) {
    std::string path = beside + ".new-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return Error(Errc::kUnavailable, "init: the folder cannot be made",
                   static_cast<std::uint64_t>(errno));
    }
    return NewFolder(std::move(path));
  }

  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  NewFolder(NewFolder&& other) noexcept : path_(std::exchange(other.path_, std::string())) {}

  NewFolder& operator=(NewFolder&&) = delete;

  ~NewFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

  // keep gives the folder its name, where nothing stood before.
  Result<void> keep(const std::string& name) {
    if (::rename(path_.c_str(), name.c_str()) != 0) {
      const bool taken = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR;
      return Error(taken ? Errc::kStale : Errc::kUnavailable, "init: the folder cannot be named",
                   static_cast<std::uint64_t>(errno));
    }
    path_.clear();
    return server::sync_folder_of(name);
  }

 private:
  explicit NewFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// NewKeys are the key pairs of a service.
struct NewKeys {
  crypto::PrivateKey tls;
  crypto::PrivateKey token;
  crypto::PrivateKey ledger;
  crypto::PrivateKey admin;
};

Result<NewKeys> draw(const InitOptions& options, crypto::Rng& rng) {
  using crypto::KeyType;
  using crypto::PrivateKey;
  WARD_TRY(PrivateKey tls, PrivateKey::generate(KeyType::kP256, rng));
  WARD_TRY(const KeyType results, server::token_key_type(options.token_algorithm));
  WARD_TRY(PrivateKey token, PrivateKey::generate(results, rng));
  WARD_TRY(PrivateKey ledger, PrivateKey::generate(KeyType::kEd25519, rng));
  WARD_TRY(PrivateKey admin, PrivateKey::generate(KeyType::kEd25519, rng));
  return NewKeys{std::move(tls), std::move(token), std::move(ledger), std::move(admin)};
}

std::string config_text(const InitOptions& options, const NewKeys& keys) {
  return "# wardd's configuration: docs/wardd.md. Paths are below this file's folder.\n"
         "name = \"" +
         options.name +
         "\"  # issuer and audience of attestation results\n"
         "# issuer = \"https://...\"  # another issuer: where clients reach this service\n"
         "listen = \"" +
         options.listen +
         "\"\n"
         "bound_file = \"wardd.address\"  # where the bound address is written\n"
         "store = \"wardd.db\"\n"
         "master_key = \"master.key\"\n"
         "tls_certificate = \"tls.pem\"\n"
         "tls_key = \"tls.key.pem\"\n"
         "token_key = \"token.key.pem\"\n"
         "ledger_key = \"ledger.key.pem\"\n"
         "session_seconds = 300\n"
         "token_seconds = 300\n"
         "archive_days = 30  # how long appraisals are kept for replay, with their evidence; 0: "
         "not "
         "at all\n"
         "archive_records = 10000  # at most so many\n"
         "archive_mebibytes = 1024  # at most so large\n"
         "archive_other_records = 1000  # of each kind that anybody can send\n"
         "archive_other_mebibytes = 64\n"
         "# collateral = \"collateral\"  # a folder of endorsements\n"
         "# client_ca = \"clients.pem\"  # CAs of administrators' TLS certificates\n\n"
         "# [[trust_root]]  # beside the makers' own, which are built in\n"
         "# name = \"a development platform\"\n"
         "# spki_sha256 = \"...\"\n"
         "# development = true\n\n"
         "# [[oidc]]  # a provider whose tokens count: docs/wardd.md, Sign-in\n"
         "# name = \"corp\"\n"
         "# issuer = \"https://...\"\n"
         "# audience = \"urn:ward:...\"  # this service alone\n"
         "# clients = [\"ward-cli\"]\n"
         "# ca = \"login-ca.pem\"\n"
         "# [[oidc.rule]]\n"
         "# claim = \"groups\"\n"
         "# value = \"ward-owners\"\n"
         "# role = \"owner\"\n"
         "# repositories = [\"...\"]\n\n"
         "[[administrator]]\n"
         "name = \"" +
         std::string(kFirst) +
         "\"\n"
         "role = \"administrator\"  # or \"verifier-owner\", or \"owner\" with repositories = "
         "[...]\n"
         "public_key = \"" +
         to_base64(keys.admin.public_key().to_spki(), Base64::kStandard) + "\"\n";
}

Result<void> write_keys(const NewFolder& folder, const NewKeys& keys, crypto::Rng& rng) {
  const auto master = crypto::random_secret<32>(rng);
  WARD_CHECK_OK(server::write_new_file(folder.file("master.key"), master.expose()));
  const std::pair<const char*, const crypto::PrivateKey*> key_files[] = {
      {"tls.key.pem", &keys.tls}, {"token.key.pem", &keys.token}, {"ledger.key.pem", &keys.ledger}};
  for (const auto& [name, key] : key_files) {
    const SecretBytes text = server::write_private_key(*key);
    WARD_CHECK_OK(server::write_new_file(folder.file(name), text.expose()));
  }
  return {};
}

}  // namespace

Result<Made> initialise(const InitOptions& options, UnixTime now, crypto::Rng& rng) {
  if (!server::valid_name(options.name)) return Error(Errc::kMalformed, "init: name");
  std::error_code code;
  if (std::filesystem::exists(options.folder, code)) {
    return Error(Errc::kStale, "init: the folder exists already");
  }
  WARD_TRY(NewFolder folder, NewFolder::make(options.folder));
  WARD_TRY(NewKeys keys, draw(options, rng));
  WARD_CHECK_OK(write_keys(folder, keys, rng));
  WARD_TRY(const std::string certificate,
           self_signed({.common_name = options.name,
                        .names = options.hosts,
                        .not_before = now,
                        .not_after = {now.seconds + kCertificateDays * kDay_s}},
                       keys.tls, rng));
  WARD_CHECK_OK(server::write_new_file(folder.file("tls.pem"), as_bytes(certificate)));
  const std::string config = config_text(options, keys);
  WARD_CHECK_OK(server::write_new_file(folder.file("wardd.toml"), as_bytes(config)));

  Made made;
  made.config = options.folder + "/wardd.toml";
  made.admin_key = options.folder + "/admin.key.pem";
  made.server_spki = to_hex(crypto::sha256(keys.tls.public_key().to_spki()));
  made.token_key_id = server::verifier_of(keys.token.public_key()).kid;
  WARD_TRY(const ledger::NoteKey note,
           ledger::NoteKey::make(options.name + "/ledger", keys.ledger.public_key()));
  made.ledger_key = note.to_text();
  const SecretBytes admin = server::write_admin_key(
      {std::string(kFirst), broker::Role::kAdministrator, std::move(keys.admin)});
  WARD_CHECK_OK(server::write_new_file(folder.file("admin.key.pem"), admin.expose()));
  WARD_CHECK_OK(folder.keep(options.folder));
  return made;
}

}  // namespace ward::wardd
