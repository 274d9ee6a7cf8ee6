#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"

// What Azure's paravisor has the hardware report on (JSON): the keys of the virtual TPM that it
// runs, and how the virtual machine is set up. Form only; it is authentic where the hardware
// reports its digest.
namespace ward::azure {

inline constexpr std::size_t kMaxRuntimeKeys = 8;
inline constexpr std::size_t kUserDataSize = 64;

// RuntimeKey is one key of the JSON, as it stands.
struct RuntimeKey {
  std::string id;                    // "HCLAkPub", "HCLEkPub"
  std::string type;                  // "RSA"
  std::vector<std::string> key_ops;  // "sign"
  Buffer modulus;
  Buffer exponent;

  friend bool operator==(const RuntimeKey&, const RuntimeKey&) = default;
};

// RuntimeData is all that is read. nullopt where the JSON does not say.
struct RuntimeData {
  std::vector<RuntimeKey> keys;
  std::optional<bool> secure_boot;
  std::optional<bool> console_enabled;
  std::optional<bool> tpm_enabled;
  std::optional<bool> tpm_persisted;
  std::optional<std::string> vm_unique_id;
  std::optional<std::string> root_cert_thumbprint;
  std::optional<std::uint64_t> current_time;  // seconds; written by paravisors of 2023
  std::optional<Buffer> user_data;            // kUserDataSize octets, which the guest chose
  std::vector<std::string> unknown;           // members that are not read

  friend bool operator==(const RuntimeData&, const RuntimeData&) = default;
};

// parse_runtime_data reads the JSON, of which no name may stand twice; what is wrong is said in a
// line. Members that it does not know are listed.
[[nodiscard]] Result<RuntimeData, std::string> parse_runtime_data(Bytes json);

// write_runtime_data is its inverse, but for what is unknown.
[[nodiscard]] std::string write_runtime_data(const RuntimeData& data);

// attestation_key is the one key that is called HCLAkPub, an RSA key of at least 2048 bits; what is
// wrong is said in a line: none, two, another kind.
[[nodiscard]] Result<crypto::PublicKey, std::string> attestation_key(const RuntimeData& data);

}  // namespace ward::azure
