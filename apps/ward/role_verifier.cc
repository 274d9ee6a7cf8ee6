#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/ward/child.h"
#include "apps/ward/policy_file.h"
#include "apps/ward/role.h"
#include "apps/ward/role_peer.h"
#include "apps/ward/wardd_child.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "pki/certificate.h"
#include "server/files.h"

// ward role verifier: a wardd that only appraises, in a folder that the next start goes on with.
namespace ward::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 1U << 20U;
constexpr std::size_t kMaxDocuments = 1024;

struct Options {
  std::string dir;
  std::string listen = "127.0.0.1:0";
  std::string name = "verifier";
  std::string collateral;
  PeerOptions endorser;
  std::string trust_root;
  std::string policy;
  bool json = false;
};

using Step = Result<void, int>;

Result<std::string, int> run(std::vector<std::string> words) {
  const std::string name = words.front();
  auto ran = run_child(std::move(words));
  if (!ran) return fail(kCouldNotTell, name + ": " + error_text(ran.error()));
  if (ran->exit != 0) return ran->exit;
  return std::move(ran->out);
}

Step write(const fs::path& path, Bytes octets) {
  const auto written = server::replace_file(path.string(), octets);
  if (!written) return fail(kCouldNotTell, path.string() + ": " + error_text(written.error()));
  return {};
}

Result<std::string, int> read(const fs::path& path) {
  const auto text = server::read_file(path.string(), kMaxFile);
  if (!text) return own_file_failure(path.string(), text.error());
  return std::string(as_text(*text));
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.size() <= 255 &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

// fetch brings an endorser's documents into a folder. Nothing is trusted for where it comes from.
Step fetch(const Options& o, const fs::path& folder) {
  WARD_TRY(const Peer endorser, Peer::of(o.endorser));
  std::string why;
  const auto list = endorser.get("/documents.json", why);
  if (!list) {
    return fail(kCouldNotTell,
                endorser.url() + ": " + (why.empty() ? error_text(list.error()) : why));
  }
  const auto json = codec::parse_json(*list);
  const auto* names = json ? json->find("documents") : nullptr;
  if (names == nullptr || !names->is_array() || names->items().size() > kMaxDocuments) {
    return fail(kRefused, endorser.url() + ": /documents.json is no list of them");
  }
  for (const codec::JsonValue& name : names->items()) {
    const auto text = name.as_string();
    if (!text || !is_plain_name(*text)) {
      return fail(kRefused, endorser.url() + ": /documents.json has a name that no file may have");
    }
    const auto octets = endorser.get("/documents/" + std::string(*text), why);
    if (!octets) return peer_failure(endorser, octets.error(), why);
    WARD_CHECK_OK(write(folder / *text, *octets));
  }
  return {};
}

// The configuration of a service that appraises alone, with its collateral and further roots.
Step configure(const Options& o, const fs::path& dir) {
  WARD_TRY(std::string config, read(dir / "wardd.toml"));
  const std::string_view line = "# collateral = \"collateral\"";
  const auto at = config.find(line);
  if (at == std::string::npos) return fail(kCouldNotTell, "wardd init: no line for collateral");
  std::error_code ignored;
  const std::string folder = o.collateral.empty()
                                 ? std::string("collateral")
                                 : fs::absolute(o.collateral, ignored).lexically_normal().string();
  config.replace(at, line.size(), "collateral = \"" + folder + "\"\nappraise_only = true");
  if (!o.trust_root.empty()) {
    WARD_TRY(const std::string pem, read(o.trust_root));
    const auto roots = pki::parse_certificates(pem);
    if (!roots) return fail(kUsage, o.trust_root + ": no certificates");
    for (std::size_t i = 0; i < roots->size(); ++i) {
      config += "\n[[trust_root]]\nname = \"development " + std::to_string(i) +
                "\"\nspki_sha256 = \"" + to_hex((*roots)[i].spki_sha256) +
                "\"\ndevelopment = true\n";
    }
  }
  return write(dir / "wardd.toml", as_bytes(config));
}

// make makes the folder, whole or not at all.
Step make(const Options& o, const fs::path& dir) {
  std::string pattern = dir.string() + ".new-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    return fail(kCouldNotTell, dir.string() + ": " + std::generic_category().message(errno));
  }
  const fs::path fresh = fs::path(pattern) / "svc";
  const auto fill = [&]() -> Step {
    WARD_TRY(const std::string made, run({sibling("wardd"), "init", fresh.string(), "--name",
                                          o.name, "--listen", o.listen}));
    WARD_CHECK_OK(configure(o, fresh));
    return write(fresh / "server_key", as_bytes(value_in(made, "server_key") + "\n"));
  };
  const Step filled = fill();
  std::error_code wrong;
  if (filled) fs::create_directory(fresh / "collateral", wrong);
  if (filled && !wrong) fs::rename(fresh, dir, wrong);
  std::error_code ignored;
  fs::remove_all(pattern, ignored);
  if (!filled) return filled.error();
  if (wrong) return fail(kCouldNotTell, dir.string() + ": " + wrong.message());
  return {};
}

Step set_policy(const Options& o, const fs::path& dir, const std::string& url,
                const std::string& server_key) {
  if (o.policy.empty()) return {};
  const auto set =
      run({sibling("ward"), "policy", "set", o.policy, "--for", "evidence", "--server", url,
           "--server-key", server_key, "--admin", (dir / "admin.key.pem").string()});
  if (!set) return set.error();
  return {};
}

int say(const Options& o, const fs::path& dir, const std::string& url,
        const std::string& server_key) {
  if (!o.json) {
    (void)std::fprintf(stderr, "ward: server key %s\n", server_key.c_str());
    return print(url + "\n");
  }
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.role/1").member("role", "verifier");
  w.member("url", url).member("name", o.name).member("server_key", server_key);
  w.member("jwks", url + "/.well-known/jwks.json");
  w.member("admin_key", (dir / "admin.key.pem").string());
  const auto text = w.end_object().take();
  return text ? print(*text + "\n") : fail(kCouldNotTell, "this cannot be written as JSON");
}

// check_new refuses what would leave a folder of a verifier that accepts nothing.
Step check_new(const Options& o) {
  if (o.policy.empty()) {
    return fail(kUsage, "a new verifier accepts nothing without a policy",
                "--policy FILE: docs/wardd.md, Two policies, two owners");
  }
  const auto policy = read_policy("evidence", o.policy);
  if (!policy) return policy.error();
  return {};
}

// check_again refuses what a verifier that exists would not heed.
Step check_again(const Options& o) {
  const Options usual;
  const bool other = o.name != usual.name || o.listen != usual.listen || !o.collateral.empty() ||
                     !o.trust_root.empty();
  if (!other) return {};
  return fail(kUsage,
              o.dir + ": exists; --name, --listen, --collateral and --trust-root are of a new one",
              "change its wardd.toml, or name a folder that does not exist yet");
}

int serve(const Options& o) {
  std::error_code wrong;
  const fs::path dir = fs::weakly_canonical(fs::absolute(o.dir), wrong);
  if (dir.empty() || dir.string().find_first_of("\"\\\n") != std::string::npos) {
    return fail(kUsage, o.dir + ": no folder's name that can stand in a configuration");
  }
  if (!o.collateral.empty() && !o.endorser.url.empty()) {
    return fail(kUsage, "--collateral and --endorser: give one of them");
  }
  const bool there = fs::exists(dir, wrong);
  if (there && !fs::exists(dir / "wardd.toml", wrong)) {
    return fail(kUsage, o.dir + ": exists and was not made by `ward role verifier`",
                "name a folder that does not exist yet");
  }
  const Step right = there ? check_again(o) : check_new(o);
  if (!right) return right.error();
  WarddChild::hold_signals();
  if (!there) {
    const Step made = make(o, dir);
    if (!made) return made.error();
  }
  if (!o.endorser.url.empty()) {
    const Step fetched = fetch(o, dir / "collateral");
    if (!fetched) return fetched.error();
  }
  WARD_TRY(std::string server_key, read(dir / "server_key"));
  server_key.erase(std::min(server_key.find('\n'), server_key.size()));
  auto service = WarddChild::start((dir / "wardd.toml").string(), (dir / "wardd.address").string());
  if (!service) return service.error();
  const std::string url = "https://" + service->address();
  const Step set = set_policy(o, dir, url, server_key);
  if (!set) return set.error();
  const int said = say(o, dir, url, server_key);
  (void)std::fflush(stdout);  // whoever waits for the line has it before the service ends
  return said == kAccepted ? service->serve() : said;
}

}  // namespace

void add_role_verifier(args::Command& role, Action& action) {
  const auto o = std::make_shared<Options>();
  args::Command* c = role.add_subcommand(
      "verifier", "a wardd that appraises evidence and keeps no resources; prints its URL");
  c->add_option("DIR", o->dir, "its folder, made where it does not exist")->required();
  c->add_option("--policy", o->policy, "the policy for evidence, JSON; a new one needs it");
  c->add_option("--name", o->name, "of a new one: the issuer of its results")
      ->capture_default_str();
  c->add_option("--listen", o->listen, "of a new one: ADDRESS:PORT")->capture_default_str();
  c->add_option("--collateral", o->collateral, "of a new one: a folder of endorsements");
  c->add_option("--endorser", o->endorser.url,
                "take endorsements from there at each start: http://host:port, or https");
  c->add_option("--endorser-key", o->endorser.server_key,
                "SHA-256 of the endorser's public key, where it is https");
  c->add_option("--trust-root", o->trust_root,
                "of a new one: PEM file with roots of development platforms");
  c->add_flag("--json", o->json, "print one JSON object (ward.role/1)");
  c->callback([o, &action] { action = [o] { return serve(*o); }; });
}

}  // namespace ward::cli
