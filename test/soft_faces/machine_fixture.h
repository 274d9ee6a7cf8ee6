#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codec/cbor_write.h"
#include "tee/all.h"
#include "tee/soft/guest.h"
#include "tee/soft/platform.h"
#include "tee/soft/world.h"
#include "test/support/vectors.h"
#include "verifier/verifier.h"

// For tests: one machine of the development platform with both processors, its maker's documents,
// and a keep to launch on it.
namespace ward::soft::faces_fixture {

inline constexpr UnixTime kFrom{1'790'000'000};
inline constexpr UnixTime kNow{1'790'000'000 + 86400};
inline constexpr unsigned kDays = 30;
inline constexpr std::array<std::uint8_t, 64> kReportData = {1, 2, 3};

inline crypto::PrivateKey copy_of(const crypto::PrivateKey& key) {
  return *crypto::PrivateKey::from_pkcs8(key.to_pkcs8().expose());
}

// RSA keys take long to make: those of test/snp_checks.
inline crypto::PrivateKey rsa_key(const std::string& file) {
  return *crypto::PrivateKey::from_pkcs8(
      test::read_file(test::source_dir() / "test/snp_checks/testdata" / file));
}

// Maker is who makes machines: all private keys, and the documents that a verifier needs.
struct Maker {
  DcapKeys dcap;
  AmdKeys amd;
  DcapCollateral sgx;
  DcapCollateral tdx;
  AmdCollateral snp;
  dcap::QeIdentity qe;
  dcap::QeIdentity td_qe;

  // documents are the collateral for a face.
  [[nodiscard]] attest::Collateral documents(const Face& face) const {
    if (const auto* form = std::get_if<AmdFace>(&face.form)) return snp.documents(form->key);
    return std::get<QuoteForm>(face.form).tee() == dcap::TeeType::kTdx ? tdx.documents()
                                                                       : sgx.documents();
  }

  [[nodiscard]] std::vector<attest::Anchor> anchors() const {
    const auto anchor = [](const crypto::PrivateKey& root) {
      return attest::Anchor{.spki_sha256 = crypto::sha256(root.public_key().to_spki()),
                            .name = "development",
                            .development = true};
    };
    return {anchor(dcap.root), anchor(amd.ark)};
  }
};

inline Maker make_maker(const std::string& seed = "maker") {
  crypto::SeededRng keys(as_bytes(seed));
  const auto p384 = [&] { return *crypto::PrivateKey::generate(crypto::KeyType::kP384, keys); };
  Maker m{.dcap = *generate_keys(keys),
          .amd = {rsa_key("one_ark.pkcs8"), rsa_key("one_ask.pkcs8"), rsa_key("one_asvk.pkcs8"),
                  p384(), p384()}};
  // The same draws for both worlds: one platform has one PCK certificate.
  for (const auto tee : {dcap::TeeType::kSgx, dcap::TeeType::kTdx}) {
    const bool is_tdx = tee == dcap::TeeType::kTdx;
    crypto::SeededRng rng(as_bytes(seed + " world"));
    const DcapWorld world = *default_world(m.dcap, kFrom, kDays, rng, tee);
    (is_tdx ? m.tdx : m.sgx) = *sign_world(world, m.dcap);
    (is_tdx ? m.td_qe : m.qe) = world.qe_identity;
  }
  crypto::SeededRng rng(as_bytes(seed + " amd world"));
  const AmdFace line{snp::Line::kGenoa, 5, snp::SigningKey::kVcek};
  m.snp = *sign_amd_world(*default_amd_world(m.amd, line, kFrom, kDays, rng), m.amd);
  return m;
}

// maker is the same in all tests of a program.
inline const Maker& maker() {
  static const Maker kMaker = make_maker();
  return kMaker;
}

inline IntelParts intel_parts(const Maker& m) {
  return {copy_of(m.dcap.pck), m.sgx.pck_chain_pem, m.qe, m.td_qe};
}

inline AmdParts amd_parts(const Maker& m) {
  return {copy_of(m.amd.vcek), copy_of(m.amd.vlek), m.snp};
}

inline Secret<32> device_root(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return crypto::random_secret<32>(rng);
}

inline std::unique_ptr<const Platform> make_platform(const char* device = "device") {
  return *Platform::create(device_root(device), intel_parts(maker()), amd_parts(maker()));
}

// canonical writes the measured form of a small manifest; `files` copies of its one file.
inline Buffer canonical(const std::string& argument = "/app/run", std::size_t files = 1,
                        std::size_t name_size = 0) {
  codec::CborWriter w;
  w.begin_map().member("version", 1U).member("name", "small");
  w.name("argv").begin_array().text(argument).end_array();
  w.name("environment").begin_map().member("A", "b").end_map();
  w.name("limits").begin_map().member("seconds", 60U).end_map();
  w.name("broker").null();
  w.name("files").begin_array();
  for (std::size_t i = 0; i < files; ++i) {
    w.begin_array().text("/app/" + std::to_string(i) + std::string(name_size, 'x')).uint(0111);
    w.bytes(crypto::sha256(as_bytes(std::to_string(i)))).uint(i).end_array();
  }
  w.end_array().name("links").begin_array();
  w.begin_array().text("/bin/sh").text("/app/0").end_array().end_array();
  return *w.end_map().take();
}

inline Launch good_launch() {
  Launch out;
  out.runtime = to_buffer(as_bytes("the canonical form of the ward-keep image"));
  out.canonical = canonical();
  out.workload = crypto::sha384(as_bytes("init-data"));
  return out;
}

inline std::unique_ptr<Guest> start(const Platform& platform, const Face& face,
                                    Launch launch_of = good_launch()) {
  crypto::SeededRng rng(as_bytes("launch"));
  auto made = launch(platform, face, std::move(launch_of), rng);
  return made ? *std::move(made) : nullptr;
}

inline attest::Expectations expectations(const Guest& guest, const Launch& of) {
  const bool is_snp = std::string_view(guest.tee()) == "snp";
  const bool is_sgx = std::string_view(guest.tee()) == "sgx";
  Buffer workload = to_buffer(of.workload);
  workload.resize(is_snp ? 32 : is_sgx ? 64 : 48);
  return {.report_data = std::vector<Buffer>{to_buffer(kReportData)},
          .measurement = std::vector<Buffer>{guest.launch_measurement()},
          .workload = std::vector<Buffer>{workload}};
}

// Judging is what a verifier is given beside the evidence.
struct Judging {
  bool root = true;   // the development roots are named
  bool allow = true;  // and allow_development is said
  bool debug = false;
  attest::Expectations expected;
};

inline attest::Appraisal judge(const Guest& guest, Bytes octets,
                               const std::vector<attest::Document>& documents, const Judging& how) {
  attest::Policy policy{.name = "test"};
  policy.allow_development = how.allow;
  policy.allow_debug = how.debug;
  const verifier::Verifier verifier(
      tee::all_schemes(), how.root ? maker().anchors() : std::vector<attest::Anchor>{}, policy);
  attest::Collateral collateral = maker().documents(guest.face());
  collateral.documents.insert(collateral.documents.end(), documents.begin(), documents.end());
  auto out = verifier.appraise(
      {.evidence = octets, .collateral = collateral, .now = kNow, .expected = how.expected});
  return out ? *std::move(out) : attest::Appraisal{};
}

}  // namespace ward::soft::faces_fixture
