#include "apps/ward/attest_tpm.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "apps/ward/cli.h"
#include "apps/ward/output_file.h"
#include "base/shell_word.h"
#include "codec/json_write.h"
#include "tee/tpm/attester/esys_device.h"
#include "tee/tpm/attester/quoting.h"

namespace ward::cli {
namespace {

constexpr const char* kStdout = "-";
constexpr const char* kWhoseAk =
    "ward: AK.pem is this TPM's key, for which you vouch: `ward tpm challenge` and `accept` make "
    "it "
    "sure whose it is and write it; `ward tpm unpack --ak` takes it as it came";

constexpr std::uint32_t kPcrs = 24;    // TCG PC Client Platform TPM Profile: PCR 0 to 23
constexpr std::size_t kEveryTpm = 32;  // octets of report data that every TPM takes: SHA-256's

int device_failure(const Error& error) {
  return fail(kCouldNotTell, error_text(error),
              error.code() == Errc::kUnavailable
                  ? "--tcti names the TPM: device:/dev/tpmrm0, swtpm:host=127.0.0.1,port=2321"
                  : "");
}

// What a TPM that answers may have meant.
int quote_failure(const Error& error, const tpm::AkChoice& ak, std::size_t report_data) {
  if (error.code() == Errc::kUnavailable) return device_failure(error);
  const char* hint = "tpm2_getcap properties-fixed and algorithms say what this TPM can do";
  if (error.code() == Errc::kUnsupported) {
    hint = "--pcrs takes the banks that this TPM has: tpm2_getcap pcrs";
  } else if (ak.handle) {
    hint = "--ak names a key that is in the TPM: tpm2_getcap handles-persistent lists them";
  } else if (report_data > kEveryTpm) {
    hint = "a TPM takes as much report data as its largest digest has: give a SHA-256 of it";
  }
  return fail(kCouldNotTell, error_text(error), hint);
}

bool has_pcrs(const std::vector<tpm::PcrSelection>& selection) {
  return std::ranges::all_of(selection, [](const tpm::PcrSelection& one) {
    const auto pcrs = one.pcrs();
    return pcrs.empty() || pcrs.back() < kPcrs;
  });
}

// next_step is the command that judges what was made.
std::string next_step(const TpmRequest& request, const Buffer& report_data) {
  return "ward verify " + (request.out == kStdout ? "FILE" : shell_path(request.out)) +
         " --hardware-root tpm=AK.pem --report-data " + to_hex(report_data);
}

Result<std::string> json(const TpmRequest& request, const tpm::Evidence& evidence,
                         const Buffer& report_data) {
  const auto area = tpm::parse_public(evidence.ak);
  const auto key = area ? area->key() : Result<crypto::PublicKey>(area.error());
  if (!key) return key.error();
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.attest-tpm/1");
  w.member("report_data", to_hex(report_data));
  w.member("ak_name", to_hex(area->name()));
  w.member("ak_spki_sha256", to_hex(crypto::sha256(key->to_spki())));
  w.member("pcrs", request.pcrs).member("evidence", request.out);
  w.member("next", next_step(request, report_data));
  WARD_TRY(const std::string text, w.end_object().take());
  return text + '\n';
}

int write_out(const TpmRequest& request, Bytes octets) {
  if (request.out == kStdout) return print(as_text(octets));
  auto file = OutputFile::create(request.out, OutputFile::Readers::kUmask);
  auto done = file ? file->write(octets) : Result<void>(file.error());
  if (done) done = file->commit(request.force);
  if (done) return kAccepted;
  if (done.error().code() == Errc::kDenied)
    return fail(kUsage, request.out + ": exists already", "--force replaces it");
  return fail(kCouldNotTell, request.out + ": " + error_text(done.error()));
}

}  // namespace

std::optional<std::uint32_t> handle_of(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  text.remove_prefix(2);
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && out >> 24U == 0x81 ? std::optional(out) : std::nullopt;
}

std::optional<tpm::AkChoice> ak_of(const std::string& text) {
  if (text == "ecc") return tpm::AkChoice{};
  if (text == "rsa") return tpm::AkChoice{.handle = {}, .type = tpm::alg::kRsa};
  const auto handle = handle_of(text);
  return handle ? std::optional(tpm::AkChoice{.handle = handle}) : std::nullopt;
}

Result<std::unique_ptr<tpm::Device>, int> open_tpm(const std::string& tcti) {
  ::setenv("TSS2_LOG", "all+NONE", 0);  // the library's own lines on stderr: the error says enough
  auto device = tpm::open_device(tcti);
  if (!device) return device_failure(device.error());
  return *std::move(device);
}

int attest_tpm(const TpmRequest& request) {
  const auto report_data =
      hex_value("--report-data", request.report_data, 0, "the report data of tpm");
  if (!report_data) return fail(kUsage, report_data.error().what, report_data.error().hint);
  if (report_data->size() > tpm::kMaxDigest)
    return fail(kUsage, "--report-data: a TPM takes at most 64 octets", "give a digest of them");
  const auto selection = tpm::parse_selection(request.pcrs);
  if (!selection)
    return fail(kUsage, "--pcrs " + request.pcrs + ": not a selection",
                "sha256:0,1,7, or several banks: sha256:0,7+sha384:0,7; numbers rise");
  if (!has_pcrs(*selection))
    return fail(kUsage, "--pcrs " + request.pcrs + ": no such PCR", "a TPM has PCRs 0 to 23");
  const auto ak = ak_of(request.ak);
  if (!ak) return fail(kUsage, "--ak " + request.ak + ": no key", kAkHint);
  if (request.json && request.out == kStdout)
    return fail(kUsage, "--json needs stdout for itself", "name a file with -o");
  const auto device = open_tpm(request.tcti);
  if (!device) return device.error();
  const auto evidence = tpm::attest(**device, *ak, *report_data, *selection);
  if (!evidence) return quote_failure(evidence.error(), *ak, report_data->size());
  if (const int code = write_out(request, tpm::write_evidence(*evidence)); code != kAccepted)
    return code;
  if (!request.json) {
    std::fprintf(stderr, "ward: next: %s\n%s\n",
                 for_terminal(next_step(request, *report_data)).c_str(), kWhoseAk);
    return kAccepted;
  }
  const auto text = json(request, *evidence, *report_data);
  return text ? print(*text) : fail(kCouldNotTell, error_text(text.error()));
}

}  // namespace ward::cli
