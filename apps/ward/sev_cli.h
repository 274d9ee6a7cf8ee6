#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ward/cli.h"
#include "args/args.h"
#include "base/result.h"
#include "tee/sev/session.h"

// What the commands below `ward sev` share. Each function says what is wrong and returns the exit
// code.
namespace ward::cli {

// kSevPolicy is the guest's policy where nobody names another: what the default policy for evidence
// demands.
inline constexpr const char* kSevPolicy = "nodbg,noks,es,nosend";

// SevPolicy is a guest's policy as people write it.
struct SevPolicy {
  std::string flags = kSevPolicy;
  std::string min_api;  // "1.21"; "": any
};

void add_sev_policy(args::Command& command, SevPolicy& policy);

// sev_policy reads it: names of bits with commas between them, or the whole number, 0x1600000f.
[[nodiscard]] Result<std::uint32_t, int> sev_policy(const SevPolicy& policy);

// SevLaunch says what was launched, and what the host said of it.
struct SevLaunch {
  std::string tik;
  SevPolicy policy;
  std::string api;
  std::optional<std::uint64_t> build;
  std::string digest;
  std::string firmware;
  std::string kernel;
  std::string initrd;
  std::string append;
  std::optional<std::uint64_t> vcpus;
  std::string vcpu_sig;
  std::string measured;
  std::string mnonce;
};

void add_sev_launch(args::Command& command, SevLaunch& launch);

// SevMeasured is what came of it.
struct SevMeasured {
  Secret<sev::kKeySize> tik;
  sev::Measured what;
  std::array<std::uint8_t, sev::kMacSize> measurement{};
  std::optional<std::array<std::uint8_t, sev::kMacSize>> stated;  // by the host

  [[nodiscard]] bool matches() const;
};

[[nodiscard]] Result<SevMeasured, int> measure_launch(const SevLaunch& launch);

// read_sev_key reads a key of 16 octets.
[[nodiscard]] Result<Secret<sev::kKeySize>, int> read_sev_key(const std::string& option,
                                                              const std::string& path);

// SevFile is one file below a folder.
struct SevFile {
  std::string name;
  Bytes octets;
  bool secret = false;
};

// write_sev_files writes all of them or none; the folder is made where it is not there.
[[nodiscard]] int write_sev_files(const std::string& folder, const std::vector<SevFile>& files);

}  // namespace ward::cli
