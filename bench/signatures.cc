#include "bench/signatures.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "crypto/signature.h"

namespace ward::bench {
namespace {

using attest::KeyForm;
using attest::SignatureFact;
using attest::SignatureForm;

// Sample is a signature in one form whatever it stood in, so that equal ones are seen to be equal.
struct Sample {
  std::string algorithm;
  Buffer spki;
  Buffer message;
  Buffer signature;  // ECDSA: r || s, big-endian

  auto operator<=>(const Sample&) const = default;  // NOLINT(modernize-use-nullptr)
};

// AMD's form: r and s little-endian in 72 octets each, of which P-384 fills 48.
Buffer from_little_endian(Bytes octets) {
  constexpr std::size_t kField = 72;
  constexpr std::size_t kNumber = 48;
  Buffer out = concat({octets.first(kNumber), octets.subspan(kField, kNumber)});
  std::reverse(out.begin(), out.begin() + kNumber);
  std::reverse(out.begin() + kNumber, out.end());
  return out;
}

// DER ECDSA-Sig-Value: SEQUENCE { INTEGER, INTEGER }, each of these of less than 128 octets.
std::optional<Buffer> from_der(Bytes der, std::size_t number) {
  Buffer out;
  if (der.size() < 2) return std::nullopt;
  std::size_t at = der[1] == 0x81 ? 3 : 2;  // P-521's are longer than 127 octets
  for (int i = 0; i < 2; ++i) {
    if (at + 2 > der.size() || at + 2 + der[at + 1] > der.size()) return std::nullopt;
    Bytes value = der.subspan(at + 2, der[at + 1]);
    at += 2 + value.size();
    while (!value.empty() && value.front() == 0) {
      value = value.subspan(1);
    }
    if (value.size() > number) return std::nullopt;
    out.resize(out.size() + number - value.size());
    out.insert(out.end(), value.begin(), value.end());
  }
  return out;
}

std::optional<Buffer> signature_octets(const attest::Work& work, const SignatureFact& fact) {
  const Bytes octets = work.bytes(fact.signature);
  switch (fact.form) {
    case SignatureForm::kFixed:
      return to_buffer(octets);
    case SignatureForm::kHex: {
      auto out = from_hex(as_text(octets));
      return out ? std::optional(*out) : std::nullopt;
    }
    case SignatureForm::kLittleEndian:
      return from_little_endian(octets);
    case SignatureForm::kOwn:
      break;
  }
  if (!fact.algorithm.starts_with("ES") && !fact.algorithm.starts_with("ECDSA")) {
    return to_buffer(octets);
  }
  if (fact.algorithm == "ES512") return from_der(octets, 66);
  return from_der(octets, fact.algorithm == "ES256" ? 32 : 48);
}

Result<Sample> sample_of(const attest::Work& work, const SignatureFact& fact) {
  Sample out{.algorithm = fact.algorithm, .message = to_buffer(work.bytes(fact.message))};
  out.spki = to_buffer(work.bytes(fact.key));
  if (fact.key_form == KeyForm::kPoint) {
    WARD_TRY(const auto key, crypto::PublicKey::from_p256_xy(out.spki));
    out.spki = key.to_spki();
  }
  const auto signature = signature_octets(work, fact);
  if (!signature) return Error(Errc::kMalformed, "bench: a signature in an unknown form");
  out.signature = *signature;
  return out;
}

Result<Bare> bare_of(const Sample& sample) {
  Bare out;
  if (sample.algorithm == "ES256") {
    out = bare_p256(sample.spki, sample.message, sample.signature);
  } else if (sample.algorithm == "ES384" || sample.algorithm == "ECDSA-P384-SHA256") {
    out = bare_p384(sample.algorithm, sample.spki, sample.message, sample.signature);
  } else {
    auto other = bare_evp(sample.algorithm, sample.spki, sample.message, sample.signature);
    if (!other) return Error(Errc::kUnsupported, "bench: no library is called for an algorithm");
    out = *std::move(other);
  }
  if (!out.run()) return Error(Errc::kMalformed, "bench: a signature does not verify by itself");
  return out;
}

}  // namespace

Result<std::vector<Bare>> signatures_of(const attest::Work& work) {
  std::set<Sample> distinct;
  for (const SignatureFact& fact : work.signatures) {
    WARD_TRY(Sample sample, sample_of(work, fact));
    distinct.insert(std::move(sample));
  }
  std::vector<Bare> out;
  for (const Sample& sample : distinct) {
    WARD_TRY(Bare bare, bare_of(sample));
    out.push_back(std::move(bare));
  }
  return out;
}

Result<Bare> quote_signature_of(const attest::Work& work) {
  for (const SignatureFact& fact : work.signatures) {
    if (fact.message.material != 0 || fact.message.offset != 0) continue;
    WARD_TRY(const Sample sample, sample_of(work, fact));
    return bare_of(sample);
  }
  return Error(Errc::kMalformed, "bench: nothing signs the evidence");
}

Base sum_of(std::string name, std::vector<Bare> all) {
  std::string label;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto same = [&](const Bare& other) {
      return other.algorithm == all[i].algorithm && other.library == all[i].library;
    };
    if (std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;
    label += (label.empty() ? "" : " + ") + std::to_string(std::ranges::count_if(all, same)) +
             " x " + all[i].algorithm + " (" + all[i].library + ")";
  }
  return {std::move(name), std::move(label), [all = std::move(all)] {
            return std::ranges::all_of(all, [](const Bare& bare) { return bare.run(); });
          }};
}

}  // namespace ward::bench
