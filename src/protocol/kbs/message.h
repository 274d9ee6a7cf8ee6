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

// What ward speaks, in order of preference; the client asks for the first.
inline constexpr std::string_view kVersion = "0.4.0";

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
  std::string format;  // "toml" or "json", "cbor" as base64
  std::string body;    // exactly as measured
};

// Attestation presents the evidence (POST /attest).
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
[[nodiscard]] Result<std::string> write_attestation(const Attestation& attestation);
[[nodiscard]] Result<Attestation, Diag> parse_attestation(Bytes json);
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
