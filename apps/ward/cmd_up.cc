#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/ward/child.h"
#include "apps/ward/commands.h"
#include "apps/ward/wardd_child.h"
#include "args/args.h"
#include "broker/policy.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "pki/certificate.h"
#include "server/files.h"
#include "server/token_algorithm.h"

// ward up: a trust service for development in one command. It does what docs/wardd.md says to type,
// with the same programs, in one folder that the next `ward up` goes on with.
namespace ward::cli {
namespace {

namespace fs = std::filesystem;
using codec::JsonWriter;

constexpr std::size_t kMaxFile = 1U << 20U;
constexpr const char* kListen = "127.0.0.1:8443";
constexpr const char* kRepository = "example";
constexpr const char* kResource = "key/greeting";
constexpr std::string_view kGreeting = "Only a keep that proved what it is can read this.\n";

struct Options {
  std::string dir = "ward-up";
  std::string listen;  // empty: kListen of a new one
  std::string token_algorithm = "ES256";
  bool json = false;
};

// Place names the files of the folder.
struct Place {
  fs::path dir;

  [[nodiscard]] std::string file(const char* name) const { return (dir / name).string(); }

  [[nodiscard]] std::string device() const { return file("dev"); }

  [[nodiscard]] std::string config() const { return file("svc/wardd.toml"); }

  [[nodiscard]] std::string address() const { return file("svc/wardd.address"); }

  [[nodiscard]] std::string manifest() const { return file("greeting.toml"); }  // written last
};

// Step is a failure that was said already, as an exit code.
using Step = Result<void, int>;

std::string program() { return sibling("ward"); }

// run runs one of our programs, which says itself what is wrong.
Result<std::string, int> run(std::vector<std::string> words) {
  const std::string name = words.front();
  auto ran = run_child(std::move(words));
  if (!ran) return fail(kCouldNotTell, name + ": " + error_text(ran.error()));
  if (ran->exit != 0) return ran->exit;
  return std::move(ran->out);
}

Step write(const std::string& path, std::string_view text) {
  const auto written = server::replace_file(path, as_bytes(text));
  if (!written) return fail(kCouldNotTell, path + ": " + error_text(written.error()));
  return {};
}

Result<std::string, int> read(const std::string& path) {
  const auto text = server::read_file(path, kMaxFile);
  if (!text) return own_file_failure(path, text.error());
  return std::string(as_text(*text));
}

// The configuration of a service that trusts the development platform beside it.
Step trust_device(const Place& place) {
  WARD_TRY(std::string config, read(place.config()));
  WARD_TRY(const std::string pem, read(place.file("dev/root.pem")));
  const auto roots = pki::parse_certificates(pem);
  if (!roots) return fail(kRefused, place.file("dev/root.pem") + ": no certificates");
  const std::string_view line = "# collateral = \"collateral\"";
  const auto at = config.find(line);
  if (at == std::string::npos) return fail(kRefused, place.config() + ": no line for collateral");
  config.replace(at, line.size(), "collateral = \"../dev/collateral\"");
  for (std::size_t i = 0; i < roots->size(); ++i) {
    config += "\n[[trust_root]]\nname = \"development " + std::to_string(i) +
              "\"\nspki_sha256 = \"" + to_hex((*roots)[i].spki_sha256) + "\"\ndevelopment = true\n";
  }
  return write(place.config(), config);
}

// make makes everything that needs no running service, in a folder beside that takes the name last.
Step make(const Options& o, const Place& place) {
  std::string pattern = place.dir.string() + ".new-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    return fail(kCouldNotTell, place.dir.string() + ": " + std::generic_category().message(errno));
  }
  const Place fresh{pattern};
  const auto fill = [&]() -> Step {
    WARD_CHECK_OK(run({program(), "dev", "init", fresh.device()}));
    WARD_TRY(const std::string made,
             run({sibling("wardd"), "init", fresh.file("svc"), "--name", "wardd", "--listen",
                  o.listen.empty() ? kListen : o.listen, "--token-algorithm", o.token_algorithm}));
    WARD_CHECK_OK(trust_device(fresh));
    WARD_CHECK_OK(write(fresh.file("server_key"), value_in(made, "server_key") + "\n"));
    WARD_CHECK_OK(write(fresh.file("ledger_key"), value_in(made, "ledger_key") + "\n"));
    WARD_CHECK_OK(write(fresh.file("greeting"), kGreeting));
    WARD_CHECK_OK(
        run({program(), "key", "new", "--kind", "resource", "-o", fresh.file("greeting.key")}));
    return {};
  };
  const Step filled = fill();
  std::error_code wrong;
  if (filled) fs::rename(fresh.dir, place.dir, wrong);
  if (filled && !wrong) return {};
  std::error_code ignored;
  fs::remove_all(fresh.dir, ignored);
  if (!filled) return filled.error();
  return fail(kCouldNotTell, place.dir.string() + ": " + wrong.message());
}

// Listen is where a configuration says `listen = "ADDRESS"`.
struct Listen {
  std::size_t at = std::string::npos;  // of the address
  std::string address;                 // empty: it does not say
};

Listen listen_in(const std::string& config) {
  constexpr std::string_view kStart = "listen = \"";
  const auto start = config.find(kStart);
  if (start == std::string::npos) return {};
  const auto at = start + kStart.size();
  return {at, config.substr(at, config.find('"', at) - at)};
}

// check_listen refuses an address for a folder that has another one: its manifests name it.
Step check_listen(const Options& o, const Place& place) {
  if (o.listen.empty() || o.listen.ends_with(":0")) return {};
  WARD_TRY(const std::string config, read(place.config()));
  const std::string address = listen_in(config).address;
  if (address == o.listen) return {};
  return fail(kUsage, o.dir + ": exists and listens at " + address + ", not at " + o.listen,
              "--listen is for a new folder: name one that does not exist yet");
}

// give_up leaves nothing of a folder that was made for a service that does not start.
int give_up(const Options& o, const Place& place, int code) {
  std::error_code kept;
  fs::remove_all(place.dir, kept);
  return fail(code,
              o.dir + ": the service does not start" +
                  (kept ? ", and the folder could not be removed: " + kept.message()
                        : ", so the folder was removed again"),
              "where the address is in use, --listen takes another one (port 0: any)");
}

// Where the system chose the port, the next start has the same: manifests name it.
Step keep_port(const Place& place, const std::string& address) {
  WARD_TRY(std::string config, read(place.config()));
  const Listen listen = listen_in(config);
  if (!listen.address.ends_with(":0")) return {};
  config.replace(listen.at, listen.address.size(), address);
  return write(place.config(), config);
}

std::vector<std::string> with_admin(const Place& place, const std::string& url,
                                    const std::string& server_key,
                                    const std::vector<std::string>& words) {
  std::vector<std::string> out{program()};
  for (const std::string& word : words) {
    out.push_back(word);
  }
  for (const std::string& word :
       {std::string("--server"), url, std::string("--server-key"), server_key,
        std::string("--admin"), place.file("svc/admin.key.pem")}) {
    out.push_back(word);
  }
  return out;
}

// Measured is what the sample's policies name.
struct Measured {
  std::string workload;
  std::vector<std::string> runtimes;  // one for each TEE
};

Result<Measured, int> measure(const std::string& manifest) {
  WARD_TRY(const std::string text, run({program(), "keep", "measure", "--json", manifest}));
  const auto json = codec::parse_json(as_bytes(text));
  const auto* workload = json ? json->find("workload") : nullptr;
  const auto* runtimes = json ? json->find("launch_measurement") : nullptr;
  if (workload == nullptr || runtimes == nullptr) {
    return fail(kCouldNotTell, manifest + ": its measurement cannot be read");
  }
  Measured out{std::string(workload->as_string().value_or("")), {}};
  for (const auto& [tee, value] : runtimes->members()) {
    out.runtimes.emplace_back(value.as_string().value_or(""));
  }
  return out;
}

void write_list(JsonWriter& w, const char* name, const std::vector<std::string>& texts) {
  w.name(name).begin_array();
  for (const std::string& text : texts) {
    w.string(text);
  }
  w.end_array();
}

Step write_policies(const Place& place, const Measured& measured) {
  JsonWriter evidence(JsonWriter::Style::kPretty);
  evidence.begin_object().member("schema", broker::kEvidenceSchema);
  evidence.member("name", "ward up").member("allow_development", true);
  write_list(evidence, "runtimes", measured.runtimes);
  JsonWriter results(JsonWriter::Style::kPretty);
  results.begin_object().member("schema", broker::kResultsSchema);
  results.name("releases").begin_array().begin_object();
  write_list(results, "resources", {kResource});
  write_list(results, "workloads", {measured.workload});
  write_list(results, "runtimes", measured.runtimes);
  write_list(results, "accepted_tcb", {"UpToDate", "NotStated"});
  results.member("allow_development", true).end_object().end_array();
  const auto one = evidence.end_object().take();
  const auto other = results.end_object().take();
  if (!one || !other) return fail(kCouldNotTell, "the sample's policies cannot be written");
  WARD_CHECK_OK(write(place.file("evidence.json"), *one + "\n"));
  return write(place.file("results.json"), *other + "\n");
}

// sample seals a greeting, and lets a keep that prints it have the key. The manifest comes last:
// where it is there, so is everything, and what was changed since is left alone.
Step sample(const Place& place, const std::string& url, const std::string& server_key) {
  const std::string resource = std::string(kRepository) + "/" + kResource;
  WARD_TRY(const std::string sealed,
           run({program(), "seal", place.file("greeting"), "--resource", resource, "--key",
                place.file("greeting.key"), "--force", "--json"}));
  const auto json = codec::parse_json(as_bytes(sealed));
  const auto* files = json ? json->find("files") : nullptr;
  const auto* id =
      files != nullptr && !files->items().empty() ? files->items()[0].find("id") : nullptr;
  if (id == nullptr || !id->as_string()) return fail(kCouldNotTell, "ward seal: no id");
  WARD_TRY(std::string manifest,
           run({program(), "keep", "new", "--name", "greeting", "--", "/bin/cat", "/in/greeting"}));
  manifest += "\n[broker]\nurl = \"" + url + "\"\nspki_sha256 = \"" + server_key +
              "\"\n\n[[input]]\nname = \"greeting\"\nresource = \"" + resource +
              "\"\nfile_id = \"" + std::string(*id->as_string()) + "\"\nsource = \"" +
              place.file("greeting.sealed") + "\"\n";
  const std::string draft = place.file("greeting.toml.new");
  WARD_CHECK_OK(write(draft, manifest));
  WARD_TRY(const Measured measured, measure(draft));
  WARD_CHECK_OK(write_policies(place, measured));
  const auto admin = [&](const std::vector<std::string>& words) {
    return run(with_admin(place, url, server_key, words));
  };
  WARD_CHECK_OK(admin({"secret", "put", resource, "--file", place.file("greeting.key")}));
  WARD_CHECK_OK(admin({"policy", "set", place.file("evidence.json"), "--for", "evidence"}));
  WARD_CHECK_OK(admin({"policy", "set", place.file("results.json"), "--for", "results",
                       "--repository", kRepository}));
  std::error_code wrong;
  fs::rename(draft, place.manifest(), wrong);
  if (wrong) return fail(kCouldNotTell, place.manifest() + ": " + wrong.message());
  return {};
}

Result<std::string, int> first_line(const std::string& path) {
  WARD_TRY(std::string text, read(path));
  return text.substr(0, text.find('\n'));
}

int say(const Options& o, const Place& place, const std::string& url,
        const std::string& server_key) {
  const std::string next = "ward keep run --device " + place.device() + " " + place.manifest();
  const std::string admin = place.file("svc/admin.key.pem");
  if (!o.json) {
    (void)std::fprintf(
        stderr,
        "ward: a DEVELOPMENT trust service: it protects nothing from this machine's "
        "administrator\n"
        "ward: server key %s\nward: administrator's key %s\n"
        "ward: a keep that may read the sample: %s\nward: Control-C ends it; the next `ward up` "
        "goes on with the same folder\n",
        server_key.c_str(), admin.c_str(), next.c_str());
    return print(url + "\n");
  }
  const auto ledger_key = first_line(place.file("ledger_key"));
  if (!ledger_key) return ledger_key.error();
  JsonWriter w;
  w.begin_object().member("schema", "ward.up/1").member("url", url);
  w.member("server_key", server_key).member("ledger_key", *ledger_key);
  w.member("admin_key", admin).member("config", place.config());
  w.member("device", place.device()).member("manifest", place.manifest());
  w.member("development", true).member("next", next);
  const auto text = w.end_object().take();
  return text ? print(*text + "\n") : fail(kCouldNotTell, "this cannot be written as JSON");
}

int up(const Options& o) {
  std::error_code wrong;
  const Place place{fs::weakly_canonical(fs::absolute(o.dir), wrong)};
  if (place.dir.empty()) return fail(kUsage, o.dir + ": no folder's name");
  if (place.dir.string().find_first_of("\"\\\n") != std::string::npos) {
    return fail(kUsage, o.dir +
                            ": a path with a quotation mark, backslash or line end cannot "
                            "stand in a manifest");
  }
  const bool there = fs::exists(place.dir, wrong);
  if (there && !fs::exists(place.config(), wrong)) {
    return fail(kUsage, o.dir + ": exists and was not made by `ward up`; nothing was changed",
                "name a folder that does not exist yet");
  }
  WarddChild::hold_signals();
  if (there) {
    if (const Step same = check_listen(o, place); !same) return same.error();
  } else {
    const Step made = make(o, place);
    if (!made) return made.error();
  }
  const auto server_key = first_line(place.file("server_key"));
  if (!server_key) return server_key.error();
  auto service = WarddChild::start(place.config(), place.address());
  if (!service) return there ? service.error() : give_up(o, place, service.error());
  const std::string url = "https://" + service->address();
  const Step kept = keep_port(place, service->address());
  if (!kept) return kept.error();
  if (!fs::exists(place.manifest(), wrong)) {
    const Step done = sample(place, url, *server_key);
    if (!done) return done.error();
  }
  const int said = say(o, place, url, *server_key);
  (void)std::fflush(stdout);  // whoever waits for the line has it before the service ends
  return said == kAccepted ? service->serve() : said;
}

}  // namespace

void add_up(args::Command& app, Action& action) {
  const auto o = std::make_shared<Options>();
  args::Command* c = app.add_subcommand(
      "up",
      "a development trust service in one command: platform, wardd, policies, a sample; prints its "
      "URL");
  c->add_option("DIR", o->dir, "its folder, made where it does not exist (ward-up)");
  c->add_option("--listen", o->listen,
                "address:port of a new one (127.0.0.1:8443); port 0: the system chooses once");
  const auto& known = server::kTokenAlgorithms;
  c->add_option("--token-algorithm", o->token_algorithm, "how results of a new one are signed")
      ->one_of({known.begin(), known.end()});
  c->add_flag("--json", o->json, "print one JSON object (ward.up/1)");
  c->callback([o, &action] { action = [o] { return up(*o); }; });
}

}  // namespace ward::cli
