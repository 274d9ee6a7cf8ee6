#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/result.h"

// The messages of Trustee's KBS protocol (docs/protocols/kbs.md), without sockets or keys.
namespace ward::protocol::kbs {

// Version is one of those that ward speaks. /auth chooses it; the shape of /attest, what the
// evidence binds and the form of the reply follow from it.
enum class Version : std::uint8_t {
  // NOLINTBEGIN(readability-identifier-naming): without its points a version is another number
  k0_1_1,  // evidence as JSON in a string; the reply's header is not authenticated
  k0_2_0,  // evidence as a JSON value, RFC 7516 replies
  k0_4_0,  // runtime-data, init-data, additional evidence, RFC 8785
  // NOLINTEND(readability-identifier-naming)
};

// kVersions lists them, the best first; ward's own client asks for that.
inline constexpr std::array<Version, 3> kVersions = {Version::k0_4_0, Version::k0_2_0,
                                                     Version::k0_1_1};

// to_text gives "0.4.0"; version_of is its inverse, nullopt for every other text.
[[nodiscard]] std::string_view to_text(Version version);
[[nodiscard]] std::optional<Version> version_of(std::string_view text);

// Bounds on messages (kLimit, or a Diag for JSON).
inline constexpr std::size_t kMaxMessageBytes = 2U << 20U;     // Trustee's default body limit
inline constexpr std::size_t kMaxInitDataBytes = 256U << 10U;  // the TOML text
inline constexpr std::size_t kMaxPathPiece = 128;              // of a resource path

inline constexpr std::size_t kNonceBytes = 32;
inline constexpr std::size_t kReportDataBytes = 64;  // SGX, TDX and SNP

// Request opens the exchange (POST /auth).
struct Request {
  std::string version;  // "0.4.0"
  std::string tee;      // canonical name: "sgx", "az-snp-vtpm" (older spellings are folded)
};

// Challenge answers it. `nonce` stays text: the evidence binds exactly these characters.
struct Challenge {
  std::string nonce;  // base64 with padding, of kNonceBytes octets
};

// InitData is the manifest that the workload was started with; its digest is in the evidence.
struct InitData {
  std::string format;  // "toml": the server takes no other
  std::string body;    // exactly as measured
};

// init_data_digest is the digest that the evidence carries: of the body's octets, by the algorithm
// that the TOML names in `algorithm` (sha256, sha384, sha512; sha384 where it names none). The Diag
// says what is wrong with another format, TOML that does not parse, and another algorithm.
[[nodiscard]] Result<Buffer, Diag> init_data_digest(const InitData& init_data);

// Attestation presents the evidence (POST /attest). Before 0.4.0 there are tee_pubkey and
// primary_evidence alone, and the others are empty: the nonce is the session's.
struct Attestation {
  std::optional<InitData> init_data;
  std::string nonce;
  std::string tee_pubkey;           // one JSON object (JWK), in the canonical form of RFC 8785
  std::string primary_evidence;     // one JSON value, as sent
  std::string additional_evidence;  // a string; empty where there are no other devices
};

// ErrorBody is the reply beside every status but 200 (RFC 7807-like).
struct ErrorBody {
  std::string type;    // the last part of the type URI: "AttestationError", "PolicyDeny"
  std::string detail;  // says why, a sentence; never holds secrets
};

// Each write_* returns one JSON text; each parse_* is strict about what it needs and ignores
// members that it does not know, as Trustee does.
[[nodiscard]] Result<std::string> write_request(const Request& request);
[[nodiscard]] Result<Request, Diag> parse_request(Bytes json);
[[nodiscard]] Result<std::string> write_challenge(const Challenge& challenge);
[[nodiscard]] Result<Challenge, Diag> parse_challenge(Bytes json);

// An attestation is of one version's shape: a member that only another version has is refused, and
// the Diag names that version. kInternal: the message has what the version cannot say.
[[nodiscard]] Result<std::string> write_attestation(const Attestation& attestation,
                                                    Version version);
[[nodiscard]] Result<Attestation, Diag> parse_attestation(Bytes json, Version version);

[[nodiscard]] Result<std::string> write_token_reply(std::string_view token);
[[nodiscard]] Result<std::string, Diag> parse_token_reply(Bytes json);
[[nodiscard]] std::string write_error(const ErrorBody& error);
[[nodiscard]] Result<ErrorBody, Diag> parse_error(Bytes json);

// runtime_data is what the primary evidence binds: the RFC 8785 text of
// {"additional-evidence":...,"nonce":...,"tee-pubkey":{...}}. `tee_pubkey` is a JSON object.
// kMalformed where it is none.
[[nodiscard]] Result<std::string> runtime_data(std::string_view nonce, std::string_view tee_pubkey,
                                               std::string_view additional_evidence);

// device_runtime_data is what additional devices bind: the same without additional-evidence.
[[nodiscard]] Result<std::string> device_runtime_data(std::string_view nonce,
                                                      std::string_view tee_pubkey);

// bound_text is what the primary evidence of a version binds: runtime_data, before 0.4.0
// device_runtime_data (sorted keys without blanks are the same text as RFC 8785's there).
[[nodiscard]] Result<std::string> bound_text(Version version, const Attestation& message,
                                             std::string_view nonce);

// report_data is SHA-384 of the runtime data, followed by zeros: the whole field of SGX, TDX, SNP.
[[nodiscard]] std::array<std::uint8_t, kReportDataBytes> report_data(std::string_view runtime_data);

// canonical_tee folds the spellings of older versions ("azsnpvtpm") into today's; nullopt for a
// name that neither the protocol nor ward has.
[[nodiscard]] std::optional<std::string> canonical_tee(std::string_view name);

// ResourcePath names a resource: `repository/type/tag`, each piece of [A-Za-z0-9_-][A-Za-z0-9_.-]*.
struct ResourcePath {
  std::string repository;
  std::string type;
  std::string tag;

  [[nodiscard]] std::string text() const;

  friend bool operator==(const ResourcePath&, const ResourcePath&) = default;
};

// parse_resource_path takes exactly three pieces. kMalformed, kLimit.
[[nodiscard]] Result<ResourcePath> parse_resource_path(std::string_view text);

}  // namespace ward::protocol::kbs
