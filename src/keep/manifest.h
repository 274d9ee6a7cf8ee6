#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/result.h"

// The document that a person writes to say what runs in a keep (docs/formats/manifest.md).
// TOML 1.0. What is measured is its canonical form together with the content of every file:
// keep/measure.h.
namespace ward::keep {

// Bounds on a manifest; each is refused one above.
inline constexpr std::size_t kMaxManifestBytes = std::size_t{8} << 20U;
inline constexpr std::size_t kMaxFiles = 20000;  // after trees are walked, links included
inline constexpr std::size_t kMaxTotalFileBytes = std::size_t{8} << 30U;
inline constexpr std::size_t kMaxArguments = 256;
inline constexpr std::size_t kMaxEnvironment = 256;
inline constexpr std::size_t kMaxTextBytes = 32768;  // one argument or one variable
inline constexpr std::size_t kMaxPathBytes = 1024;
inline constexpr std::size_t kMaxInputs = 32;
inline constexpr std::size_t kMaxOutputs = 32;
inline constexpr std::uint32_t kMaxRunSeconds = 7 * 24 * 3600;  // of limits.seconds

// FileMode is what the keep's user may do with a file. Nobody may write it.
enum class FileMode : std::uint16_t {
  kData = 0444,     // read, map
  kScript = 0555,   // read and execute: a program that begins with #!
  kProgram = 0111,  // execute, not read: the kernel then keeps the process undumpable
};

// FileEntry names one file of the keep's root. `source` is where the launcher finds it, relative to
// the launcher's root folder; it is not measured.
struct FileEntry {
  std::string path;
  std::string source;
  FileMode mode = FileMode::kData;
  std::optional<std::array<std::uint8_t, 32>> sha256;  // where given, other content is refused

  friend bool operator==(const FileEntry&, const FileEntry&) = default;
};

// TreeEntry takes every file and link below a folder, as data (kData) or, where the owner may
// execute it, as program or script by its first octets. Each is measured like a FileEntry.
struct TreeEntry {
  std::string path;
  std::string source;

  friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

// LinkEntry is a symbolic link in the keep's root.
struct LinkEntry {
  std::string path;
  std::string target;

  friend bool operator==(const LinkEntry&, const LinkEntry&) = default;
};

// InputEntry is a sealed file that the keep opens as /in/<name>. `resource` is the path of its key
// at the broker, "repository/type/tag". `file_id` is the sealed file's own id; kAnyFile says that
// any file under that key will do (an older version too).
struct InputEntry {
  std::string name;
  std::string resource;
  std::string file_id;  // lower-case hex, or kAnyFile
  std::string source;   // not measured

  friend bool operator==(const InputEntry&, const InputEntry&) = default;
};

inline constexpr std::string_view kAnyFile = "any";

// OutputEntry is a file /out/<name> that leaves the keep sealed to `receiver`, and no other way.
struct OutputEntry {
  std::string name;
  Buffer receiver;  // DER SubjectPublicKeyInfo, P-256

  friend bool operator==(const OutputEntry&, const OutputEntry&) = default;
};

// Limits of one run. Nothing is unlimited.
struct Limits {
  std::uint32_t seconds = 0;       // from the workload's first instruction
  std::uint64_t memory_bytes = 0;  // of all processes together where a cgroup is at hand
  std::uint32_t processes = 0;     // threads count
  std::uint64_t disk_bytes = 0;    // opened inputs, outputs and temporary files together
  std::uint32_t open_files = 0;    // of each process

  friend bool operator==(const Limits&, const Limits&) = default;
};

// LeaseWish says which keys a keep takes. Whatever it says, a key that came for a time is used for
// that time alone.
enum class LeaseWish : std::uint8_t {
  kAccepted,  // keys for a time, and keys for good
  kRequired,  // keys for a time alone
  kRefused,   // keys for good alone: a workload that must not be stopped half way
};

[[nodiscard]] std::string_view to_text(LeaseWish wish);  // "accepted", "required", "refused"

// lease_wish_of reads to_text's words back; nullopt for others.
[[nodiscard]] std::optional<LeaseWish> lease_wish_of(std::string_view text);

inline constexpr std::uint32_t kDefaultGraceSeconds = 5;
inline constexpr std::uint32_t kMaxGraceSeconds = 3600;

// Broker says to whom the keep speaks: the one certificate key it accepts in TLS.
struct BrokerEntry {
  std::string url;                             // "https://host:port", or with "/t/tenant"
  std::array<std::uint8_t, 32> spki_sha256{};  // SHA-256 of the certificate's SubjectPublicKeyInfo
  LeaseWish leases = LeaseWish::kAccepted;
  // How long a workload may take to end after its SIGTERM, within the leases (keep/lease_book.h).
  std::uint32_t grace_seconds = kDefaultGraceSeconds;

  friend bool operator==(const BrokerEntry&, const BrokerEntry&) = default;
};

// Network that the workload has. There is one kind; the agent's socket to the broker is not it.
enum class Network : std::uint8_t { kNone };

// Manifest is the parsed document. `argv[0]` is the absolute path of a file with mode kProgram.
// `environment` is the whole environment. `broker` may be absent only where there is neither input
// nor output.
struct Manifest {
  std::string name;
  std::vector<std::string> argv;
  std::string working_directory = "/";
  std::map<std::string, std::string> environment;
  std::vector<FileEntry> files;
  std::vector<TreeEntry> trees;
  std::vector<LinkEntry> links;
  std::vector<InputEntry> inputs;
  std::vector<OutputEntry> outputs;
  Limits limits;
  Network network = Network::kNone;
  std::optional<BrokerEntry> broker;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// parse_manifest reads the TOML document: unknown members, missing members, relative or unclean
// paths (`..`, `//`), paths below a reserved folder (/ward /proc /dev /in /out /tmp), paths that
// occur twice and values beyond the bounds above are refused, each with its place.
[[nodiscard]] Result<Manifest, Diag> parse_manifest(Bytes document);

// to_toml writes a document that parse_manifest reads to an equal manifest.
[[nodiscard]] std::string to_toml(const Manifest& manifest);

}  // namespace ward::keep
