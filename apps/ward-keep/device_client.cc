#include "apps/ward-keep/device_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "apps/ward-keep/device_octets.h"
#include "base/printable.h"
#include "base/writer.h"
#include "keep/device_channel.h"
#include "keep/door.h"
#include "keep/frame.h"
#include "keep/keep_init.h"

namespace ward::keep {
namespace {

constexpr int kDone = 0;
constexpr int kRefused = 1;
constexpr int kUsage = 2;
constexpr int kCouldNotTell = 3;

constexpr const char* kHelp =
    "usage: ward-keep device COMMAND, in a keep; octets go to stdout, in hex with --hex\n"
    "  info                                  what the platform knows of this keep, as JSON\n"
    "  evidence REPORT_DATA                  a quote or report (REPORT_DATA: 64 octets in hex)\n"
    "    --event-log                         its event log instead\n"
    "    --framed                            length(4, little endian), the evidence, the event "
    "log\n"
    "  target                                whom others name in a report for this keep (SGX)\n"
    "  report [--target HEX] REPORT_DATA     a local report, for this keep itself unless told\n"
    "  verify-report                         is the local report on stdin this platform's?\n"
    "  seal-key [--policy measurement|signer] [--svn N]   a key of this workload's, on this "
    "platform\n"
    "  key REQUEST                           the key of a KEYREQUEST or MSG_KEY_REQ in hex\n"
    "  extend [--index N] TEXT               add an event to a run-time register (TDX: 3)\n"
    "  extend [--index N] --octets HEX\n"
    "exit: 0 done, 1 refused, 2 usage, 3 no device\n";

int fail(int code, const std::string& what) {
  (void)std::fprintf(stderr, "ward-keep: error: %s\n", what.c_str());
  return code;
}

int fail_with(const Failure& failure) {
  const bool absent = failure.code == Errc::kUnavailable || failure.code == Errc::kTruncated ||
                      failure.code == Errc::kInternal;
  return fail(absent ? kCouldNotTell : kRefused, failure.what);
}

// print writes octets, or their hex digits, from memory that is wiped.
int print(Bytes octets, bool hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  SecretBytes text(hex ? 2 * octets.size() + 1 : octets.size());
  std::size_t at = 0;
  for (const std::uint8_t octet : octets) {
    if (hex) text.expose_mut()[at++] = static_cast<std::uint8_t>(kDigits[octet >> 4U]);
    text.expose_mut()[at++] = hex ? static_cast<std::uint8_t>(kDigits[octet & 15U]) : octet;
  }
  if (hex) text.expose_mut()[at] = '\n';
  if (!write_exact(STDOUT_FILENO, text.expose())) return fail(kCouldNotTell, "stdout is closed");
  return kDone;
}

// Words is the command line behind the command: flags, options with a value, and the rest.
struct Words {
  std::map<std::string, std::string, std::less<>> options;
  std::vector<std::string> rest;
  std::string wrong;  // why it is none

  [[nodiscard]] bool has(std::string_view name) const { return options.contains(name); }

  [[nodiscard]] std::optional<std::string> value(std::string_view name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::nullopt : std::optional(found->second);
  }
};

// Command is one of the client's.
struct Command {
  const char* name;
  std::vector<std::string_view> flags;
  std::vector<std::string_view> valued;
  std::size_t least;  // words beside the options
  std::size_t most;
  int (*run)(Device&, const Words&);
};

template <class T>
std::optional<T> number(const std::string& text) {
  T out = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return out;
}

std::optional<std::array<std::uint8_t, kReportDataSize>> report_data(const std::string& hex) {
  const auto octets = from_hex(hex);
  if (!octets || octets->size() != kReportDataSize) return std::nullopt;
  std::array<std::uint8_t, kReportDataSize> out{};
  std::copy(octets->begin(), octets->end(), out.begin());
  return out;
}

int no_report_data() { return fail(kUsage, "REPORT_DATA: 128 hex digits (64 octets)"); }

int info(Device& device, const Words& /*words*/) {
  const auto text = device.info();
  return text ? print(as_bytes(*text + "\n"), false) : fail_with(text.error());
}

int evidence(Device& device, const Words& words) {
  const auto data = report_data(words.rest.front());
  if (!data) return no_report_data();
  if (words.has("--framed") && words.has("--event-log")) {
    return fail(kUsage, "--framed and --event-log are alternatives");
  }
  const auto raw = device.raw_evidence(*data);
  if (!raw) return fail_with(raw.error());
  if (words.has("--event-log")) {
    if (raw->event_log.empty()) return fail(kRefused, "this TEE has no event log");
    return print(raw->event_log, words.has("--hex"));
  }
  if (!words.has("--framed")) return print(raw->evidence, words.has("--hex"));
  Writer w;
  w.u32le(static_cast<std::uint32_t>(raw->evidence.size()));
  w.bytes(raw->evidence);
  w.bytes(raw->event_log);
  return print(w.view(), words.has("--hex"));
}

// Own is what a keep needs of itself to ask for more; `report` is SGX's alone.
struct Own {
  std::string tee;
  Buffer report;
};

// own_svn is the guest's SVN, which a report of SEV-SNP states.
Result<std::uint32_t, Failure> own_svn(Device& device) {
  const std::array<std::uint8_t, kReportDataSize> nothing{};
  WARD_TRY(const RawEvidence raw, device.raw_evidence(nothing));
  const auto svn = snp_guest_svn(raw.evidence);
  if (!svn) {
    return Failure{.code = Errc::kMalformed, .what = "the device's report is none of SEV-SNP"};
  }
  return *svn;
}

// own asks for a report that is for nobody: what stands in it is what counts.
Result<Own, Failure> own(Device& device) {
  Own out;
  WARD_TRY(out.tee, device.tee());
  if (out.tee != "sgx") return out;
  const std::array<std::uint8_t, kReportDataSize> nothing{};
  WARD_TRY(out.report, device.local_report(Buffer(kSgxTargetSize), nothing));
  if (out.report.size() != kSgxReportSize) {
    return Failure{.code = Errc::kMalformed, .what = "the device's report is none of SGX"};
  }
  return out;
}

int target(Device& device, const Words& words) {
  const auto self = own(device);
  if (!self) return fail_with(self.error());
  const auto octets = own_target(self->report);
  if (!octets) return fail(kRefused, "a report of " + self->tee + " is for no target");
  return print(*octets, words.has("--hex"));
}

int report(Device& device, const Words& words) {
  const auto data = report_data(words.rest.front());
  if (!data) return no_report_data();
  Buffer whom;
  const std::string named = words.value("--target").value_or("self");
  if (named == "self") {
    const auto self = own(device);
    if (!self) return fail_with(self.error());
    whom = own_target(self->report).value_or(Buffer());
  } else {
    auto octets = from_hex(named);
    if (!octets) return fail(kUsage, "--target: hex, or self");
    whom = *std::move(octets);
  }
  const auto made = device.local_report(whom, *data);
  return made ? print(*made, words.has("--hex")) : fail_with(made.error());
}

int verify_report(Device& device, const Words& /*words*/) {
  Buffer octets(kMaxLocalReportBytes + 1);
  std::size_t size = 0;
  while (size < octets.size()) {
    const ssize_t n = ::read(STDIN_FILENO, octets.data() + size, octets.size() - size);
    if (n < 0) {
      return fail(kCouldNotTell, std::string("stdin: ") + std::generic_category().message(errno));
    }
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > kMaxLocalReportBytes) return fail(kRefused, "longer than any local report");
  if (size == 0) return fail(kRefused, "no report on stdin");
  const auto verified = device.verify_report(Bytes(octets).first(size));
  if (!verified) return fail_with(verified.error());
  (void)std::fputs("ward-keep: this platform made the report\n", stderr);
  return kDone;
}

// seal_request is what to ask for, or why there is nothing to ask for.
Result<Buffer, Failure> seal_request(Device& device, const Own& self, KeyPolicy policy,
                                     std::optional<std::uint16_t> svn) {
  if (self.tee == "sgx") {
    if (policy == KeyPolicy::kSigner && !is_signed(self.report)) {
      return Failure{.code = Errc::kDenied,
                     .what =
                         "nobody signed this keep (ward dev sign): a key by signer would be "
                         "everybody's"};
    }
    return *sgx_seal_request(self.report, policy, svn);
  }
  if (self.tee == "snp") {
    if (policy == KeyPolicy::kSigner) {
      return Failure{.code = Errc::kUnsupported,
                     .what = "SEV-SNP derives no key from a signer: use --policy measurement"};
    }
    if (svn) return snp_seal_request(*svn);
    WARD_TRY(const std::uint32_t own, own_svn(device));
    return snp_seal_request(own);
  }
  return Failure{.code = Errc::kUnsupported,
                 .what = self.tee + " has no sealing keys: use the broker's"};
}

int seal_key(Device& device, const Words& words) {
  const std::string policy = words.value("--policy").value_or("measurement");
  if (policy != "measurement" && policy != "signer") {
    return fail(kUsage, "--policy: measurement or signer");
  }
  std::optional<std::uint16_t> svn;
  if (const auto text = words.value("--svn")) {
    svn = number<std::uint16_t>(*text);
    if (!svn) return fail(kUsage, "--svn: 0 to 65535");
  }
  const auto self = own(device);
  if (!self) return fail_with(self.error());
  const auto request = seal_request(
      device, *self, policy == "signer" ? KeyPolicy::kSigner : KeyPolicy::kMeasurement, svn);
  if (!request) return fail_with(request.error());
  const auto made = device.key(*request);
  return made ? print(made->expose(), words.has("--hex")) : fail_with(made.error());
}

int key(Device& device, const Words& words) {
  const auto request = from_hex(words.rest.front());
  if (!request || request->empty()) return fail(kUsage, "REQUEST: hex");
  const auto made = device.key(*request);
  return made ? print(made->expose(), words.has("--hex")) : fail_with(made.error());
}

int extend(Device& device, const Words& words) {
  const auto hex = words.value("--octets");
  if (hex.has_value() != words.rest.empty()) return fail(kUsage, "give TEXT or --octets HEX");
  const auto index = number<std::uint8_t>(words.value("--index").value_or("3"));
  if (!index) return fail(kUsage, "--index: 0 to 255");
  std::optional<Buffer> octets;
  if (hex) {
    octets = from_hex(*hex);
    if (!octets) return fail(kUsage, "--octets: hex");
  } else {
    octets = to_buffer(as_bytes(words.rest.front()));
  }
  const auto done = device.extend(*index, *octets);
  return done ? kDone : fail_with(done.error());
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"info", {}, {}, 0, 0, &info},
      {"evidence", {"--hex", "--event-log", "--framed"}, {}, 1, 1, &evidence},
      {"target", {"--hex"}, {}, 0, 0, &target},
      {"report", {"--hex"}, {"--target"}, 1, 1, &report},
      {"verify-report", {}, {}, 0, 0, &verify_report},
      {"seal-key", {"--hex"}, {"--policy", "--svn"}, 0, 0, &seal_key},
      {"key", {"--hex"}, {}, 1, 1, &key},
      {"extend", {}, {"--index", "--octets"}, 0, 1, &extend},
  };
  return all;
}

bool holds(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Words words_of(const Command& command, std::span<char* const> given) {
  Words out;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string word = given[i];
    const bool valued = holds(command.valued, word);
    if (!word.starts_with("--")) {
      out.rest.push_back(word);
    } else if (out.has(word)) {
      out.wrong = word + ": given twice";
    } else if (valued && i + 1 < given.size()) {
      out.options.emplace(word, given[++i]);
    } else if (holds(command.flags, word)) {
      out.options.emplace(word, "");
    } else {
      out.wrong = word + (valued ? ": a value is missing" : ": no such option");
    }
  }
  if (out.wrong.empty() && (out.rest.size() < command.least || out.rest.size() > command.most)) {
    out.wrong = std::string(command.name) + ": wrong number of words";
  }
  return out;
}

}  // namespace

int device_main(std::span<char* const> words) {
  const std::string_view name = words.empty() ? "" : words.front();
  if (name == "--help" || name == "help") return std::fputs(kHelp, stdout) >= 0 ? kDone : kUsage;
  for (const Command& command : commands()) {
    if (name != command.name) continue;
    const Words given = words_of(command, words.subspan(1));
    if (!given.wrong.empty()) return fail(kUsage, given.wrong);
    const auto stream = enter_door(kWorkloadDoorFd);
    if (!stream) return fail_with(stream.error());
    DeviceClient device(stream->get());
    return command.run(device, given);
  }
  if (name.empty()) {
    fail(kUsage, "no command");
  } else {
    fail(kUsage, "no such command: " + for_terminal(name));
  }
  (void)std::fputs(kHelp, stderr);
  return kUsage;
}

}  // namespace ward::keep
