// Certificates of real machines and of AMD's: who signed whom, and what that is worth. The manifest
// of the vectors says nothing of most of them; what stands here was found out with openssl's
// numbers by hand, and agrees with it where it speaks.
#include "test/support/vectors.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "tee/sev/platform.h"
#include "tee/sev/session.h"
#include "tee/sev/verify.h"
#include "test/sev_fixture/fixture.h"

namespace ward::sev {
namespace {

using attest::Outcome;
using test::read_file;
using Ids = std::vector<std::string>;

std::filesystem::path vector(const std::string& name) { return test::vectors_dir() / "sev" / name; }

std::filesystem::path of_amd(const std::string& name) {
  return test::source_dir() / "tee/sev/testdata/amd" / name;
}

// A row: the file, what is in it, and whose keys among all files here signed it.
struct Row {
  const char* file;
  Usage usage;
  std::vector<std::string> signers;
};

const Row kRows[] = {
    {"enarx_naples_ark.cert", Usage::kArk, {"enarx_naples_ark.cert"}},
    // The same key; where the signature was, zeros.
    {"enarx_certs_ca_naples_ark.cert.fixed", Usage::kArk, {}},
    // Not of Naples, whatever its name: Rome's ASK signed it.
    {"enarx_naples_cek.cert.fixed", Usage::kCek, {"rome ASK"}},
    // As the chip exports it; its key is that of the CEK of naples_platform.cert.
    {"enarx_certs_naples_cek-unsigned.cert", Usage::kCek, {}},
    {"enarx_naples_oca.cert", Usage::kOca, {"enarx_naples_oca.cert"}},
    // The CEK that signed it is not among them.
    {"enarx_naples_pek.cert", Usage::kPek, {"enarx_naples_oca.cert"}},
    {"enarx_naples_pdh.cert", Usage::kPdh, {"enarx_naples_pek.cert"}},
    {"enarx_rome_oca.cert", Usage::kOca, {"enarx_rome_oca.cert", "rome OCA"}},
    {"enarx_rome_pek.cert", Usage::kPek, {"enarx_rome_oca.cert", "rome OCA", "rome CEK"}},
    {"enarx_rome_pdh.cert", Usage::kPdh, {"enarx_rome_pek.cert", "rome PEK"}},
    {"sev_milan_ask.cert", Usage::kAsk, {"milan ARK"}},
    {"sev_genoa_ask.cert", Usage::kAsk, {}},
    {"sev_turin_ask.cert", Usage::kAsk, {}},
    {"sev_milan_cek.cert", Usage::kCek, {"sev_milan_ask.cert", "milan ASK"}},
    {"sev_milan_oca.cert", Usage::kOca, {"sev_milan_oca.cert"}},
    {"sev_milan_pek.cert", Usage::kPek, {"sev_milan_oca.cert", "sev_milan_cek.cert"}},
    {"sev_milan_pdh.cert", Usage::kPdh, {"sev_milan_pek.cert"}},
};

// Every certificate there is, by a name.
std::map<std::string, Certificate> all_certificates() {
  std::map<std::string, Certificate> out;
  for (const Row& row : kRows)
    out.emplace(row.file, parse_certificates(read_file(vector(row.file)))->front());
  const auto add = [&](const std::string& line, const std::filesystem::path& file) {
    auto read = parse_certificates(read_file(file));
    for (Certificate& c : *read)
      out.emplace(line + " " + usage_name(c.usage), std::move(c));
  };
  add("milan", vector("go-sev-guest_verify_trust_ask_ark_milan.sevcert"));
  add("naples", of_amd("ask_ark_naples.cert"));
  add("naples", of_amd("naples_platform.cert"));
  add("rome", of_amd("ask_ark_rome.cert"));
  add("rome", of_amd("rome_platform.cert"));
  return out;
}

TEST(SevVectors, EveryFileOfTheManifestIsHere) {
  WARD_NEED_VECTORS();
  std::size_t seen = 0;
  std::size_t rows = 0;
  for (auto& row : test::read_tsv(test::vectors_dir() / "MANIFEST.tsv")) {
    const std::string& file = row["file"];
    if (row["kind"] != "sev-legacy-cert") continue;
    ++rows;
    const std::string name = file.substr(std::string("sev/").size());
    const bool known = name == "go-sev-guest_verify_trust_ask_ark_milan.sevcert" ||
                       std::ranges::any_of(kRows, [&](const Row& r) { return r.file == name; });
    EXPECT_TRUE(known) << name;
    ++seen;
  }
  EXPECT_EQ(rows, 20U);
  test::report_vectors("sev-legacy-cert", rows, seen, 0);
}

TEST(SevVectors, EachIsSignedByWhomItIsSignedBy) {
  WARD_NEED_VECTORS();
  const auto all = all_certificates();
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.file);
    const Certificate& c = all.at(row.file);
    EXPECT_EQ(c.usage, row.usage);
    EXPECT_EQ(write(c.parts), c.raw);
    for (const auto& [name, one] : all) {
      const Certificate& signer = one;
      // Copies under another name are the same key.
      const bool expected = std::ranges::any_of(row.signers, [&](const std::string& s) {
        return all.at(s).spki_sha256 == signer.spki_sha256;
      });
      EXPECT_EQ(signed_by(c, signer), expected) << name;
    }
  }
}

// What this generation's format and X.509 (tee/snp) name is one key; Naples and Rome have theirs.
TEST(SevVectors, TheRootsArePinned) {
  WARD_NEED_VECTORS();
  const auto all = all_certificates();
  const auto roots = pinned_roots();
  ASSERT_EQ(roots.size(), std::size(kLines));
  EXPECT_EQ(roots[0].spki_sha256, all.at("naples ARK").spki_sha256);
  EXPECT_EQ(roots[0].spki_sha256, all.at("enarx_naples_ark.cert").spki_sha256);
  EXPECT_EQ(roots[0].spki_sha256, all.at("enarx_certs_ca_naples_ark.cert.fixed").spki_sha256);
  EXPECT_EQ(roots[1].spki_sha256, all.at("rome ARK").spki_sha256);
  EXPECT_EQ(roots[2].spki_sha256, all.at("milan ARK").spki_sha256);
  EXPECT_TRUE(signed_by(all.at("naples ASK"), all.at("naples ARK")));
  EXPECT_TRUE(signed_by(all.at("rome ASK"), all.at("rome ARK")));
  EXPECT_TRUE(signed_by(all.at("rome ARK"), all.at("rome ARK")));
  EXPECT_TRUE(signed_by(all.at("milan ARK"), all.at("milan ARK")));
}

struct Platform {
  const char* name;
  std::vector<std::filesystem::path> files;
  const char* line;  // where all is right
  Ids fails;
  Ids open;
};

std::vector<Platform> platforms() {
  return {
      {"naples", {of_amd("naples_platform.cert"), of_amd("ask_ark_naples.cert")}, "Naples", {}, {}},
      {"naples, another ARK's copy",
       {of_amd("naples_platform.cert"), of_amd("ask_ark_naples.cert"),
        vector("enarx_naples_ark.cert")},
       "Naples",
       {},
       {}},
      {"rome", {of_amd("rome_platform.cert"), of_amd("ask_ark_rome.cert")}, "Rome", {}, {}},
      {"milan",
       {vector("sev_milan_pdh.cert"), vector("sev_milan_pek.cert"), vector("sev_milan_oca.cert"),
        vector("sev_milan_cek.cert"), vector("go-sev-guest_verify_trust_ask_ark_milan.sevcert")},
       "Milan",
       {},
       {}},
      {"milan without AMD's root",
       {vector("sev_milan_pdh.cert"), vector("sev_milan_pek.cert"), vector("sev_milan_oca.cert"),
        vector("sev_milan_cek.cert"), vector("sev_milan_ask.cert")},
       "",
       {},
       {"sev.ask.signature", "sev.ark.root", "sev.ark.present"}},
      {"enarx rome with its CEK: copies of the same export",
       {vector("enarx_rome_pdh.cert"), vector("enarx_rome_pek.cert"), vector("enarx_rome_oca.cert"),
        of_amd("rome_platform.cert"), of_amd("ask_ark_rome.cert")},
       "Rome",
       {},
       {}},
      {"two platforms at once",
       {of_amd("naples_platform.cert"), of_amd("rome_platform.cert"), of_amd("ask_ark_rome.cert")},
       "",
       {},
       {"sev.pdh.signature", "sev.pek.present"}},
      {"enarx naples: the CEK is another chip's",
       {vector("enarx_naples_pdh.cert"), vector("enarx_naples_pek.cert"),
        vector("enarx_naples_oca.cert"), vector("enarx_naples_cek.cert.fixed"),
        of_amd("ask_ark_rome.cert")},
       "Rome",
       {"sev.pek.signature"},
       {}},
      {"enarx naples under Naples' own keys",
       {vector("enarx_naples_pdh.cert"), vector("enarx_naples_pek.cert"),
        vector("enarx_naples_oca.cert"), vector("enarx_naples_cek.cert.fixed"),
        of_amd("ask_ark_naples.cert")},
       "Naples",
       {"sev.pek.signature", "sev.cek.signature"},
       {}},
  };
}

TEST(SevVectors, PlatformsOfRealMachinesAreJudged) {
  WARD_NEED_VECTORS();
  for (const Platform& p : platforms()) {
    SCOPED_TRACE(p.name);
    attest::Collateral collateral;
    for (const auto& file : p.files)
      collateral.documents.push_back({file.filename().string(), read_file(file)});
    std::optional<crypto::PublicKey> pdh;
    const attest::Findings found = judge_platform(collateral, pinned_roots(), pdh);
    Ids fails;
    for (const attest::Check& check : found.checks) {
      if (check.outcome == Outcome::kFailed) fails.emplace_back(check.info->id);
      const bool open = std::ranges::find(p.open, check.info->id) != p.open.end();
      if (open) {
        EXPECT_EQ(check.outcome, Outcome::kNotDone) << check.info->id;
      }
    }
    std::ranges::sort(fails);
    Ids expected = p.fails;
    std::ranges::sort(expected);
    EXPECT_EQ(fails, expected);
    const bool all_right = p.fails.empty() && p.open.empty();
    EXPECT_EQ(attest::verdict_of(found.checks) == attest::Verdict::kAccepted, all_right);
    if (all_right) {
      EXPECT_TRUE(pdh.has_value());
      EXPECT_FALSE(found.development);
    }
    const std::vector<std::string> line = *p.line == '\0' ? Ids{} : Ids{p.line};
    EXPECT_EQ(found.facts.products, line);
  }
}

// The manifest: "reject:unsigned".
TEST(SevVectors, AChipsOwnUnsignedCertificateIsRefusedAndTheSignedOneOfItsKeyTaken) {
  WARD_NEED_VECTORS();
  const auto bare = read_file(vector("enarx_certs_naples_cek-unsigned.cert"));
  const auto platform = read_file(of_amd("naples_platform.cert"));
  const Buffer without_cek = to_buffer(Bytes(platform).first(3 * kCertificateSize));
  attest::Collateral collateral{{{"platform", without_cek},
                                 {"cek", bare},
                                 {"amd", read_file(of_amd("ask_ark_naples.cert"))}}};
  std::optional<crypto::PublicKey> pdh;
  attest::Findings found = judge_platform(collateral, pinned_roots(), pdh);
  Ids fails;
  for (const attest::Check& check : found.checks) {
    if (check.outcome == Outcome::kFailed) fails.emplace_back(check.info->id);
  }
  EXPECT_EQ(fails, Ids{"sev.cek.signature"});
  collateral.documents.push_back({"signed", platform});
  found = judge_platform(collateral, pinned_roots(), pdh);
  EXPECT_EQ(attest::verdict_of(found.checks), attest::Verdict::kAccepted);
}

Buffer octets_of(const codec::JsonValue* value) {
  Buffer out;
  for (const codec::JsonValue& item : value->items())
    out.push_back(static_cast<std::uint8_t>(*item.as_uint()));
  return out;
}

// What Trustee's broker sent a host: the owner's certificate and session, with a policy of zero.
// The certificate has a hundred octets of something else where the format has zeros behind the key:
// the peer wrote memory out that it had not cleared. Such a certificate is refused; ward's own are
// clean.
TEST(SevVectors, TheChallengeOfTrusteeHoldsASessionOfThisForm) {
  WARD_NEED_VECTORS();
  const auto parsed = codec::parse_json(read_file(vector("kbs_sev_challenge.json")));
  ASSERT_TRUE(parsed);
  const codec::JsonValue* start = parsed->find("extra-params")->find("start");
  ASSERT_NE(start, nullptr);
  Buffer godh = octets_of(start->find("cert"));
  ASSERT_EQ(godh.size(), kCertificateSize);
  ASSERT_FALSE(parse_certificates(godh));
  constexpr std::size_t kBehindKey = certificate::Pubkey::kBegin + 4 + kEcdsaSize;
  const auto behind = std::span(godh).subspan(kBehindKey, certificate::Pubkey::kEnd - kBehindKey);
  EXPECT_EQ(std::ranges::count_if(behind, [](auto octet) { return octet != 0; }), 100);
  std::ranges::fill(behind, std::uint8_t{0});
  const auto certificate = parse_certificates(godh);
  ASSERT_TRUE(certificate) << certificate.error().what();
  EXPECT_EQ(certificate->front().usage, Usage::kPdh);
  EXPECT_EQ(certificate->front().key.type(), crypto::KeyType::kP384);
  for (const Signature& s : std::get<PlatformParts>(certificate->front().parts).signatures)
    EXPECT_EQ(s.signer, Usage::kNone);
  Buffer blob;
  for (const char* part : {"nonce", "wrap_tk", "wrap_iv", "wrap_mac", "policy_mac"}) {
    const Buffer octets = octets_of(start->find("session")->find(part));
    blob.insert(blob.end(), octets.begin(), octets.end());
  }
  const auto session = parse_session(blob);
  ASSERT_TRUE(session);
  EXPECT_EQ(write_session(*session), blob);
  test::report_vectors("sev-legacy", 1, 1, 0);
}

}  // namespace
}  // namespace ward::sev
