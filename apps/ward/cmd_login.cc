#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "apps/ward/device_grant.h"
#include "apps/ward/input.h"
#include "apps/ward/login_file.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "server/files.h"

// ward login, logout: an administrator signs in with a provider of OpenID Connect.
namespace ward::cli {
namespace {

constexpr std::size_t kMaxCaBytes = 1U << 20U;

struct Options {
  DeviceGrant grant;
  std::string ca;
  std::string token = "access";
  std::string file;
  bool json = false;
};

// The file that the option names, or the person's own.
Result<std::string, int> file_of(const Options& o) {
  const std::string path = o.file.empty() ? default_login_file() : o.file;
  if (path.empty()) {
    return fail(kUsage,
                "there is no place for the sign-in: neither HOME nor XDG_CONFIG_HOME is set",
                "--login names a file");
  }
  return path;
}

int login(Options& o) {
  const auto file = file_of(o);
  if (!file) return file.error();
  const auto pem = server::read_file(o.ca, kMaxCaBytes);
  if (!pem) return own_file_failure(o.ca, pem.error());
  o.grant.ca_pem = as_text(*pem);
  o.grant.id_token = o.token == "id";
  const auto granted = run_device_grant(o.grant, [](const std::string& line) {
    (void)std::fprintf(stderr, "ward: %s\n", line.c_str());
  });
  if (!granted) return granted.error();
  const Login made{.issuer = o.grant.issuer,
                   .client_id = o.grant.client_id,
                   .token = granted->token,
                   .expires = granted->expires};
  if (const auto written = write_login(*file, made); !written) {
    return own_file_failure(*file, written.error());
  }
  const std::string until = format_rfc3339(made.expires);
  if (!o.json) return print("signed in until " + until + ": " + for_terminal(*file) + "\n");
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.login/1").member("issuer", made.issuer);
  w.member("client_id", made.client_id).member("file", *file).member("expires", until);
  w.end_object();
  return print_json(w);
}

// logout takes the file away. The provider is not told: its tokens cannot be taken back.
int logout(const Options& o) {
  const auto file = file_of(o);
  if (!file) return file.error();
  std::error_code code;
  const bool removed = std::filesystem::remove(*file, code);
  if (code) {
    return fail(kCouldNotTell, *file + ": the file cannot be removed: " + code.message());
  }
  if (!o.json) return print(removed ? "signed out\n" : "nobody was signed in\n");
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.logout/1").member("file", *file);
  w.member("removed", removed).end_object();
  return print_json(w);
}

}  // namespace

void add_login(args::Command& app, Action& action) {
  const auto in = std::make_shared<Options>();
  in->grant.scope = "openid";
  args::Command* one = app.add_subcommand(
      "login", "sign in with a provider of OpenID Connect, for commands that administer wardd");
  one->add_option("--issuer", in->grant.issuer, "the provider's URL, as its tokens have it")
      ->required();
  one->add_option("--client-id", in->grant.client_id, "ward's name at the provider")->required();
  one->add_option("--ca", in->ca, "CA certificates (PEM) that the provider's must lead to")
      ->required();
  one->add_option("--audience", in->grant.audience,
                  "the service that the token is for: its `audience` in wardd.toml");
  one->add_option("--scope", in->grant.scope, "what is asked for, with blanks between")
      ->capture_default_str();
  one->add_option("--token", in->token, "which token the service takes")
      ->one_of({"access", "id"})
      ->capture_default_str();
  one->add_option("--login", in->file, "where the sign-in is kept (~/.config/ward/login.json)");
  one->add_flag("--json", in->json, "print one JSON object");
  one->callback([in, &action] { action = [in] { return login(*in); }; });
  const auto out = std::make_shared<Options>();
  args::Command* other = app.add_subcommand("logout", "forget the sign-in that `ward login` keeps");
  other->add_option("--login", out->file, "where it is kept (~/.config/ward/login.json)");
  other->add_flag("--json", out->json, "print one JSON object");
  other->callback([out, &action] { action = [out] { return logout(*out); }; });
}

}  // namespace ward::cli
