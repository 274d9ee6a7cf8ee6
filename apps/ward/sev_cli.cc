#include "apps/ward/sev_cli.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <utility>

#include "apps/ward/input.h"
#include "apps/ward/key_files.h"
#include "apps/ward/output_file.h"
#include "apps/ward/sealed_cli.h"
#include "tee/sev/launch.h"
#include "tee/sev/report.h"

namespace ward::cli {
namespace {

constexpr std::size_t kMaxFirmware = std::size_t{64} << 20U;
constexpr std::size_t kMaxKernel = std::size_t{2} << 30U;

std::vector<std::string> split(const std::string& text, char between) {
  std::vector<std::string> out{""};
  for (const char c : text) {
    if (c == between) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::optional<std::uint32_t> number(std::string_view text, int base, std::uint32_t max) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && out <= max ? std::optional(out) : std::nullopt;
}

// "0x800f12"
std::optional<std::uint32_t> hex_number(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  return number(text.substr(2), 16, 0xffffffff);
}

// "1.55"
std::optional<std::array<std::uint8_t, 2>> version(const std::string& text) {
  const auto parts = split(text, '.');
  if (parts.size() != 2) return std::nullopt;
  const auto major = number(parts[0], 10, 255);
  const auto minor = number(parts[1], 10, 255);
  if (!major || !minor) return std::nullopt;
  return std::array{static_cast<std::uint8_t>(*major), static_cast<std::uint8_t>(*minor)};
}

Result<crypto::Sha256Digest, int> hash_file(const std::string& option, const std::string& path) {
  InputFile file;
  if (const auto done = file.open(path); !done) {
    return fail(kCouldNotTell, option + ": " + path + ": " + error_text(done.error()));
  }
  if (file.size() > kMaxKernel) return fail(kUsage, option + ": " + path + " is above 2 GiB");
  const auto octets = read_file(path, kMaxKernel);
  if (!octets) return fail(kCouldNotTell, option + ": " + path + ": " + error_text(octets.error()));
  return crypto::sha256(*octets);
}

Result<std::optional<sev::KernelHashes>, int> kernel_hashes(const SevLaunch& l, Bytes firmware) {
  if (l.kernel.empty()) {
    if (l.initrd.empty() && l.append.empty()) return std::optional<sev::KernelHashes>();
    return fail(kUsage, "--initrd and --append are measured with --kernel alone");
  }
  if (!sev::takes_kernel_hashes(firmware)) {
    return fail(kUsage, "--kernel: this firmware has no place for a kernel's hashes",
                "take an OVMF that is built for it (OvmfPkg/AmdSev), or leave --kernel out where "
                "the guest's disk holds the kernel");
  }
  sev::KernelHashes out;
  WARD_TRY(out.kernel, hash_file("--kernel", l.kernel));
  out.initrd = crypto::sha256(Bytes());
  if (!l.initrd.empty()) {
    WARD_TRY(out.initrd, hash_file("--initrd", l.initrd));
  }
  out.cmdline = sev::cmdline_hash(l.append);
  return std::optional(out);
}

Result<std::vector<Buffer>, int> processors(const SevLaunch& l, Bytes firmware, bool es) {
  if (!es) {
    if (!l.vcpus && l.vcpu_sig.empty()) return std::vector<Buffer>();
    return fail(kUsage,
                "--vcpus and --vcpu-sig: without ES in the policy no processor is measured");
  }
  const auto signature = hex_number(l.vcpu_sig);
  if (!l.vcpus || !signature) {
    return fail(kUsage, "the policy has ES: the digest covers the processors",
                "name them with --vcpus N and --vcpu-sig 0x800f12 (CPUID 1, EAX), or the whole "
                "digest with --digest");
  }
  if (*l.vcpus == 0 || *l.vcpus > sev::kMaxProcessors) {
    return fail(kUsage, "--vcpus: " + std::to_string(*l.vcpus) + " virtual processors",
                "give their number, from 1 to " + std::to_string(sev::kMaxProcessors));
  }
  auto out = sev::vmsa_pages(firmware, *l.vcpus, *signature);
  if (!out) return fail(kUsage, "--vcpus: " + error_text(out.error()));
  return *std::move(out);
}

Result<std::array<std::uint8_t, sev::kDigestSize>, int> digest_of(const SevLaunch& l, bool es) {
  if (l.digest.empty() == l.firmware.empty()) {
    return fail(kUsage, "name what was launched: either --digest or --firmware");
  }
  if (!l.digest.empty()) {
    const auto octets = hex_value("--digest", l.digest, sev::kDigestSize, "a launch digest of sev");
    if (!octets) return fail(kUsage, octets.error().what, octets.error().hint);
    return *to_array<sev::kDigestSize>(*octets);
  }
  const auto firmware = read_file(l.firmware, kMaxFirmware);
  if (!firmware) {
    return fail(kCouldNotTell, "--firmware: " + l.firmware + ": " + error_text(firmware.error()));
  }
  WARD_TRY(const auto hashes, kernel_hashes(l, *firmware));
  WARD_TRY(const auto pages, processors(l, *firmware, es));
  return sev::launch_digest(*firmware, hashes, pages);
}

Result<sev::Firmware, int> firmware_of(const SevLaunch& l) {
  const auto api = version(l.api);
  if (!api) return fail(kUsage, "--api: not a version like 1.55: " + l.api);
  return sev::Firmware{.api_major = api->at(0),
                       .api_minor = api->at(1),
                       .build = static_cast<std::uint8_t>(*l.build)};
}

// The host's word: MEASURE and MNONCE, or the nonce alone.
Result<void, int> read_stated(const SevLaunch& l, SevMeasured& out) {
  if (l.measured.empty() == l.mnonce.empty()) {
    return fail(kUsage, "name what the host said: either --measured or --mnonce");
  }
  if (!l.mnonce.empty()) {
    const auto nonce = hex_value("--mnonce", l.mnonce, sev::kNonceSize, "the nonce of sev");
    if (!nonce) return fail(kUsage, nonce.error().what, nonce.error().hint);
    out.what.mnonce = *to_array<sev::kNonceSize>(*nonce);
    return {};
  }
  const auto octets = from_base64(l.measured, Base64::kStandard);
  if (!octets || octets->size() != sev::kMacSize + sev::kNonceSize) {
    return fail(kUsage, "--measured: not the base64 of 48 octets",
                "give what the host got from LAUNCH_MEASURE: QEMU's query-sev-launch-measure");
  }
  out.stated = *to_array<sev::kMacSize>(Bytes(*octets).first(sev::kMacSize));
  out.what.mnonce = *to_array<sev::kNonceSize>(Bytes(*octets).last(sev::kNonceSize));
  return {};
}

}  // namespace

bool SevMeasured::matches() const { return stated && ct_equal(*stated, measurement); }

void add_sev_policy(args::Command& command, SevPolicy& policy) {
  command
      .add_option("--policy", policy.flags,
                  "the guest's policy: nodbg, noks, es, nosend, domain, sev with commas between "
                  "them, or the whole number (0x1600000f)")
      ->type_name("FLAGS")
      ->capture_default_str();
  command
      .add_option("--min-api", policy.min_api,
                  "least API version of the firmware that the policy lets the guest run on")
      ->type_name("MAJOR.MINOR");
}

Result<std::uint32_t, int> sev_policy(const SevPolicy& policy) {
  std::uint32_t out = 0;
  if (const auto whole = hex_number(policy.flags)) {
    out = *whole;
  } else {
    for (const std::string& name : split(policy.flags, ',')) {
      const auto* bit = std::ranges::find(sev::guest_policy::kBits, name,
                                          [](const auto& b) { return std::string(b.name); });
      if (bit == std::end(sev::guest_policy::kBits)) {
        return fail(kUsage, "--policy: no such flag: " + name,
                    "nodbg, noks, es, nosend, domain, sev, or a number like 0x1600000f");
      }
      out |= 1U << bit->bit;
    }
  }
  if ((out & sev::guest_policy::kReservedBits) != 0) {
    return fail(kUsage, "--policy: a bit from 6 to 15 is set, which has no meaning");
  }
  if (policy.min_api.empty()) return out;
  const auto api = version(policy.min_api);
  if (!api) return fail(kUsage, "--min-api: not a version like 1.21: " + policy.min_api);
  if ((out >> 16U) != 0) {
    return fail(kUsage, "--min-api: the number that --policy names has a version already");
  }
  return out | std::uint32_t{api->at(0)} << 16U | std::uint32_t{api->at(1)} << 24U;
}

void add_sev_launch(args::Command& command, SevLaunch& l) {
  command.add_option("--tik", l.tik, "the guest's TIK, as `ward sev session` wrote it")
      ->required()
      ->type_name("FILE");
  add_sev_policy(command, l.policy);
  command.add_option("--api", l.api, "API version of the firmware (query-sev)")
      ->required()
      ->type_name("MAJOR.MINOR");
  command.add_option("--build", l.build, "build of the firmware (query-sev)")
      ->required()
      ->in_range(0, 255);
  command.add_option("--digest", l.digest, "launch digest, computed elsewhere")->type_name("HEX");
  command.add_option("--firmware", l.firmware, "firmware image that was launched (OVMF)")
      ->type_name("FILE");
  command.add_option("--kernel", l.kernel, "kernel that QEMU starts (kernel-hashes=on)")
      ->type_name("FILE");
  command.add_option("--initrd", l.initrd, "its initrd")->type_name("FILE");
  command.add_option("--append", l.append, "its command line")->type_name("TEXT");
  command.add_option("--vcpus", l.vcpus, "SEV-ES: number of virtual processors (QEMU, KVM)");
  command.add_option("--vcpu-sig", l.vcpu_sig, "SEV-ES: their CPUID signature, 0x800f12")
      ->type_name("HEX");
  command.add_option("--measured", l.measured, "what LAUNCH_MEASURE gave: compared")
      ->type_name("BASE64");
  command.add_option("--mnonce", l.mnonce, "the firmware's nonce: nothing is compared")
      ->type_name("HEX");
}

Result<SevMeasured, int> measure_launch(const SevLaunch& l) {
  SevMeasured out;
  WARD_TRY(out.what.policy, sev_policy(l.policy));
  WARD_TRY(out.what.firmware, firmware_of(l));
  WARD_CHECK_OK(read_stated(l, out));
  const bool es = ((out.what.policy >> sev::guest_policy::kEs) & 1U) != 0;
  WARD_TRY(out.what.launch_digest, digest_of(l, es));
  WARD_TRY(out.tik, read_sev_key("--tik", l.tik));
  out.measurement = sev::measurement(out.tik.expose(), out.what);
  return out;
}

Result<Secret<sev::kKeySize>, int> read_sev_key(const std::string& option,
                                                const std::string& path) {
  const auto octets = read_secret(path, sev::kKeySize);
  if (!octets) return own_file_failure(path, octets.error(), option + " takes a key of 16 octets");
  if (octets->size() != sev::kKeySize) {
    return fail(kUsage, option + ": " + path + ": not a key of 16 octets",
                "name the file that `ward sev session` wrote");
  }
  Secret<sev::kKeySize> out;
  std::ranges::copy(octets->expose(), out.expose_mut().begin());
  return out;
}

int write_sev_files(const std::string& folder, const std::vector<SevFile>& files) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::vector<OutputFile> opened;
  opened.reserve(files.size());
  for (const SevFile& file : files) {
    const std::string path = folder + "/" + file.name;
    const auto readers = file.secret ? OutputFile::Readers::kOwner : OutputFile::Readers::kUmask;
    auto out = prepare_output(path, false, readers);
    const auto done = out ? out->write(file.octets) : Result<void>(out.error());
    if (!done) {
      const bool taken = done.error().code() == Errc::kDenied;
      return fail(taken ? kUsage : kCouldNotTell, path + ": " + error_text(done.error()),
                  taken ? "name a folder of its own for each guest" : "");
    }
    opened.push_back(*std::move(out));
  }
  std::vector<OutputFile*> all;
  for (OutputFile& file : opened) {
    all.push_back(&file);
  }
  const auto done = commit_together(all, false);
  if (done) return kAccepted;
  return fail(kCouldNotTell, done.error().path + ": " + error_text(done.error().error));
}

}  // namespace ward::cli
