#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "keep/deadline.h"
#include "keep/device.h"
#include "keep/measure.h"
#include "keep/output_channel.h"
#include "keep/workload.h"
#include "protocol/exchange.h"

// The agent's work, from attestation to the last sealed output. It runs as the keep's first
// process; what it needs of the world is handed in.
namespace ward::keep {

// Connector opens connections to the broker, one at a time, TLS ended in this process.
class Connector {
 public:
  Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  virtual ~Connector() = default;

  // connect, when the connection before has ended: kUntrusted where the peer's key is not
  // `broker`'s, kStale where its certificate is expired, kUnavailable where nobody answers.
  [[nodiscard]] virtual Result<std::unique_ptr<protocol::Exchange>> connect(
      const BrokerEntry& broker) = 0;

  // interrupt ends what another thread waits for of the broker, and every later connect; both are
  // kUnavailable then. Safe from any thread.
  virtual void interrupt() = 0;
};

// OpenedInput says which sealed file was opened: its own id, and the digest of its head, which
// authenticates its content.
struct OpenedInput {
  std::string name;
  std::string file_id;  // lower-case hex
  crypto::Sha256Digest head_sha256{};

  friend bool operator==(const OpenedInput&, const OpenedInput&) = default;
};

// OutputProof is what an output's header carries, so that its receiver can check where it is from.
struct OutputProof {
  std::string token;      // the broker's attestation result for this run
  std::string init_data;  // its digest is the workload in the token
  std::vector<OpenedInput> inputs;
};

// SealedFiles is the sealed format as the agent uses it; src/keep/sealed_files.h has the real one.
class SealedFiles {
 public:
  SealedFiles() = default;
  SealedFiles(const SealedFiles&) = delete;
  SealedFiles& operator=(const SealedFiles&) = delete;
  virtual ~SealedFiles() = default;

  // open_input reads the sealed file from `sealed_fd` and writes its plaintext to `plain_fd`, with
  // `key` as the broker keeps it under input.resource. kUntrusted: it does not authenticate;
  // kDenied: it is another file than input.file_id names; kMalformed, kTruncated, kLimit,
  // kUnsupported. Plaintext that was written before an error is of no file: the caller removes it.
  [[nodiscard]] virtual Result<OpenedInput> open_input(const InputEntry& input, Bytes key,
                                                       int sealed_fd, int plain_fd) = 0;

  // seal_output reads `plain_fd` and writes a sealed file, signed with `key`, as data frames.
  [[nodiscard]] virtual Result<void> seal_output(const OutputEntry& output,
                                                 const OutputProof& proof,
                                                 const crypto::PrivateKey& key, int plain_fd,
                                                 OutputWriter& to) = 0;
};

// AgentParts is the agent's world. All is borrowed. `connector` and `files` may be nullptr where
// the manifest has no broker.
struct AgentParts {
  const ParsedCanonical* keep = nullptr;
  std::string_view init_data;
  Device* device = nullptr;
  Connector* connector = nullptr;
  SealedFiles* files = nullptr;
  crypto::Rng* rng = nullptr;
  std::span<const int> input_fds;  // in the manifest's order
  WorkloadRequest workload;
  OutputWriter* output = nullptr;
  Deadline* deadline = nullptr;  // of device and connector; started again for each key
};

// run_agent attests, opens the inputs, runs the workload and hands out the sealed outputs, and
// writes the report. Keys that came for a time are renewed while the workload runs
// (keep/renewal.h); where they end it is ended, and no output is begun. The private key never
// leaves the process. Returns the report that it wrote; an Error only where the report could not be
// written.
[[nodiscard]] Result<RunReport> run_agent(const AgentParts& parts);

}  // namespace ward::keep
