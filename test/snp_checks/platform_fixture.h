#pragma once

#include <functional>
#include <string>
#include <vector>

#include "codec/pem.h"
#include "pki/certificate.h"
#include "tee/all.h"
#include "tee/soft/snp_stage.h"
#include "test/support/vectors.h"
#include "verifier/verifier.h"

// For tests: a good SEV-SNP platform (tee/soft/snp_stage.h), what is expected of it, and changes
// to it.
namespace ward::soft::snp_fixture {

using attest::Appraisal;

inline constexpr UnixTime kFrom{1'790'000'000};
inline constexpr UnixTime kNow{1'790'000'000 + 86400};
inline constexpr UnixTime kLater{1'790'000'000 + 2 * 86400};
inline constexpr unsigned kDays = 30;

using Face = SnpFace;

inline constexpr Face kFaces[] = {
    {"milan_2_vcek", {snp::Line::kMilan, 2, snp::SigningKey::kVcek}},
    {"genoa_3_vlek", {snp::Line::kGenoa, 3, snp::SigningKey::kVlek}},
    {"genoa_4_vcek_extended", {snp::Line::kGenoa, 4, snp::SigningKey::kVcek}, true},
    {"turin_5_vcek", {snp::Line::kTurin, 5, snp::SigningKey::kVcek}},
};

inline crypto::PrivateKey key_of(const std::string& file) {
  const Buffer der = test::read_file(test::source_dir() / "test/snp_checks/testdata" / file);
  return *crypto::PrivateKey::from_pkcs8(der);
}

// keys_of are the same in every run: RSA keys take long to make and cannot be drawn from a seed, so
// they stand in files. They have 2048 bits, which judge alike.
inline const AmdKeys& keys_of(const std::string& name) {
  const auto make = [](const std::string& n) {
    crypto::SeededRng rng(as_bytes(n));
    return AmdKeys{key_of(n + "_ark.pkcs8"), key_of(n + "_ask.pkcs8"), key_of(n + "_asvk.pkcs8"),
                   *crypto::PrivateKey::generate(crypto::KeyType::kP384, rng),
                   *crypto::PrivateKey::generate(crypto::KeyType::kP384, rng)};
  };
  static const AmdKeys kOne = make("one");
  static const AmdKeys kTwo = make("two");
  return name == "one" ? kOne : kTwo;
}

// Everything that one appraisal is made of. A case changes it before it is signed (Stage) or after
// (Made).
struct Stage : SnpStage {
  attest::Policy policy{.name = "test", .allow_development = true};
  attest::Expectations expected;
  bool root_of_hardware = false;  // what the relying party takes the root for
};

using Made = SnpMade;

// Case changes one fact. The id is without the TEE's name.
struct Case {
  std::string id;
  std::function<void(Stage&)> before = [](Stage&) {};
  std::function<void(Made&, Stage&)> after = [](Made&, Stage&) {};
  std::function<bool(const Face&)> of = [](const Face&) { return true; };
};

inline Stage good_stage(const Face& face) {
  crypto::SeededRng rng(as_bytes(std::string("amd ") + face.name));
  Stage s{*soft::good_stage(face, keys_of("one"), kFrom, kDays, rng)};
  s.expected = s.expectations();
  return s;
}

inline Made make(const Stage& s) { return *sign_stage(s); }

// document returns the one with this name.
inline Buffer& document(Made& m, std::string_view name) {
  for (attest::Document& d : m.documents.documents) {
    if (d.name == name) return d.bytes;
  }
  std::abort();
}

inline void drop(Made& m, std::string_view name) {
  std::erase_if(m.documents.documents, [&](const attest::Document& d) { return d.name == name; });
}

inline attest::Anchor anchor_of(const AmdKeys& keys) {
  return {.spki_sha256 = crypto::sha256(keys.ark.public_key().to_spki()),
          .name = "development",
          .development = true};
}

inline Appraisal judge(const Made& m, const Stage& s, UnixTime now = kNow) {
  attest::Anchor anchor = anchor_of(keys_of("one"));
  anchor.development = !s.root_of_hardware;
  const verifier::Verifier verifier(tee::all_schemes(), {anchor}, s.policy);
  const Buffer evidence = m.whole();
  auto out = verifier.appraise(
      {.evidence = evidence, .collateral = m.documents, .now = now, .expected = s.expected});
  return out ? *std::move(out) : Appraisal{};
}

}  // namespace ward::soft::snp_fixture
