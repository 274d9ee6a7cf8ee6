#include "apps/ward/login_file.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <sys/stat.h>

#include "apps/ward/cli.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "server/files.h"

namespace ward::cli {
namespace {

constexpr std::size_t kMaxLoginBytes = 64U << 10U;
constexpr std::string_view kSchema = "ward.login-file/1";

std::optional<Login> parse(Bytes text) {
  const auto json = codec::parse_json(text, {.max_bytes = kMaxLoginBytes});
  if (!json) return std::nullopt;
  const auto member = [&](std::string_view name) {
    const codec::JsonValue* value = json->find(name);
    return std::string(value != nullptr ? value->as_string().value_or("") : "");
  };
  const auto expires = parse_rfc3339(member("expires"));
  Login out{.issuer = member("issuer"),
            .client_id = member("client_id"),
            .token = member("token"),
            .expires = expires.value_or(UnixTime{})};
  if (member("schema") != kSchema || !expires || out.token.empty()) return std::nullopt;
  return out;
}

}  // namespace

std::string default_login_file() {
  constexpr const char* kName = "/ward/login.json";
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return std::string(config) + kName;
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return std::string(home) + "/.config" + kName;
}

Result<Login, int> read_login(const std::string& path, UnixTime now) {
  const auto text = server::read_secret_file(path, kMaxLoginBytes);
  if (!text && text.error().code() == Errc::kDenied) {
    return fail(kRefused, path + ": " + error_text(text.error()), "`chmod 600 " + path + "`");
  }
  if (!text) return own_file_failure(path, text.error(), "`ward login` makes one");
  auto login = parse(text->expose());
  if (!login) {
    return fail(kUsage, path + ": not what `ward login` writes", "`ward login` makes a new one");
  }
  if (now >= login->expires) {
    return fail(
        kRefused, path + ": the sign-in has expired at " + format_rfc3339(login->expires),
        "sign in again: ward login --issuer " + login->issuer + " --client-id " + login->client_id);
  }
  return *std::move(login);
}

Result<void> write_login(const std::string& path, const Login& login) {
  codec::JsonWriter w;
  w.begin_object().member("schema", kSchema).member("issuer", login.issuer);
  w.member("client_id", login.client_id).member("expires", format_rfc3339(login.expires));
  w.member("token", login.token).end_object();
  WARD_TRY(const std::string text, w.take());
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code code;
  if (!folder.empty() && std::filesystem::create_directories(folder, code)) {
    (void)::chmod(folder.c_str(), S_IRWXU);
  }
  if (code) {
    return Error(Errc::kUnavailable, "login: the folder cannot be made",
                 static_cast<std::uint64_t>(code.value()));
  }
  return server::replace_file(path, as_bytes(text + "\n"));
}

}  // namespace ward::cli
