#include "apps/ward/evidence_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "apps/ward/cli.h"
#include "base/reader.h"
#include "tee/all.h"

namespace ward::cli {
namespace {

constexpr std::array<std::uint8_t, 16> kIntel = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
constexpr std::size_t kIntelAt = 12;         // quote header, QE vendor id
constexpr std::uint32_t kTeeSgx = 0;         // quote header of version 4 and 5, tee type
constexpr std::size_t kSnpReport = 0x4a0;    // AMD 56860, table 23
constexpr std::size_t kSnpAlgorithm = 0x34;  // SIGNATURE_ALGO: 1 is ECDSA P-384 with SHA-384
constexpr std::size_t kSpecIdAt = 32;        // TCG PC Client: TCG_PCR_EVENT.event

bool stands_at(Bytes file, std::size_t at, Bytes what) {
  return file.size() >= at + what.size() && equal(file.subspan(at, what.size()), what);
}

bool begins(Bytes file, std::string_view what) { return stands_at(file, 0, as_bytes(what)); }

// u32 is the little-endian number at `at`; nullopt behind the end.
std::optional<std::uint32_t> u32(Bytes file, std::size_t at) {
  if (file.size() < at) return std::nullopt;
  Reader r(file.subspan(at));
  std::uint32_t value = 0;
  return r.u32le(value) ? std::optional(value) : std::nullopt;
}

std::optional<Likely> intel_quote(Bytes file) {
  const auto version = u32(file, 0);
  if (!version || !stands_at(file, kIntelAt, kIntel)) return std::nullopt;
  switch (*version & 0xffffU) {
    case 3:
      return Likely{"sgx", "an Intel SGX quote of version 3", ""};
    case 4:
    case 5:
      if (u32(file, 4) == kTeeSgx) return Likely{"sgx", "an Intel SGX quote of version 4 or 5", ""};
      return Likely{"tdx", "an Intel TDX quote", ""};
    default:
      return std::nullopt;
  }
}

bool is_snp_report(Bytes file) {
  const auto version = u32(file, 0);
  return version && *version >= 2 && *version <= 5 && file.size() >= kSnpReport &&
         u32(file, kSnpAlgorithm) == 1U && !stands_at(file, kIntelAt, kIntel);
}

std::optional<Likely> other_evidence(Bytes file) {
  static constexpr std::array<std::uint8_t, 4> kTpmGenerated = {0xff, 'T', 'C', 'G'};
  static constexpr std::array<std::uint8_t, 6> kNitro = {0x84, 0x44, 0xa1, 0x01, 0x38, 0x22};
  static constexpr std::array<std::uint8_t, 3> kCca = {0xd9, 0x01, 0x8f};
  static constexpr std::array<std::uint8_t, 1> kTagged = {0xd2};  // CBOR tag 18, COSE_Sign1
  // TPMS_ATTEST, alone or as TPM2B_ATTEST behind its size.
  if (stands_at(file, 0, kTpmGenerated) || stands_at(file, 2, kTpmGenerated))
    return Likely{"tpm", "a TPM 2.0 quote", ""};
  if (stands_at(file, kSpecIdAt, as_bytes("Spec ID Event")))
    return Likely{"tpm", "a TCG event log (of a TPM, or a CCEL of TDX)",
                  "`ward inspect` prints what it says"};
  if (stands_at(file, 0, kNitro) || (stands_at(file, 0, kTagged) && stands_at(file, 1, kNitro)))
    return Likely{"nitro", "an AWS Nitro attestation document", ""};
  if (stands_at(file, 0, kCca)) return Likely{"cca", "an Arm CCA attestation token", ""};
  if (begins(file, "HCLA")) return Likely{"azure", "an Azure HCL report", ""};
  return std::nullopt;
}

// What people give by mistake.
std::optional<Likely> document(Bytes file) {
  if (begins(file, "WARDSEAL")) return Likely{"", "a sealed file", "`ward open` opens it"};
  if (begins(file, "eyJ"))
    return Likely{"", "a signed token (JWT)", "`ward token verify` judges an attestation result"};
  if (begins(file, "-----BEGIN "))
    return Likely{"", "a PEM file", "give certificates and CRLs with --collateral"};
  const auto text = as_text(file);
  const auto first = std::ranges::find_if_not(
      text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  if (first != text.end() && (*first == '{' || *first == '['))
    return Likely{"", "a JSON document", "give the evidence in it as one binary file"};
  if (begins(file,
             "\x7f"
             "ELF"))
    return Likely{"", "a program (ELF)", ""};
  return std::nullopt;
}

const attest::Scheme* scheme_named(std::string_view name) {
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    if (name == scheme->info().name) return scheme;
  }
  return nullptr;
}

std::string what_is_judged() {
  std::string out = "ward verifies here: ";
  bool first = true;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    if (!first) out += "; ";
    first = false;
    out += scheme->info().title;
  }
  return out;
}

}  // namespace

std::optional<Likely> likely_kind(Bytes file) {
  if (const auto quote = intel_quote(file)) return quote;
  if (is_snp_report(file)) return Likely{"snp", "an AMD SEV-SNP attestation report", ""};
  if (const auto other = other_evidence(file)) return other;
  return document(file);
}

const attest::Scheme* judge_of(Bytes file) {
  if (file.empty()) return nullptr;
  const auto likely = likely_kind(file);
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    if (!scheme->recognises(file)) continue;
    const std::string_view tee = likely ? likely->tee : "";
    const bool another = !tee.empty() && tee != scheme->info().name;
    return another ? scheme_named(tee) : scheme;
  }
  return nullptr;
}

int no_judge(const std::string& path, Bytes file) {
  if (file.empty()) return fail(kRefused, path + ": is empty: no evidence");
  const auto likely = likely_kind(file);
  if (!likely) {
    return fail(kCouldNotTell, path + ": no kind of evidence that ward knows",
                "give the evidence as the platform made it, one whole binary file");
  }
  const std::string hint = likely->hint;
  return fail(kCouldNotTell,
              path + ": looks like " + likely->what + ": no such kind of evidence here",
              hint.empty() ? what_is_judged() : hint);
}

}  // namespace ward::cli
