#include <cstdio>
#include <memory>
#include <string>

#include <unistd.h>

#include "apps/ward/admin_client.h"
#include "apps/ward/commands.h"
#include "args/args.h"
#include "broker/admin.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "protocol/kbs/message.h"
#include "server/files.h"

// ward secret put|get|list|delete: resources of a running wardd.
namespace ward::cli {
namespace {

struct Options : AdminOptions {
  std::string path;  // repository/type/tag
  std::string file;
  std::string output;
};

// check_path refuses before anything is sent.
bool check_path(const std::string& path) {
  return protocol::kbs::parse_resource_path(path).has_value();
}

int wrong_path(const std::string& path) {
  return fail(kUsage, path + ": a resource is named repository/type/tag",
              "each piece of A-Z a-z 0-9 _ - . , not beginning with a point");
}

// read_value takes the secret from a file or from standard input, never from the command line.
Result<SecretBytes> read_value(const std::string& file) {
  if (file != "-") {
    // The file's mode is its owner's affair: it may be a key that is sealed elsewhere, too.
    auto octets = server::read_file(file, broker::kMaxResourceBytes);
    if (!octets) return octets.error();
    SecretBytes out = SecretBytes::copy_of(*octets);
    wipe(*octets);
    return out;
  }
  SecretBytes out(broker::kMaxResourceBytes + 1);
  std::size_t size = 0;
  while (size < out.size()) {
    const auto room = out.expose_mut().subspan(size);
    const ssize_t n = ::read(STDIN_FILENO, room.data(), room.size());
    if (n < 0) return Error(Errc::kUnavailable, "standard input cannot be read");
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > broker::kMaxResourceBytes) return Error(Errc::kLimit, "standard input: too long");
  out.shrink(size);
  return out;
}

int put(const Options& options) {
  if (!check_path(options.path)) return wrong_path(options.path);
  const auto value = read_value(options.file);
  if (!value) return fail(kUsage, options.file + ": " + error_text(value.error()));
  if (value->empty()) return fail(kUsage, options.file + ": a secret is not empty");
  const AdminReply reply =
      administer(options, {"POST", "/kbs/v0/resource/" + options.path, value->expose()});
  if (reply.exit != kAccepted) return reply.exit;
  const auto body = codec::parse_json(reply.body);
  const auto* version = body ? body->find("version") : nullptr;
  const auto number = version != nullptr ? version->as_uint() : std::nullopt;
  if (!number) return fail(kCouldNotTell, "the server's answer cannot be read");
  if (options.json) {
    std::printf("{\"schema\":\"ward.secret/1\",\"path\":\"%s\",\"version\":%llu}\n",
                options.path.c_str(), static_cast<unsigned long long>(*number));
  } else {
    std::printf("%s version %llu\n", options.path.c_str(),
                static_cast<unsigned long long>(*number));
  }
  return kAccepted;
}

int get(const Options& options) {
  if (!check_path(options.path)) return wrong_path(options.path);
  AdminReply reply = administer(options, {"GET", "/v1/resource/" + options.path, {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto written = options.output.empty() ? server::write_all(STDOUT_FILENO, reply.body)
                                              : server::write_new_file(options.output, reply.body);
  wipe(reply.body);
  if (!written) {
    const bool usage = written.error().code() == Errc::kStale;
    return fail(usage ? kUsage : kCouldNotTell,
                options.output + ": " + error_text(written.error()));
  }
  return kAccepted;
}

int list(const Options& options) {
  const AdminReply reply = administer(options, {"GET", "/v1/resources", {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto body = codec::parse_json(reply.body);
  const auto* resources = body ? body->find("resources") : nullptr;
  if (resources == nullptr) return fail(kCouldNotTell, "the server's answer cannot be read");
  if (options.json) {
    std::printf("%.*s\n", static_cast<int>(reply.body.size()), as_text(reply.body).data());
    return kAccepted;
  }
  for (const auto& one : resources->items()) {
    const auto* path = one.find("path");
    const auto* version = one.find("version");
    const auto* releases = one.find("releases");
    if (path == nullptr || version == nullptr || releases == nullptr || !path->as_string()) {
      return fail(kCouldNotTell, "the server's answer cannot be read");
    }
    std::printf("%s version %llu, released %llu times\n", std::string(*path->as_string()).c_str(),
                static_cast<unsigned long long>(version->as_uint().value_or(0)),
                static_cast<unsigned long long>(releases->as_uint().value_or(0)));
  }
  return kAccepted;
}

int remove(const Options& options) {
  if (!check_path(options.path)) return wrong_path(options.path);
  return administer(options, {"DELETE", "/kbs/v0/resource/" + options.path, {}}).exit;
}

}  // namespace

void add_secret(args::Command& app, Action& action) {
  args::Command* group =
      app.add_subcommand("secret", "keys and other secrets that a wardd releases");
  group->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, int (*run)(const Options&)) {
    args::Command* one = group->add_subcommand(name, help);
    add_admin_options(*one, *options);
    one->callback([options, &action, run] { action = [options, run] { return run(*options); }; });
    return one;
  };
  args::Command* put_app = add("put", "write a secret; prints its version", put);
  put_app->add_option("PATH", options->path, "repository/type/tag")->required();
  put_app->add_option("--file", options->file, "the secret's file; - is standard input")
      ->required();
  args::Command* get_app = add("get", "read a secret back (recorded in the ledger)", get);
  get_app->add_option("PATH", options->path, "repository/type/tag")->required();
  get_app->add_option("-o,--output", options->output, "a new file, for its owner only");
  (void)add("list", "names, versions and how often each was released", list);
  args::Command* delete_app = add("delete", "delete a secret", remove);
  delete_app->add_option("PATH", options->path, "repository/type/tag")->required();
}

}  // namespace ward::cli
