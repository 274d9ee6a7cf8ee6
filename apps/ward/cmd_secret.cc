#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "apps/ward/admin_client.h"
#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "apps/ward/key_files.h"
#include "args/args.h"
#include "base/time.h"
#include "broker/admin.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "protocol/kbs/message.h"
#include "server/files.h"

// ward secret put|get|versions|list|delete: resources of a running wardd.
namespace ward::cli {
namespace {

struct Options : AdminOptions {
  std::string path;  // repository/type/tag
  std::string file;
  std::string output;
  std::string expires;     // a time or "never"; empty: as it was
  std::string lease;       // seconds or "none"; empty: as it was
  std::string version;     // digits; empty: the newest
  std::string if_version;  // digits, 0: there must be none; empty: whatever there is
};

// check_path refuses before anything is sent.
bool check_path(const std::string& path) {
  return protocol::kbs::parse_resource_path(path).has_value();
}

int wrong_path(const std::string& path) {
  return fail(kUsage, path + ": a resource is named repository/type/tag",
              "each piece of A-Z a-z 0-9 _ - . , not beginning with a point");
}

// json_begin opens an object about a secret. The path holds nothing that JSON would escape:
// check_path has looked at it.
std::string json_begin(const std::string& path) {
  return "{\"schema\":\"ward.secret/1\",\"path\":\"" + path + "\"";
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 20 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

// request_of is the request that writes a version on the terms of the options; or the exit code.
Result<AdminRequest, int> request_of(const Options& options, Bytes value) {
  AdminRequest out{.method = "PUT", .target = "/v1/resource/" + options.path, .body = value};
  char before = '?';
  if (!options.expires.empty()) {
    if (options.expires != "never" && !parse_rfc3339(options.expires)) {
      return fail(kUsage, options.expires + ": neither a time, as 2026-11-30T00:00:00Z, nor never");
    }
    out.target += before + ("expires=" + options.expires);
    before = '&';
  }
  if (!options.lease.empty()) {
    if (options.lease != "none" && !is_number(options.lease)) {
      return fail(kUsage, options.lease + ": neither a number of seconds nor none");
    }
    out.target += before + ("lease_s=" + options.lease);
  }
  if (options.if_version.empty()) return out;
  if (!is_number(options.if_version)) return fail(kUsage, options.if_version + ": not a version");
  if (options.if_version == "0") {
    out.headers.emplace_back("If-None-Match", "*");
  } else {
    out.headers.emplace_back("If-Match", "\"" + options.if_version + "\"");
  }
  return out;
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
  if (!value) return own_file_failure(options.file, value.error());
  if (value->empty()) return fail(kUsage, options.file + ": a secret is not empty");
  const auto request = request_of(options, value->expose());
  if (!request) return request.error();
  const AdminReply reply = administer(options, *request);
  if (reply.exit != kAccepted) return reply.exit;
  const auto body = codec::parse_json(reply.body);
  const auto* version = body ? body->find("version") : nullptr;
  const auto number = version != nullptr ? version->as_uint() : std::nullopt;
  if (!number) return fail(kCouldNotTell, "the server's answer cannot be read");
  const std::string version_text = std::to_string(*number);
  return print(options.json ? json_begin(options.path) + ",\"version\":" + version_text + "}\n"
                            : options.path + " version " + version_text + "\n");
}

int not_written(const std::string& where, const Error& error) {
  if (error.code() == Errc::kStale) return fail(kUsage, where + ": exists already");
  return fail(kCouldNotTell, where + ": " + error_text(error));
}

// to_stdout writes a secret, as it is or as base64 in one JSON object, past every buffer that is
// not wiped.
int to_stdout(const Options& options, Bytes secret) {
  const std::string begin = json_begin(options.path) + ",\"value\":\"";
  const SecretBytes base64 = secret_base64(secret);
  std::vector<Bytes> parts = {secret};
  if (options.json) parts = {as_bytes(begin), base64.expose(), as_bytes("\"}\n")};
  for (const Bytes part : parts) {
    const auto written = server::write_all(STDOUT_FILENO, part);
    if (!written) return not_written("standard output", written.error());
  }
  return kAccepted;
}

int get(const Options& options) {
  if (!check_path(options.path)) return wrong_path(options.path);
  std::string target = "/v1/resource/" + options.path;
  if (!options.version.empty()) {
    if (!is_number(options.version)) return fail(kUsage, options.version + ": not a version");
    target += "?version=" + options.version;
  }
  AdminReply reply = administer(options, {"GET", target, {}});
  if (reply.exit != kAccepted) return reply.exit;
  if (options.output.empty()) {
    const int code = to_stdout(options, reply.body);
    wipe(reply.body);
    return code;
  }
  const auto written = server::write_new_file(options.output, reply.body);
  wipe(reply.body);
  if (!written) return not_written(options.output, written.error());
  if (!options.json) return kAccepted;
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.secret/1").member("path", options.path);
  const auto text = w.member("output", options.output).end_object().take();
  return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
}

std::string number_text(const codec::JsonValue& object, std::string_view name) {
  const auto* value = object.find(name);
  return std::to_string(value == nullptr ? 0 : value->as_uint().value_or(0));
}

// terms_text says on what terms a version is released, where there are any.
std::string terms_text(const codec::JsonValue& one) {
  std::string out;
  const auto* over = one.find("expired");
  if (const std::string end = text_of(one, "expires"); !end.empty()) {
    out +=
        (over != nullptr && over->as_bool().value_or(false) ? ", over since " : ", until ") + end;
  }
  const auto* lease = one.find("lease_s");
  if (lease != nullptr && lease->as_uint())
    out += ", leased for " + number_text(one, "lease_s") + " s";
  const std::string rotate = text_of(one, "rotate");
  if (!rotate.empty()) out += ", to be rotated (incident " + rotate + ")";
  return out;
}

int list(const Options& options) {
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.resources/1").name("resources").begin_array();
  std::string lines;
  const int done = list_all(options, "/v1/resources", [&](const codec::JsonValue& page) {
    if (!copy_items(page, "resources", w)) return false;
    for (const auto& one : page.find("resources")->items()) {
      lines += line(text_of(one, "path") + " version " + number_text(one, "version") +
                    ", released " + number_text(one, "releases") + " times" + terms_text(one));
    }
    return true;
  });
  if (done != kAccepted) return done;
  if (!options.json) return print(lines);
  w.end_array().end_object();
  return print_json(w);
}

int versions(const Options& options) {
  if (!check_path(options.path)) return wrong_path(options.path);
  const AdminReply reply = administer(options, {"GET", "/v1/versions/" + options.path, {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto page = page_of(reply.body);
  const auto* list = page ? page->find("versions") : nullptr;
  if (list == nullptr || !list->is_array()) return unreadable();
  if (options.json) return print(std::string(as_text(reply.body)) + '\n');
  std::string lines;
  for (const auto& one : list->items()) {
    const std::string written = text_of(one, "written");
    lines += line("version " + number_text(one, "version") +
                  (written.empty() ? "" : ", written " + written) + terms_text(one));
  }
  return print(lines);
}

int remove(const Options& options) {
  if (!check_path(options.path)) return wrong_path(options.path);
  const int code = administer(options, {"DELETE", "/kbs/v0/resource/" + options.path, {}}).exit;
  if (code != kAccepted || !options.json) return code;
  return print(json_begin(options.path) + ",\"deleted\":true}\n");
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
  put_app->add_option("--expires", options->expires,
                      "released to nobody from this time on, or never (otherwise as it was)");
  put_app->add_option("--lease", options->lease,
                      "each release is for so many seconds, or none (otherwise as it was)");
  put_app->add_option("--if-version", options->if_version,
                      "only where this is the newest version; 0: only where there is none");
  args::Command* get_app = add("get", "read a secret back (recorded in the ledger)", get);
  get_app->add_option("PATH", options->path, "repository/type/tag")->required();
  get_app->add_option("-o,--output", options->output, "a new file, for its owner only");
  get_app->add_option("--version", options->version, "an earlier version that is kept");
  args::Command* versions_app = add("versions", "the versions of a secret that are kept", versions);
  versions_app->add_option("PATH", options->path, "repository/type/tag")->required();
  (void)add("list", "names, versions, terms and how often each was released", list);
  args::Command* delete_app = add("delete", "delete a secret", remove);
  delete_app->add_option("PATH", options->path, "repository/type/tag")->required();
}

}  // namespace ward::cli
