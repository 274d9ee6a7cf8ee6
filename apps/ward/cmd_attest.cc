#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "apps/ward/commands.h"
#include "apps/ward/keep_cli.h"
#include "apps/ward/keep_service.h"
#include "apps/ward/output_file.h"
#include "apps/ward/soft_tee.h"
#include "args/args.h"
#include "base/reader.h"
#include "codec/json_write.h"
#include "keep/device.h"
#include "keep/failure.h"
#include "keep/output_channel.h"
#include "keep/runtime.h"

// ward attest: evidence over report data of the caller's, from a keep that does nothing else.
namespace ward::cli {
namespace {

struct Options {
  std::string tee = "auto";
  std::string report_data;
  std::string out;
  std::string event_log;
  std::string softd;
  std::string device;
  std::string agent;
  bool force = false;
  bool json = false;
};

constexpr const char* kStdout = "-";

// manifest_for is the keep that asks its device for evidence and hands it to stdout. The report
// data is part of it, and so of the workload's digest.
keep::Manifest manifest_for(Bytes report_data) {
  keep::Manifest out;
  out.name = "ward-attest";
  out.argv = {keep::kAgentPath, "device", "evidence", "--framed", to_hex(report_data)};
  out.limits = {.seconds = 60,
                .memory_bytes = std::uint64_t{256} << 20U,
                .processes = 16,
                .disk_bytes = std::uint64_t{1} << 20U,
                .open_files = 64};
  return out;
}

// Nothing is handed out but the report.
class NoOutputs final : public keep::OutputSink {
 public:
  Result<void> begin(const std::string& /*name*/) override { return {}; }

  Result<void> data(Bytes /*octets*/) override { return {}; }

  Result<void> end() override { return {}; }
};

// Attested is what came of it.
struct Attested {
  keep::LaunchStarted started;
  keep::RawEvidence made;
};

Result<Buffer, keep::Failure> read_all(int fd, std::size_t most) {
  Buffer out;
  std::array<std::uint8_t, 65536> block{};
  while (true) {
    const ssize_t n = ::read(fd, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return keep::system_failure("what the keep says", errno);
    if (n == 0) return out;
    out.insert(out.end(), block.begin(), block.begin() + n);
    if (out.size() > most)
      return keep::Failure{.code = Errc::kLimit, .what = "the keep says more than evidence"};
  }
}

Result<keep::RawEvidence, keep::Failure> unframed(Bytes framed) {
  Reader r(framed);
  std::uint32_t size = 0;
  Bytes evidence;
  if (!r.u32le(size) || !r.bytes(size, evidence) || size == 0)
    return keep::Failure{.code = Errc::kMalformed, .what = "the keep's evidence is cut"};
  return keep::RawEvidence{.evidence = to_buffer(evidence),
                           .event_log = to_buffer(framed.subspan(r.offset()))};
}

// reason takes the client's one line out of its own frame.
std::string reason(std::string text) {
  constexpr std::string_view kFrame = "ward-keep: error: ";
  if (text.starts_with(kFrame)) text.erase(0, kFrame.size());
  return text.substr(0, text.find('\n'));
}

class Attest {
 public:
  explicit Attest(const Options& options) : options_(options) {}

  Result<Attested, keep::Failure> run(const soft::Face& face, Bytes report_data) {
    const keep::Manifest manifest = manifest_for(report_data);
    const std::string document = keep::to_toml(manifest);
    WARD_TRY(const KeepService service,
             KeepService::of(options_.device, options_.agent, options_.softd));
    WARD_CHECK_OK(demand(service.fd(), as_bytes(document), face));
    Attested out;
    WARD_TRY(out.started, service.await_start());
    WARD_TRY(const Buffer said, read_all(words_.get(), 4 + keep::kMaxEvidenceBytes));
    WARD_TRY(const Buffer errors, read_all(errors_.get(), std::size_t{1} << 16U));
    NoOutputs none;
    const auto report = keep::read_outputs(output_.get(), manifest, std::size_t{1} << 20U, none);
    if (!report) return service.await_end();
    if (report->ending == keep::Ending::kWorkloadFailed) {
      return keep::Failure{.code = report->status == kRefused ? Errc::kDenied : Errc::kUnavailable,
                           .what = reason(std::string(as_text(errors)))};
    }
    if (report->ending != keep::Ending::kDone) {
      return keep::Failure{
          .code = Errc::kUnavailable,
          .what = "the keep: " + std::string(keep::to_text(report->ending)) + " " + report->detail};
    }
    WARD_TRY(out.made, unframed(said));
    return out;
  }

 private:
  Result<void, keep::Failure> demand(int service, Bytes document, const soft::Face& face) {
    keep::LaunchFds fds;
    keep::UniqueFd relay;  // nobody is asked but the device
    WARD_TRY(fds.root, open_root("/"));
    WARD_CHECK_OK(stream_pair(relay, fds.relay));
    WARD_CHECK_OK(stream_pair(output_, fds.output));
    WARD_CHECK_OK(pipe(words_, fds.standard_output));
    WARD_CHECK_OK(pipe(errors_, fds.standard_error));
    // A softd that refuses who asks does not read the demand: what it says is read all the same.
    (void)keep::send_demand(service, fds, document, {.face = face.name});
    return {};
  }

  static Result<void, keep::Failure> pipe(keep::UniqueFd& here, keep::UniqueFd& there) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return keep::system_failure("pipe", errno);
    here.reset(ends[0]);
    there.reset(ends[1]);
    return {};
  }

  const Options& options_;
  keep::UniqueFd output_;
  keep::UniqueFd words_;
  keep::UniqueFd errors_;
};

// next_step is the command that accepts what was made.
std::string next_step(const Options& options, Bytes report_data) {
  const std::string folder = options.device.empty() ? "DIR" : options.device;
  std::string out = "ward verify " + (options.out == kStdout ? "FILE" : options.out) +
                    " --collateral " + folder + "/collateral";
  if (!options.event_log.empty()) out += " --collateral " + options.event_log;
  return out + " --trust-root " + folder + "/root.pem --allow-development --report-data " +
         to_hex(report_data);
}

int show(const Options& options, const Attested& attested, Bytes report_data) {
  const std::string next = next_step(options, report_data);
  if (!options.json) {
    std::fprintf(stderr, "ward: %s\n", for_terminal(attested.started.platform).c_str());
    // A softd of this run's own has said it.
    if (options.device.empty())
      std::fprintf(stderr, "ward: %s\n", for_terminal(attested.started.mark).c_str());
    std::fprintf(stderr, "ward: next: %s\n", next.c_str());
    return kAccepted;
  }
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.attest/1").member("tee", options.tee);
  w.member("platform", attested.started.platform);
  w.member("development", attested.started.development);
  w.member("launch_measurement", attested.started.launch_measurement);
  w.member("workload", attested.started.workload);
  w.member("report_data", to_hex(report_data));
  w.member("evidence", options.out);
  w.member("evidence_bytes", std::uint64_t{attested.made.evidence.size()});
  w.name("event_log");
  if (options.event_log.empty()) {
    w.null();
  } else {
    w.string(options.event_log);
  }
  w.member("next", next);
  const auto text = w.end_object().take();
  if (!text) return fail(kCouldNotTell, error_text(text.error()));
  return print(*text + '\n');
}

// write puts both files there, or none.
Result<void, keep::Failure> write(const Options& options, const keep::RawEvidence& made) {
  std::vector<OutputFile> files;
  const auto add = [&](const std::string& path, Bytes octets) -> Result<void, keep::Failure> {
    auto file = OutputFile::create(path, OutputFile::Readers::kUmask);
    if (!file) return keep::library_failure(path, file.error());
    if (const auto done = file->write(octets); !done)
      return keep::library_failure(path, done.error());
    files.push_back(*std::move(file));
    return {};
  };
  if (options.out != kStdout) WARD_CHECK_OK(add(options.out, made.evidence));
  if (!options.event_log.empty()) WARD_CHECK_OK(add(options.event_log, made.event_log));
  std::vector<OutputFile*> all;
  for (OutputFile& file : files)
    all.push_back(&file);
  if (const auto done = commit_together(all, options.force); !done)
    return keep::library_failure(done.error().path, done.error().error);
  return {};
}

// exists_already is a usage error before anything starts.
int exists_already(const Options& options) {
  for (const std::string& path : {options.out, options.event_log}) {
    if (path.empty() || path == kStdout || options.force || ::access(path.c_str(), F_OK) != 0)
      continue;
    return fail(kUsage, path + ": exists already", "--force replaces it");
  }
  return kAccepted;
}

int run(const Options& options) {
  const auto face = soft_face(options.tee);
  if (!face) return fail_with(face.error());
  const auto report_data =
      hex_value("--report-data", options.report_data, keep::kReportDataSize, "the report data");
  if (!report_data) return fail(kUsage, report_data.error().what, report_data.error().hint);
  if (!options.softd.empty() && !options.device.empty())
    return fail(kUsage, "--softd and --device are alternatives");
  if (options.json && options.out == kStdout)
    return fail(kUsage, "--json needs stdout for itself", "name a file with -o");
  if (!options.event_log.empty() && std::string_view((*face)->tee) != "tdx")
    return fail(kUsage, options.tee + " has no event log", "leave --event-log out");
  if (options.event_log == kStdout ||
      (!options.event_log.empty() && options.event_log == options.out))
    return fail(kUsage, "--event-log needs a file of its own",
                "stdout and -o are for the evidence");
  if (const int code = exists_already(options); code != kAccepted) return code;
  const auto attested = Attest(options).run(**face, *report_data);
  if (!attested) {
    const int code = fail_with(attested.error());
    if (options.softd.empty() && options.device.empty() && code == kCouldNotTell)
      std::fputs("ward: hint: start softd, name its socket with --softd, or give --device DIR\n",
                 stderr);
    return code;
  }
  if (const auto done = write(options, attested->made); !done) return fail_with(done.error());
  if (options.out == kStdout) {
    if (const int code = print(as_text(attested->made.evidence)); code != kAccepted) return code;
  }
  return show(options, *attested, *report_data);
}

}  // namespace

void add_attest(args::Command& app, Action& action) {
  const auto options = std::make_shared<Options>();
  args::Command* made = app.add_subcommand(
      "attest", "evidence over report data of yours, from a keep that does nothing else");
  made->add_option("--tee", options->tee, "auto, sgx, tdx, snp, tpm, " + soft_faces());
  made->add_option("--report-data", options->report_data,
                   "64 octets in hex: a nonce, a key's digest")
      ->required();
  made->add_option("-o,--output", options->out, "where the evidence goes; - is stdout")->required();
  made->add_option("--event-log", options->event_log, "where the event log goes (TDX)");
  made->add_option("--softd", options->softd, "socket of the running softd");
  made->add_option("--device", options->device,
                   "development platform (ward dev init): start a softd for this alone");
  made->add_option("--agent", options->agent, "the ward-keep program, with --device");
  made->add_flag("--force", options->force, "replace files that exist");
  made->add_flag("--json", options->json, "say what was made as JSON");
  made->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace ward::cli
