// What an appraisal says of a machine alone is found by comparing: two quotes of one machine, and
// one of another that differs from it in nothing but who it is. A text that is the same in the
// first two and another in the third names the machine, whichever check or claim it stands in, and
// must be gone where names are concealed (tee/identifying.h).
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/appraisal_json.h"
#include "attest/identity.h"
#include "crypto/repeatable.h"
#include "tee/all.h"
#include "tee/azure/made/stage.h"
#include "tee/cca/made/stage.h"
#include "tee/identifying.h"
#include "tee/keystone/made/stage.h"
#include "tee/nitro/made/stage.h"
#include "tee/nvidia/made/stage.h"
#include "tee/psa/made/stage.h"
#include "tee/sev/made/cases.h"
#include "tee/tpm/made/stage.h"
#include "tee/x509/development.h"
#include "test/dcap_checks/platform_fixture.h"
#include "test/snp_checks/platform_fixture.h"
#include "verifier/verifier.h"

namespace ward {
namespace {

using attest::Appraisal;
using crypto::PrivateKey;

// Which of three quotes is made: the second is of another workload on the same machine.
struct Which {
  bool other_quote = false;
  bool other_machine = false;

  [[nodiscard]] std::uint8_t quote() const { return other_quote ? 0x52 : 0x51; }
};

// What differs between machines besides their keys, and no maker says: their certificates are
// issued when they are.
constexpr std::int64_t kIssuedLater = 3661;

struct Sent {
  Buffer evidence;
  attest::Collateral collateral;
  attest::Anchor root;
  UnixTime now;
};

Appraisal judged(const Sent& sent) {
  const attest::Policy policy{.name = "machines", .allow_development = true};
  const verifier::Verifier verifier(tee::all_schemes(), {sent.root}, policy);
  auto out = verifier.appraise(
      {.evidence = sent.evidence, .collateral = sent.collateral, .now = sent.now, .expected = {}});
  if (!out) return {};
  return *std::move(out);
}

PrivateKey drawn(const char* seed, crypto::KeyType type) {
  crypto::SeededRng rng(as_bytes(seed));
  return *PrivateKey::generate(type, rng);
}

PrivateKey copy_of(const PrivateKey& key) {
  return *PrivateKey::from_pkcs8(key.to_pkcs8().expose());
}

const PrivateKey& other_attestation_key() {
  static const PrivateKey kKey = drawn("another attestation key", crypto::KeyType::kP256);
  return kKey;
}

// A maker's platform under another name: PPID, instance, serial number and time of issue.
void rename_platform(soft::DcapWorld& world) {
  world.pck.ppid.fill(0xa5);
  if (world.pck.platform_instance_id) world.pck.platform_instance_id->fill(0xa6);
  world.pck_cert.serial = Buffer(18, 0x27);
  world.pck_cert.not_before.seconds += kIssuedLater;
  world.pck_cert.not_after.seconds -= kIssuedLater;
}

Sent dcap(const soft::DcapFace& face, Which which) {
  soft::fixture::Stage s = soft::fixture::good_stage(face);
  s.report_data.fill(which.quote());
  s.td.report_data.fill(which.quote());
  s.enclave.mr_enclave.fill(which.quote());
  if (which.other_machine) {
    s.attestation = copy_of(other_attestation_key());
    s.keys.pck = drawn("another PCK key", crypto::KeyType::kP256);
    s.world.pck_cert.spki = s.keys.pck.public_key().to_spki();
    rename_platform(s.world);
  }
  const soft::DcapMade made = soft::fixture::make(s);
  return {dcap::write_quote(made.parts),
          made.documents,
          {.spki_sha256 = crypto::sha256(s.keys.root.public_key().to_spki()),
           .name = "development",
           .development = true},
          soft::fixture::kNow};
}

// The same makers' keys, with another VCEK.
soft::AmdKeys other_chip(const soft::AmdKeys& keys) {
  return {copy_of(keys.ark), copy_of(keys.ask), copy_of(keys.asvk),
          drawn("another VCEK", crypto::KeyType::kP384), copy_of(keys.vlek)};
}

void rename_chip(soft::SnpStage& s) {
  for (std::size_t i = 4; i < 8; ++i) {
    s.world.report.chip_id.at(i) ^= 0xffU;
  }
  s.world.vcek.hwid = to_buffer(Bytes(s.world.report.chip_id).first(s.world.vcek.hwid->size()));
  s.world.vcek_cert.spki = s.keys->vcek.public_key().to_spki();
  s.world.vcek_cert.serial = Buffer(10, 0x27);
  s.world.vcek_cert.not_before.seconds += kIssuedLater;
  s.world.vcek_cert.not_after.seconds -= kIssuedLater;
  s.report_key = &s.keys->vcek;
}

Sent snp(const soft::SnpFace& face, Which which) {
  soft::snp_fixture::Stage s = soft::snp_fixture::good_stage(face);
  s.world.report.report_data.fill(which.quote());
  s.world.report.report_id.fill(which.quote());
  s.world.report.measurement.fill(which.quote());
  static const soft::AmdKeys kOther = other_chip(soft::snp_fixture::keys_of("one"));
  if (which.other_machine) {
    s.keys = &kOther;
    rename_chip(s);
  }
  const soft::SnpMade made = soft::snp_fixture::make(s);
  return {made.whole(), made.documents,
          soft::snp_fixture::anchor_of(soft::snp_fixture::keys_of("one")), soft::snp_fixture::kNow};
}

Sent azure(const azure::made::Face& face, Which which) {
  azure::made::Stage s = azure::made::good_stage(face);
  s.quote.extra_data = Buffer(48, which.quote());
  if (which.other_machine) {
    s.ak = &azure::made::stranger();
    s.runtime.keys[0] = azure::made::runtime_key("HCLAkPub", s.ak->public_key());
    s.runtime.vm_unique_id = "00000000-7761-7264-0000-000000000002";
    s.quote.qualified_signer = concat({Buffer{0x00, 0x0b}, Buffer(32, 0x5c)});
    s.quoting_key = &other_attestation_key();
    if (s.tdx) rename_platform(s.tdx->world);
    if (s.snp) {
      static const soft::AmdKeys kOther = other_chip(*s.snp->keys);
      s.snp->keys = &kOther;
      rename_chip(*s.snp);
    }
  }
  const azure::made::Made made = azure::made::make(s);
  return {azure::write_evidence(made.evidence), made.documents, azure::made::anchor_of(s),
          azure::made::kNow};
}

Sent tpm(const tpm::stage::Face& face, Which which) {
  namespace stage = tpm::stage;
  stage::Stage s = stage::good_stage(face);
  s.quote.extra_data = Buffer(48, which.quote());
  if (which.other_machine) {
    s.keys = &stage::keys_of("two");
    const tpm::Public old = s.ak;
    s.ak = tpm::public_of(s.keys->ak(face).public_key(), old.attributes, face.scheme, face.hash);
    s.quote.qualified_signer = concat({Buffer{0x00, 0x0b}, Buffer(32, 0x5c)});
    s.ak_certificate.spki = s.keys->ak(face).public_key().to_spki();
    s.ak_certificate.serial = Buffer(10, 0x27);
    s.ak_certificate.not_before.seconds += kIssuedLater;
    s.ak_certificate.not_after.seconds -= kIssuedLater;
  }
  attest::Anchor root = stage::anchor_of(s);
  if (root.bare_key) {
    root.spki_sha256 = crypto::sha256(s.keys->ak(face).public_key().to_spki());
  }
  const stage::Made made = stage::make(s);
  return {made.octets(), made.documents, root, stage::kNow};
}

Sent nvidia(nvidia::Arch arch, Which which) {
  nvidia::Stage s = nvidia::good_stage(arch, which.other_machine ? "one/b" : "one/a");
  s.report.response_nonce.fill(which.quote());
  if (which.other_machine) {
    for (const nvidia::Role role : {nvidia::Role::kDevice, nvidia::Role::kFirmware}) {
      s.certificate(role).not_before.seconds += kIssuedLater;
      s.certificate(role).not_after.seconds -= kIssuedLater;
    }
  }
  const nvidia::Made made = nvidia::make(s);
  return {made.device.report.empty()
              ? Buffer{}
              : to_buffer(as_bytes(*nvidia::write_evidence_json({made.device}))),
          made.documents, nvidia::stage_anchor(s), nvidia::kStageNow};
}

Sent nitro(Which which) {
  namespace made = nitro::made;
  made::Stage s = made::good_stage();
  s.user_data = Buffer(64, which.quote());
  s.chain[made::kInstance].spec.not_before.seconds += 1;  // the latest
  if (which.other_machine) {
    const char* instance = "i-9876543210fedcba0.not-a-region.aws.nitro-enclaves";
    const auto renamed = [](const char* name) {
      const pki::NamePart parts[] = {{"C", "US"},
                                     {"O", "Amazon"},
                                     {"OU", "AWS"},
                                     {"CN", name},
                                     {"serialNumber", x509::kDevelopmentMark}};
      return *pki::make_name(parts);
    };
    s.module_id = "i-9876543210fedcba0-enc9876543210fedcba";
    s.chain[made::kInstance].spec.subject = renamed(instance);
    s.chain[made::kEnclave].spec.issuer = renamed(instance);
    s.chain[made::kEnclave].spec.subject =
        renamed("i-9876543210fedcba0-enc9876543210fedcba.not-a-region.aws");
    s.chain[made::kInstance].spec.not_before.seconds += 1;
    s.chain[made::kInstance].spec.not_after.seconds -= kIssuedLater;
    s.pcrs[4] = Buffer(48, 0x5c);
  }
  return {made::make(s).evidence, {}, s.anchors.at(0), made::kNow};
}

Sent cca(cca::made::Form form, Which which) {
  cca::made::Stage s = cca::made::good_stage(form);
  s.realm_challenge = Buffer(64, which.quote());
  if (which.other_machine) {
    s.instance_id.back() ^= 1U;
    s.cpak = &cca::made::stranger();
    cca::made::name_key(s, *s.cpak);
  }
  return {cca::made::make(s), s.collateral, s.anchors.at(0), cca::made::kNow};
}

Sent psa(psa::Profile profile, Which which) {
  psa::made::Stage s = psa::made::good_stage(profile);
  s.nonce = Buffer(32, which.quote());
  s.boot_seed = Buffer(32, which.quote());  // of one start of the device
  if (which.other_machine) {
    s.instance_id.back() ^= 1U;
    s.iak = &psa::made::stranger();
    psa::made::name_key(s, *s.iak);
  }
  return {psa::made::make(s), s.collateral, s.anchors.at(0), psa::made::kNow};
}

Sent keystone(Which which) {
  keystone::made::Stage s = keystone::made::good_stage();
  s.data = Buffer(32, which.quote());
  if (which.other_machine) {
    // The monitor's key derives from the device's.
    static const auto kMonitor =
        *crypto::EdwardsKey::from_seed(crypto::EdwardsHash::kSha3, Buffer(32, 0x5c));
    s.device = &keystone::made::stranger();
    s.monitor = &kMonitor;
    keystone::made::name_key(s, s.device->public_key());
  }
  return {keystone::made::make(s), {}, s.anchors.at(0), keystone::made::kNow};
}

Sent sev(const sev::made::Face& face, Which which) {
  sev::made::Stage s = sev::made::good_stage(face);
  s.report.mnonce.fill(which.quote());
  if (which.other_machine) {
    crypto::SeededRng rng(as_bytes("another chip"));
    const auto renew = [&](PrivateKey& key, sev::PlatformParts& parts) {
      key = *PrivateKey::generate(face.curve, rng);
      parts.public_key = sev::write_ec_key(key.public_key());
    };
    renew(s.oca_key, s.oca);
    renew(s.cek_key, s.cek);
    renew(s.pek_key, s.pek);
    renew(s.pdh_key, s.pdh);
  }
  const sev::made::Given given = sev::made::given(s);
  return {given.made.evidence(),
          {given.collateral},
          given.anchor,
          *parse_rfc3339("2026-09-22T14:13:20Z")};
}

struct Kind {
  std::string name;
  std::function<Sent(Which)> make;
};

std::vector<Kind> all_kinds() {
  std::vector<Kind> out;
  for (const soft::DcapFace& face : soft::fixture::kFaces)
    out.push_back({face.name, [&face](Which w) { return dcap(face, w); }});
  for (const soft::SnpFace& face : soft::snp_fixture::kFaces)
    if (!face.vlek()) out.push_back({face.name, [&face](Which w) { return snp(face, w); }});
  for (const azure::made::Face& face : azure::made::kFaces)
    out.push_back({std::string("azure ") + face.name, [&face](Which w) { return azure(face, w); }});
  for (const tpm::stage::Face& face : tpm::stage::kFaces)
    out.push_back({face.name, [&face](Which w) { return tpm(face, w); }});
  for (const sev::made::Face& face : sev::made::kFaces)
    out.push_back({face.name, [&face](Which w) { return sev(face, w); }});
  out.push_back({"nvidia hopper", [](Which w) { return nvidia(nvidia::Arch::kHopper, w); }});
  out.push_back({"nvidia switch", [](Which w) { return nvidia(nvidia::Arch::kLs10, w); }});
  out.push_back({"nitro", nitro});
  for (const auto form :
       {cca::made::Form::kProfile, cca::made::Form::kEarly, cca::made::Form::kJson})
    out.push_back({"cca", [form](Which w) { return cca(form, w); }});
  out.push_back({"psa", [](Which w) { return psa(psa::Profile::kTfm, w); }});
  out.push_back({"psa first", [](Which w) { return psa(psa::Profile::kFirst, w); }});
  out.push_back({"keystone", keystone});
  return out;
}

// Every text of an appraisal, by where it stands.
std::map<std::string, std::string> texts_of(const Appraisal& a) {
  std::map<std::string, std::string> out;
  for (const attest::Claim& claim : a.claims)
    out["claim " + claim.name] = attest::claim_text(claim.value);
  for (const attest::Check& check : a.checks) {
    const std::string id = check.info->id;
    out[id + " found"] = check.found;
    out[id + " expected"] = check.expected;
    out[id + " expected from"] = check.expected_from;
  }
  for (std::size_t i = 0; i < a.notes.size(); ++i)
    out["note " + std::to_string(i)] = a.notes[i];
  for (std::size_t i = 0; i < a.warnings.size(); ++i)
    out["warning " + std::to_string(i)] = a.warnings[i];
  return out;
}

Appraisal concealed(Appraisal a) {
  attest::conceal(
      attest::identity_of(tee::identifying(a.tee), a), [](Bytes) { return std::string("machine"); },
      a);
  return a;
}

using Texts = std::map<std::string, std::string>;

// Where two quotes of one machine say the same, and another machine's says another.
std::set<std::string> places_of_machine(const Texts& one, const Texts& two, const Texts& other) {
  std::set<std::string> out;
  for (const auto& [place, text] : one) {
    const auto second = two.find(place);
    const auto third = other.find(place);
    if (text.size() < attest::kMinIdentifierText || second == two.end()) continue;
    if (second->second == text && (third == other.end() || third->second != text)) {
      out.insert(place + ": " + text);
    }
  }
  return out;
}

TEST(Machine, NothingThatIsTheMachinesAloneIsLeft) {
  std::set<std::string> seen;
  for (const Kind& kind : all_kinds()) {
    SCOPED_TRACE(kind.name);
    const Appraisal one = judged(kind.make({}));
    const Appraisal two = judged(kind.make({.other_quote = true}));
    const Appraisal other = judged(kind.make({.other_machine = true}));
    for (const Appraisal* a : {&one, &two, &other}) {
      EXPECT_EQ(a->verdict, one.verdict) << attest::summary(*a);
      EXPECT_TRUE(a->failed().empty()) << attest::summary(*a);
    }
    // What the comparison is worth: it sees the machine where nothing is concealed.
    if (!places_of_machine(texts_of(one), texts_of(two), texts_of(other)).empty()) {
      seen.insert(one.tee);
    }
    const auto left = places_of_machine(texts_of(concealed(one)), texts_of(concealed(two)),
                                        texts_of(concealed(other)));
    for (const std::string& place : left) {
      ADD_FAILURE() << "names the machine: " << place;
    }
  }
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    EXPECT_TRUE(seen.contains(scheme->info().name)) << scheme->info().name;
  }
}

}  // namespace
}  // namespace ward
