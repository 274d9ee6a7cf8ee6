#include "apps/ward/evidence_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "apps/ward/cli.h"
#include "tee/all.h"

namespace ward::cli {
namespace {

constexpr std::size_t kSpecIdAt = 32;  // TCG PC Client: TCG_PCR_EVENT.event

bool stands_at(Bytes file, std::size_t at, Bytes what) {
  return file.size() >= at + what.size() && equal(file.subspan(at, what.size()), what);
}

bool begins(Bytes file, std::string_view what) { return stands_at(file, 0, as_bytes(what)); }

std::optional<Likely> other_evidence(Bytes file) {
  static constexpr std::array<std::uint8_t, 4> kTpmGenerated = {0xff, 'T', 'C', 'G'};
  static constexpr std::array<std::uint8_t, 6> kNitro = {0x84, 0x44, 0xa1, 0x01, 0x38, 0x22};
  static constexpr std::array<std::uint8_t, 3> kCca = {0xd9, 0x01, 0x8f};
  static constexpr std::array<std::uint8_t, 1> kTagged = {0xd2};  // CBOR tag 18, COSE_Sign1
  // TPMS_ATTEST, alone or as TPM2B_ATTEST behind its size.
  if (stands_at(file, 0, kTpmGenerated) || stands_at(file, 2, kTpmGenerated)) {
    return Likely{"tpm", "a TPM 2.0 quote", ""};
  }
  if (stands_at(file, kSpecIdAt, as_bytes("Spec ID Event"))) {
    return Likely{"tpm", "a TCG event log (of a TPM, or a CCEL of TDX)",
                  "`ward inspect` prints what it says"};
  }
  if (stands_at(file, 0, kNitro) || (stands_at(file, 0, kTagged) && stands_at(file, 1, kNitro))) {
    return Likely{"nitro", "an AWS Nitro attestation document", ""};
  }
  if (stands_at(file, 0, kCca)) return Likely{"cca", "an Arm CCA attestation token", ""};
  if (begins(file, "HCLA")) return Likely{"azure", "an Azure HCL report", ""};
  return std::nullopt;
}

// What people give by mistake.
std::optional<Likely> document(Bytes file) {
  if (begins(file, "WARDSEAL")) return Likely{"", "a sealed file", "`ward open` opens it"};
  if (begins(file, "eyJ")) {
    return Likely{"", "a signed token (JWT)", "`ward token verify` judges an attestation result"};
  }
  if (begins(file, "-----BEGIN ")) {
    return Likely{"", "a PEM file", "give certificates and CRLs with --collateral"};
  }
  const auto text = as_text(file);
  const auto first = std::ranges::find_if_not(
      text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  if (first != text.end() && (*first == '{' || *first == '[')) {
    return Likely{"", "a JSON document", "give the evidence in it as one binary file"};
  }
  if (begins(file,
             "\x7f"
             "ELF")) {
    return Likely{"", "a program (ELF)", ""};
  }
  return std::nullopt;
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

// Of either alphabet, with padding or without: writers differ in both.
std::optional<Buffer> any_base64(std::string text) {
  while (text.ends_with('=')) {
    text.pop_back();
  }
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return from_base64(text, Base64::kUrl);
}

}  // namespace

std::optional<Likely> likely_kind(Bytes file) {
  if (const auto other = other_evidence(file)) return other;
  return document(file);
}

const attest::Scheme* judge_of(Bytes file) {
  return file.empty() ? nullptr : attest::recognise(tee::all_schemes(), file);
}

Buffer plain_evidence(Buffer file) {
  if (judge_of(file) != nullptr) return file;
  std::string text;
  for (const char c : as_text(file)) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') text += c;
  }
  auto octets = from_hex(text);
  if (!octets) octets = any_base64(std::move(text));
  return octets && judge_of(*octets) != nullptr ? *std::move(octets) : file;
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
