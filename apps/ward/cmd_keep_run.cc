#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "apps/ward/broker_door.h"
#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/keep_cli.h"
#include "apps/ward/keep_service.h"
#include "apps/ward/output_file.h"
#include "apps/ward/soft_tee.h"
#include "args/args.h"
#include "base/file_error.h"
#include "codec/json_write.h"
#include "keep/failure.h"
#include "keep/infer.h"
#include "keep/launch_channel.h"
#include "keep/output_channel.h"
#include "tee/sgx/sigstruct.h"
#include "tee/snp/id_block.h"

// ward keep run: has a keep started, carries its octets to the broker without looking at them, and
// takes its sealed outputs.
namespace ward::cli {
namespace {

// What sealing adds to an output: a header, and 16 octets in each segment of 1 MiB.
constexpr std::uint64_t kSealingSlack = std::uint64_t{1} << 20U;

struct Options {
  std::vector<std::string> words;
  std::string root = "/";
  std::string softd;
  std::string device;
  std::string out = ".";
  std::string agent;
  std::string tee = "soft-sgx";
  std::string signature;
  bool debug = false;
  bool force = false;
  bool json = false;
  bool quiet = false;
};

double now_seconds() {
  timespec at{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

// say prints one line, which may quote softd or the keep.
void say(const Options& options, const std::string& line) {
  if (!options.quiet) (void)std::fprintf(stderr, "ward: %s\n", for_terminal(line).c_str());
}

// is_manifest tells a manifest from a command: one word, the name of a file that is not executable,
// or of none and ending in .toml.
bool is_manifest(const std::vector<std::string>& words) {
  if (words.size() != 1) return false;
  const std::string& name = words.front();
  return name.ends_with(".toml") ||
         (::access(name.c_str(), R_OK) == 0 && ::access(name.c_str(), X_OK) != 0);
}

Result<LoadedManifest, keep::Failure> manifest_of(const Options& options) {
  if (is_manifest(options.words)) return load_manifest(options.words.front());
  WARD_TRY(keep::Manifest manifest, keep::infer_manifest({.name = "command",
                                                          .argv = options.words,
                                                          .search_path = search_path(),
                                                          .trees = {},
                                                          .more_files = {}}));
  const std::string document = keep::to_toml(manifest);
  say(options, "no manifest given; this one was inferred:");
  if (!options.quiet) (void)std::fprintf(stderr, "%s\n", document.c_str());
  return LoadedManifest{.document = Buffer(document.begin(), document.end()),
                        .manifest = std::move(manifest)};
}

// Outputs writes sealed outputs to files that get their names only when the whole run is done.
class Outputs final : public keep::OutputSink {
 public:
  explicit Outputs(const Options& options) : options_(options) {}

  [[nodiscard]] std::string path_of(const std::string& name) const {
    return (std::filesystem::path(options_.out) / (name + ".sealed")).string();
  }

  // prepare makes sure, before a keep starts, that every output can be written.
  Result<void, keep::Failure> prepare(const keep::Manifest& manifest) {
    for (const keep::OutputEntry& output : manifest.outputs) {
      const std::string path = path_of(output.name);
      if (!options_.force && ::access(path.c_str(), F_OK) == 0) {
        return keep::Failure{.code = Errc::kDenied, .what = path + ": exists already"};
      }
      auto file = OutputFile::create(path, OutputFile::Readers::kUmask);
      if (!file) return keep::library_failure(path, file.error());
      files_.emplace(output.name, *std::move(file));
    }
    return {};
  }

  Result<void> begin(const std::string& name) override {
    current_ = &files_.at(name);  // read_outputs lets only names of the manifest through
    return {};
  }

  Result<void> data(Bytes octets) override { return current_->write(octets); }

  Result<void> end() override { return {}; }

  Result<void, keep::Failure> commit() {
    std::vector<OutputFile*> files;
    for (auto& [name, file] : files_) {
      files.push_back(&file);
    }
    if (const auto done = commit_together(files, options_.force); !done) {
      return keep::library_failure(done.error().path, done.error().error);
    }
    return {};
  }

 private:
  const Options& options_;
  std::map<std::string, OutputFile> files_;
  OutputFile* current_ = nullptr;
};

struct Ended {
  keep::LaunchStarted started;
  keep::RunReport report;
  double start_s = 0;  // to the keep's first instruction
  double total_s = 0;
};

class Run {
 public:
  Run(const Options& options, const LoadedManifest& loaded, const keep::LaunchOptions& launch,
      Outputs& outputs)
      : options_(options), loaded_(loaded), launch_(launch), outputs_(outputs) {}

  Result<Ended, keep::Failure> run() {
    const double begin = now_seconds();
    Ended out;
    WARD_TRY(const KeepService service,
             KeepService::of(options_.device, options_.agent, options_.softd));
    WARD_CHECK_OK(demand(service.fd()));
    WARD_TRY(out.started, service.await_start());
    out.start_s = now_seconds() - begin;
    announce(out.started);
    open_door();
    auto report =
        keep::read_outputs(output_.get(), loaded_.manifest, most_output_octets(), outputs_);
    std::string outside;  // why the broker was not reached
    if (door_) {
      if (const auto failure = door_->failure()) outside = failure->what();
    }
    door_.reset();
    if (!report) return ended_early(service, report.error());
    out.report = *std::move(report);
    if (!outside.empty() && out.report.ending == keep::Ending::kBrokerUnreachable) {
      out.report.detail = outside;
    }
    if (!outside.empty() && out.report.ending == keep::Ending::kLeaseExpired) {
      out.report.detail += "; outside: " + outside;
    }
    if (out.report.ending == keep::Ending::kDone) WARD_CHECK_OK(outputs_.commit());
    out.total_s = now_seconds() - begin;
    return out;
  }

 private:
  // demand asks for the keep and hands over the inner ends of its streams.
  Result<void, keep::Failure> demand(int service) {
    keep::LaunchFds fds;
    WARD_TRY(fds.root, open_root(options_.root));
    WARD_CHECK_OK(stream_pair(relay_, fds.relay));
    WARD_CHECK_OK(stream_pair(output_, fds.output));
    fds.standard_output.reset(
        ::fcntl(options_.json ? STDERR_FILENO : STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    fds.standard_error.reset(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!fds.standard_output.valid() || !fds.standard_error.valid()) {
      return keep::Failure{.code = Errc::kUnavailable, .what = "standard output is closed"};
    }
    // A softd that refuses who asks does not read the demand: what it says is read all the same.
    (void)keep::send_demand(service, fds, loaded_.document, launch_);
    return {};
  }

  void announce(const keep::LaunchStarted& started) const {
    say(options_, "keep " + loaded_.manifest.name + ", workload " + started.workload);
    say(options_, "platform: " + started.platform);
    // A softd of this run's own has said it.
    if (options_.device.empty() && !started.mark.empty()) say(options_, started.mark);
    if (launch_.debug) say(options_, "debug: its evidence says so, and nothing should be released");
    std::string bounds;
    for (const keep::Enforcement& one : started.enforcement) {
      bounds += (bounds.empty() ? "" : "; ") + one.limit + ": " + one.mechanism;
    }
    say(options_, "bounds: " + bounds);
  }

  [[nodiscard]] std::uint64_t most_output_octets() const {
    const std::uint64_t disk = loaded_.manifest.limits.disk_bytes;
    return disk + disk / 1024 + kSealingSlack * (1 + loaded_.manifest.outputs.size());
  }

  // open_door: parse_manifest has looked at the URL.
  void open_door() {
    if (!loaded_.manifest.broker) return;
    if (auto url = net::parse_https_url(loaded_.manifest.broker->url)) {
      door_.emplace(relay_.get(), *std::move(url));
    }
  }

  // ended_early: the stream of outputs broke off; softd knows how the keep ended.
  static keep::Failure ended_early(const KeepService& service, const Error& error) {
    if (error.code() != Errc::kTruncated) {
      return keep::library_failure("what the keep hands out", error);
    }
    return service.await_end();
  }

  const Options& options_;
  const LoadedManifest& loaded_;
  const keep::LaunchOptions& launch_;
  Outputs& outputs_;
  keep::UniqueFd relay_;
  keep::UniqueFd output_;
  std::optional<BrokerDoor> door_;
};

int exit_code(keep::Ending ending) {
  switch (ending) {
    case keep::Ending::kDone:
      return kAccepted;
    case keep::Ending::kWorkloadFailed:
    case keep::Ending::kWorkloadKilled:
    case keep::Ending::kTimeLimit:
    case keep::Ending::kWorkloadNotStarted:
    case keep::Ending::kBrokerRefused:
    case keep::Ending::kBrokerUntrusted:
    case keep::Ending::kLeaseRefused:
    case keep::Ending::kInputRefused:
    case keep::Ending::kOutputMissing:
      return kRefused;
    case keep::Ending::kLeaseExpired:
    case keep::Ending::kBrokerUnreachable:
    case keep::Ending::kIsolationIncomplete:
    case keep::Ending::kInternal:
      return kCouldNotTell;
  }
  return kCouldNotTell;
}

// in_words is the report as a sentence for people.
std::string in_words(const keep::RunReport& report, const keep::Limits& limits) {
  const std::string about = report.subject.empty() ? "" : report.subject + ": ";
  switch (report.ending) {
    case keep::Ending::kDone:
      return "done";
    case keep::Ending::kWorkloadFailed:
      return "the workload returned " + std::to_string(report.status);
    case keep::Ending::kWorkloadKilled:
      return "the workload was ended by signal " + std::to_string(report.status) +
             (report.status == 9 ? " (a limit on memory, or itself)" : "");
    case keep::Ending::kTimeLimit:
      return "the workload ran into its limit of " + std::to_string(limits.seconds) + " s";
    case keep::Ending::kWorkloadNotStarted:
      return "the workload's program cannot be executed: " +
             std::generic_category().message(static_cast<int>(report.status));
    case keep::Ending::kBrokerRefused:
      return "the broker refused " + about + report.detail;
    case keep::Ending::kBrokerUnreachable:
      // It may have answered that it does not have what was asked for.
      return (report.detail.starts_with("kbs.") ? "the broker does not give the key: "
                                                : "the broker cannot be reached: ") +
             about + report.detail;
    case keep::Ending::kBrokerUntrusted:
      return "who answers is not the manifest's broker: " + about + report.detail;
    case keep::Ending::kLeaseRefused:
      return "the key may not be used any more: " + about + report.detail;
    case keep::Ending::kLeaseExpired:
      return "the key's lease ended before it was renewed: " + about + report.detail;
    case keep::Ending::kInputRefused:
      return "input " + about + report.detail;
    case keep::Ending::kOutputMissing:
      return "output " + about + report.detail;
    case keep::Ending::kIsolationIncomplete:
      return "the keep is not isolated: " + report.detail;
    case keep::Ending::kInternal:
      return "inside the keep: " + about + report.detail;
  }
  return "unknown ending";
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%.3f", seconds);
  return text.data();
}

int print_json(const Ended& ended, const Options& options, const keep::Manifest& manifest,
               const Outputs& outputs) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.keep-run/1").member("name", manifest.name);
  w.member("workload", ended.started.workload);
  w.member("launch_measurement", ended.started.launch_measurement);
  w.member("platform", ended.started.platform).member("development", ended.started.development);
  w.member("debug", options.debug);
  w.name("enforcement").begin_object();
  for (const keep::Enforcement& one : ended.started.enforcement) {
    w.member(one.limit, one.mechanism);
  }
  w.end_object();
  w.member("ending", keep::to_text(ended.report.ending)).member("status", ended.report.status);
  w.member("subject", ended.report.subject).member("detail", ended.report.detail);
  w.member("left_behind", ended.report.left_behind).member("renewals", ended.report.renewals);
  w.name("outputs").begin_object();
  if (ended.report.ending == keep::Ending::kDone) {
    for (const keep::OutputEntry& output : manifest.outputs) {
      w.member(output.name, outputs.path_of(output.name));
    }
  }
  w.end_object();
  w.name("milliseconds").begin_object();
  w.member("start", static_cast<std::uint64_t>(ended.start_s * 1000));
  w.member("workload", ended.report.milliseconds);
  w.member("total", static_cast<std::uint64_t>(ended.total_s * 1000)).end_object();
  const auto text = w.end_object().take();
  if (!text) return fail(kCouldNotTell, error_text(text.error()));
  return print(*text + '\n');
}

int show(const Ended& ended, const Options& options, const keep::Manifest& manifest,
         const Outputs& outputs) {
  if (options.json) {
    if (const int code = print_json(ended, options, manifest, outputs); code != kAccepted) {
      return code;
    }
  }
  if (ended.report.left_behind > 0) {
    say(options, std::to_string(ended.report.left_behind) + " processes left behind were ended");
  }
  if (ended.report.ending != keep::Ending::kDone) {
    return fail(exit_code(ended.report.ending), in_words(ended.report, manifest.limits));
  }
  say(options, "done in " + seconds_text(ended.total_s) + " s (start " +
                   seconds_text(ended.start_s) + " s, workload " +
                   seconds_text(ended.report.milliseconds / 1000.0) + " s)");
  for (const keep::OutputEntry& output : manifest.outputs) {
    say(options, "sealed output: " + outputs.path_of(output.name));
  }
  return kAccepted;
}

Result<keep::LaunchOptions, keep::Failure> launch_options(const Options& options,
                                                          const soft::Face& face) {
  keep::LaunchOptions out{.face = face.name, .debug = options.debug, .signature = {}};
  if (options.signature.empty()) return out;
  auto octets = read_file(options.signature, keep::kMaxSignatureBytes);
  if (!octets) return keep::library_failure(options.signature, octets.error());
  out.signature = *std::move(octets);
  return out;
}

// other_kind says of a launch signature that it is the other processor's; "" where it is not.
std::string other_kind(const soft::Face& face, std::size_t size) {
  const std::string_view tee = face.tee;
  if (tee == "sgx" && size == snp::kIdBlockSize + snp::kIdAuthSize) {
    return "this is an ID block; SGX takes a SIGSTRUCT";
  }
  if (tee == "snp" && size == sgx::kSigstructSize) {
    return "this is a SIGSTRUCT; SEV-SNP takes an ID block with its authentication";
  }
  return "";
}

int run(const Options& options) {
  if (!options.softd.empty() && !options.device.empty()) {
    return fail(kUsage, "--softd and --device are alternatives");
  }
  const std::string secret = options.device + "/device/device_root";
  if (!options.device.empty() && ::access(secret.c_str(), R_OK) != 0) {
    const bool forbidden = errno == EACCES;
    return fail(kCouldNotTell, secret + ": " + error_text(file_error(errno)),
                forbidden ? "the user who made the platform may read it"
                          : "`ward dev init DIR` makes a development platform for --device DIR");
  }
  const auto face = soft_face(options.tee);
  if (!face) return fail_with(face.error());
  const auto launch = launch_options(options, **face);
  if (!launch) return fail_with(launch.error());
  if (const std::string other = other_kind(**face, launch->signature.size()); !other.empty()) {
    return fail(kRefused, options.signature + ": " + other,
                "`ward dev sign --tee soft-" + std::string((*face)->tee) + "` makes one");
  }
  const auto loaded = manifest_of(options);
  if (!loaded) {
    if (is_manifest(options.words)) return manifest_failure(loaded.error());
    return fail_with(loaded.error());
  }
  Outputs outputs(options);
  if (const auto ready = outputs.prepare(loaded->manifest); !ready) {
    if (ready.error().code == Errc::kDenied) {
      return fail(kUsage, ready.error().what, "--force replaces it");
    }
    return fail_with(ready.error());
  }
  (void)std::fflush(stdout);
  const auto ended = Run(options, *loaded, *launch, outputs).run();
  if (!ended) {
    const bool absent = ended.error().code == Errc::kUnavailable;
    return fail_with(ended.error(), absent ? service_hint(options.device, options.softd) : "");
  }
  return show(*ended, options, loaded->manifest, outputs);
}

}  // namespace

void add_keep_run(args::Command& keep, Action& action) {
  const auto options = std::make_shared<Options>();
  args::Command* made = keep.add_subcommand(
      "run",
      "run a workload in an attested keep: ward keep run [OPTIONS] MANIFEST, or\n"
      "ward keep run [OPTIONS] -- COMMAND ARGUMENTS... (a manifest is inferred and printed)");
  made->add_option("MANIFEST", options->words, "the manifest (TOML), or the command")->required();
  made->add_option("--root", options->root, "folder below which sources are looked up (/)");
  made->add_option("--softd", options->softd, "socket of the running softd");
  made->add_option("--device", options->device,
                   "development platform (ward dev init): start a softd for this run");
  made->add_option("--tee", options->tee,
                   "whose evidence the keep gives (soft-sgx): " + soft_faces());
  made->add_flag("--debug", options->debug, "a debug keep: its evidence says that it can be read");
  made->add_option(
      "--launch-signature", options->signature,
      "who signed ward-keep (ward dev sign): SIGSTRUCT, or ID block with its authentication");
  made->add_option("--out", options->out, "folder for the sealed outputs, NAME.sealed (.)");
  made->add_option("--agent", options->agent, "the ward-keep program, with --device");
  made->add_flag("--force", options->force, "replace outputs that exist");
  made->add_flag("--quiet", options->quiet, "say nothing but errors");
  made->add_flag("--json", options->json,
                 "print how it ended as JSON; the workload's own output goes to stderr");
  made->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace ward::cli
