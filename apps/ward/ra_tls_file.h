#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "apps/ward/output_file.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sign.h"

// `ward attest --ra-tls-certificate`.
namespace ward::cli {

// RaTlsFile is an interoperable RA-TLS certificate that is wanted beside evidence.
class RaTlsFile {
 public:
  // begin reads the key and opens the file, before anything is made, and gives the report data that
  // the evidence must carry. What fail() returned for a mistake.
  [[nodiscard]] Result<std::array<std::uint8_t, 64>, int> begin(const std::string& path,
                                                                const std::string& key_path,
                                                                bool force);

  // finish writes it around the quote, where begin was called. kAccepted, or what fail() returned.
  [[nodiscard]] int finish(Bytes quote);

 private:
  bool force_ = false;
  std::optional<crypto::PrivateKey> key_;
  std::optional<OutputFile> file_;
};

}  // namespace ward::cli
