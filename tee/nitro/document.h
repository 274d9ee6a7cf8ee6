#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attest/claim_list.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tee/nitro/checks.h"
#include "token/cose.h"

// The attestation document of AWS Nitro Enclaves: bytes to a typed view and back. Form only.
// Document: aws-nitro-enclaves-nsm-api, docs/attestation_process.md ("NSM"), sections 2.2
// and 3.2.2.
namespace ward::nitro {

// Limits of NSM 2.2 and 3.1, each tested at its value and one above.
inline constexpr std::size_t kMaxPayload = 16384;
inline constexpr std::size_t kMaxCertificate = 1024;
inline constexpr std::size_t kMaxUserData =
    1024;  // 2.2; 3.2.2.2 says 512, and the module takes more
inline constexpr std::size_t kMaxModuleId = 1024;  // of our own: NSM names none
inline constexpr std::size_t kMaxBundle = 9;  // of our own: a path has ten certificates at most
inline constexpr std::uint32_t kPcrs = 32;
inline constexpr std::size_t kPcrSize = 48;  // of SHA384, the one digest that NSM allows

// Registers with a meaning (user guide, "Where to get an enclave's measurements").
inline constexpr std::uint32_t kImagePcr = 0;
inline constexpr std::uint32_t kKernelPcr = 1;
inline constexpr std::uint32_t kApplicationPcr = 2;
inline constexpr std::uint32_t kSignerPcr = 8;
inline constexpr std::uint32_t kWorkloadPcr = 16;  // ward's convention: README.md

// Pcr is one register; `value` borrows.
struct Pcr {
  std::uint32_t index = 0;
  Bytes value;
};

// Document borrows from the evidence that it was parsed from.
struct Document {
  token::CoseSign1 message;
  std::string_view module_id;
  std::string_view digest;  // as it stands
  std::uint64_t timestamp_ms = 0;
  std::vector<Pcr> pcrs;  // in order of their indices, none twice; PCR0 is there
  Bytes certificate;
  std::vector<Bytes> cabundle;  // the root first
  std::optional<Bytes> public_key;
  std::optional<Bytes> user_data;
  std::optional<Bytes> nonce;

  // pcr is one register; nullopt where the document does not have it.
  [[nodiscard]] std::optional<Bytes> pcr(std::uint32_t index) const;

  // debug is true where a register of the launch is zero: the hypervisor measures nothing then.
  [[nodiscard]] bool debug() const;

  void add_claims(attest::ClaimList& out) const;

  // layout names what has a name; `evidence` is what the document was parsed from.
  [[nodiscard]] std::vector<attest::LayoutField> layout(Bytes evidence) const;
};

// FormError is a check of form that fails, with what was found.
struct FormError {
  CheckId check = CheckId::kForm;
  std::string found;
  std::string expected;
};

// parse_document reads a COSE_Sign1, tagged or not, of a document. Optional members may be null, as
// the module writes them. A member that is not known is an error: nobody would judge it.
[[nodiscard]] std::variant<Document, FormError> parse_document(Bytes evidence);

// write_payload writes the document without its message around it: the inverse of parse_document,
// with map keys in deterministic order and no null members.
[[nodiscard]] Result<Buffer> write_payload(const Document& document);

}  // namespace ward::nitro
