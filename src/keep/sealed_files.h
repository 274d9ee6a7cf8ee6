#pragma once

#include "base/time.h"
#include "crypto/rng.h"
#include "keep/agent.h"

namespace ward::keep {

// SealedFileFormat is SealedFiles over the real format (docs/formats/sealed-file.md). An input's
// key at the broker is the wrapping key of the file's `resource` slot; an input's file_id is the
// file's own id, 32 hexadecimal digits. Outputs are sealed to their receiver alone and carry a
// provenance.
class SealedFileFormat final : public SealedFiles {
 public:
  // Both are borrowed.
  SealedFileFormat(crypto::Rng& rng, const Clock& clock) : rng_(rng), clock_(clock) {}

  [[nodiscard]] Result<OpenedInput> open_input(const InputEntry& input, Bytes key, int sealed_fd,
                                               int plain_fd) override;
  [[nodiscard]] Result<void> seal_output(const OutputEntry& output, const OutputProof& proof,
                                         const crypto::PrivateKey& key, int plain_fd,
                                         OutputWriter& to) override;

 private:
  crypto::Rng& rng_;
  const Clock& clock_;
};

}  // namespace ward::keep
