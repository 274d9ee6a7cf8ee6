#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/ward/attest_tpm.h"
#include "apps/ward/commands.h"
#include "apps/ward/evidence_input.h"
#include "apps/ward/input.h"
#include "apps/ward/keep_cli.h"
#include "apps/ward/keep_service.h"
#include "apps/ward/output_file.h"
#include "apps/ward/ra_tls_file.h"
#include "apps/ward/soft_tee.h"
#include "args/args.h"
#include "base/reader.h"
#include "base/shell_word.h"
#include "codec/json_write.h"
#include "keep/device.h"
#include "keep/failure.h"
#include "keep/output_channel.h"
#include "keep/runtime.h"
#include "tee/all.h"
#include "verifier/verifier.h"

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
  std::string pcrs = "sha256:0,1,2,3,4,5,6,7,8,9";
  std::string ak = "ecc";
  std::string tcti;
  std::string certificate;
  std::string certificate_key;
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
    if (out.size() > most) {
      return keep::Failure{.code = Errc::kLimit, .what = "the keep says more than evidence"};
    }
  }
}

Result<keep::RawEvidence, keep::Failure> unframed(Bytes framed) {
  Reader r(framed);
  std::uint32_t size = 0;
  Bytes evidence;
  if (!r.u32le(size) || !r.bytes(size, evidence) || size == 0) {
    return keep::Failure{.code = Errc::kMalformed, .what = "the keep's evidence is cut"};
  }
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

// out_of_time names a document of the platform's that is not valid now, and its end or beginning.
// nullopt: there is none, or its folder is not known here.
std::optional<std::string> out_of_time(const Options& options, Bytes evidence) {
  if (options.device.empty()) return std::nullopt;
  const auto collateral = read_collateral(options.device + "/collateral");
  if (!collateral) return std::nullopt;
  const std::string root_file = options.device + "/root.pem";
  if (::access(root_file.c_str(), R_OK) != 0) return std::nullopt;
  auto roots = named_roots({.trust_root = root_file, .hardware_roots = {}});
  if (!roots) return std::nullopt;
  const verifier::Verifier verifier(tee::all_schemes(), *std::move(roots), {});
  const UnixTime now = system_now();
  attest::Work work;
  const auto appraised = verifier.appraise(
      {.evidence = evidence, .collateral = *collateral, .now = now, .expected = {}, .work = &work});
  if (!appraised) return std::nullopt;
  for (const attest::Material& material : work.materials) {
    if (material.until && material.until->seconds < now.seconds) {
      return material.name + ": valid until " + format_rfc3339(*material.until);
    }
    if (material.from && now.seconds < material.from->seconds) {
      return material.name + ": valid from " + format_rfc3339(*material.from);
    }
  }
  return std::nullopt;
}

// next_step is the command that accepts what was made.
std::string next_step(const Options& options, const Attested& attested, Bytes report_data) {
  const std::string folder = options.device.empty() ? "DIR" : options.device;
  std::string out = "ward verify " + (options.out == kStdout ? "FILE" : shell_path(options.out)) +
                    " --collateral " + shell_path(folder + "/collateral");
  if (!options.event_log.empty()) out += " --collateral " + shell_path(options.event_log);
  return out + " --trust-root " + shell_path(folder + "/root.pem") +
         " --allow-development --report-data " + to_hex(report_data) + " --measurement " +
         shell_word(attested.started.launch_measurement);
}

// json is what was made, for programs.
Result<std::string> json(const Options& options, const Attested& attested, Bytes report_data) {
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
  w.member("next", out_of_time(options, attested.made.evidence)
                       ? std::nullopt
                       : std::optional(next_step(options, attested, report_data)));
  WARD_TRY(const std::string text, w.end_object().take());
  return text + '\n';
}

// say is what goes to stdout: the evidence, or what was made as JSON.
int say(const Options& options, const Attested& attested, Bytes report_data) {
  std::string text;
  if (options.out == kStdout) text = as_text(attested.made.evidence);
  if (options.json) {
    auto told = json(options, attested, report_data);
    if (!told) return fail(kCouldNotTell, error_text(told.error()));
    text = *std::move(told);
  }
  if (const int code = print(text); code != kAccepted) return code;
  if (std::fflush(stdout) != 0) return fail(kCouldNotTell, "standard output cannot be written");
  return kAccepted;
}

void show(const Options& options, const Attested& attested, Bytes report_data) {
  (void)std::fprintf(stderr, "ward: %s\n", for_terminal(attested.started.platform).c_str());
  // A softd of this run's own has said it.
  if (options.device.empty()) {
    (void)std::fprintf(stderr, "ward: %s\n", for_terminal(attested.started.mark).c_str());
  }
  if (const auto stale = out_of_time(options, attested.made.evidence)) {
    (void)std::fprintf(stderr, "ward: the platform's collateral is out of its time: %s\n",
                       for_terminal(*stale).c_str());
    (void)std::fputs(
        "ward: hint: no verifier accepts this now: `ward dev init` makes a new platform\n", stderr);
    return;
  }
  const std::string next = next_step(options, attested, report_data);
  (void)std::fprintf(stderr, "ward: next: %s\n", for_terminal(next).c_str());
}

// Files are the evidence's and the event log's. None has a name until all is said and done.
class Files {
 public:
  // open makes sure, before a keep starts, that they can be written. kAccepted, or what fail()
  // returned.
  int open(const Options& options) {
    for (const std::string& path : {options.out, options.event_log}) {
      if (path.empty() || path == kStdout) continue;

      struct stat info {};

      if (!options.force && ::lstat(path.c_str(), &info) == 0) return exists_already(path);
      auto file = OutputFile::create(path, OutputFile::Readers::kUmask);
      if (!file) return fail(kCouldNotTell, path + ": " + error_text(file.error()));
      (path == options.event_log ? log_ : evidence_).emplace(*std::move(file));
    }
    return kAccepted;
  }

  // commit writes them, does `last`, and names them all where that is kAccepted.
  int commit(const Options& options, const keep::RawEvidence& made,
             const std::function<int()>& last) {
    std::vector<OutputFile*> all;
    for (const auto& [file, octets] :
         {std::pair<std::optional<OutputFile>*, Bytes>{&evidence_, made.evidence},
          {&log_, made.event_log}}) {
      if (!*file) continue;
      all.push_back(&**file);
      if (const auto done = (*file)->write(octets); !done) {
        return fail(kCouldNotTell, (*file)->path() + ": " + error_text(done.error()));
      }
    }
    int code = kAccepted;
    const auto done =
        commit_after(all, options.force, [&] { return (code = last()) == kAccepted; });
    if (done || code != kAccepted) return code;
    if (done.error().error.code() == Errc::kDenied) return exists_already(done.error().path);
    return fail(kCouldNotTell, done.error().path + ": " + error_text(done.error().error));
  }

 private:
  static int exists_already(const std::string& path) {
    return fail(kUsage, path + ": exists already", "--force replaces it");
  }

  std::optional<OutputFile> evidence_;
  std::optional<OutputFile> log_;
};

// are_one: two names, one file, there or not yet.
bool are_one(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  return fs::weakly_canonical(fs::absolute(a, ignored), ignored) ==
             fs::weakly_canonical(fs::absolute(b, ignored), ignored) ||
         fs::equivalent(a, b, ignored);
}

// misused is a usage error before anything starts.
int misused(const Options& options, const soft::Face& face) {
  if (!options.softd.empty() && !options.device.empty()) {
    return fail(kUsage, "--softd and --device are alternatives");
  }
  if (options.json && options.out == kStdout) {
    return fail(kUsage, "--json needs stdout for itself", "name a file with -o");
  }
  if (options.event_log.empty()) return kAccepted;
  if (std::string_view(face.tee) != "tdx") {
    return fail(kUsage, options.tee + " has no event log", "leave --event-log out");
  }
  if (options.event_log == kStdout || are_one(options.event_log, options.out)) {
    return fail(kUsage, "--event-log needs a file of its own",
                "stdout and -o are for the evidence");
  }
  return kAccepted;
}

// begin has the evidence name the key of a certificate that is wanted beside it.
int begin(Options& options, RaTlsFile& certificate) {
  if (!options.report_data.empty()) {
    return fail(kUsage, "--ra-tls-certificate and --report-data are alternatives",
                "the quote's report data are the certificate's claims");
  }
  const auto face = soft_face(options.tee);
  if (options.tee == "tpm" || (face && std::string_view((*face)->tee) == "snp")) {
    return fail(kUsage, "--ra-tls-certificate: the format has quotes of SGX and TDX alone");
  }
  const auto data = certificate.begin(options.certificate, options.certificate_key, options.force);
  if (!data) return data.error();
  options.report_data = to_hex(*data);
  return kAccepted;
}

int run(const Options& given) {
  Options options = given;
  RaTlsFile certificate;
  if (!options.certificate.empty()) {
    if (const int code = begin(options, certificate); code != kAccepted) return code;
  }
  if (options.report_data.empty()) {
    return fail(kUsage, "--report-data is required", "see `ward attest --help`");
  }
  if (options.tee == "tpm") {
    if (!options.event_log.empty() || !options.softd.empty() || !options.device.empty()) {
      return fail(kUsage, "--event-log, --softd and --device are not for a TPM",
                  "the firmware's log is /sys/kernel/security/tpm0/binary_bios_measurements");
    }
    return attest_tpm({.report_data = options.report_data,
                       .out = options.out,
                       .pcrs = options.pcrs,
                       .ak = options.ak,
                       .tcti = options.tcti,
                       .force = options.force,
                       .json = options.json});
  }
  const auto face = soft_face(options.tee);
  if (!face) return fail_with(face.error());
  const auto report_data =
      hex_value("--report-data", options.report_data, keep::kReportDataSize, "the report data");
  if (!report_data) return fail(kUsage, report_data.error().what, report_data.error().hint);
  if (const int code = misused(options, **face); code != kAccepted) return code;
  Files files;
  if (const int code = files.open(options); code != kAccepted) return code;
  const auto attested = Attest(options).run(**face, *report_data);
  if (!attested) {
    const bool absent = attested.error().code == Errc::kUnavailable;
    return fail_with(attested.error(), absent ? service_hint(options.device, options.softd) : "");
  }
  const int code = files.commit(options, attested->made, [&] {
    const int written = certificate.finish(attested->made.evidence);
    return written == kAccepted ? say(options, *attested, *report_data) : written;
  });
  if (code == kAccepted && !options.json) show(options, *attested, *report_data);
  return code;
}

}  // namespace

void add_attest(args::Command& app, Action& action) {
  const auto options = std::make_shared<Options>();
  args::Command* made = app.add_subcommand(
      "attest", "evidence over report data of yours, from a keep that does nothing else");
  made->add_option("--tee", options->tee, "auto, sgx, tdx, snp, tpm, " + soft_faces());
  made->add_option("--report-data", options->report_data,
                   "64 octets in hex (tpm: 1 to 64): a nonce, a key's digest");
  made->add_option("-o,--output", options->out, "where the evidence goes; - is stdout")->required();
  made->add_option("--event-log", options->event_log, "where the event log goes (TDX)");
  made->add_option("--softd", options->softd, "socket of the running softd");
  made->add_option("--device", options->device,
                   "development platform (ward dev init): start a softd for this alone");
  made->add_option("--agent", options->agent, "the ward-keep program, with --device");
  made->add_option("--pcrs", options->pcrs, "tpm: what is quoted")->capture_default_str();
  made->add_option("--ak", options->ak,
                   "tpm: the key that quotes: ecc or rsa, made for this, or a handle (0x81010002)")
      ->capture_default_str();
  made->add_option("--tcti", options->tcti, "tpm: where it is (device:/dev/tpmrm0)");
  auto* key = made->add_option("--ra-tls-key", options->certificate_key,
                               "the P-256 key (PEM) of --ra-tls-certificate");
  auto* file = made->add_option(
      "--ra-tls-certificate", options->certificate,
      "where an interoperable RA-TLS certificate goes, instead of --report-data: an encoding, no "
      "proof of a live peer (SGX, TDX)");
  file->needs(key);
  key->needs(file);
  made->add_flag("--force", options->force, "replace files that exist");
  made->add_flag("--json", options->json, "say what was made as JSON");
  made->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace ward::cli
