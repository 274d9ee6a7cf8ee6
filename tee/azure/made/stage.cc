#include "tee/azure/made/stage.h"

#include <algorithm>

#include "crypto/digest.h"
#include "crypto/repeatable.h"
#include "tee/tdx/local_report.h"

namespace ward::azure::made {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

constexpr std::size_t kHclSize = 2600;  // of the NV index
constexpr std::size_t kWorkload = 8;
constexpr std::size_t kQuotePadding = 70;

PrivateKey rsa_key(const std::string& seed) {
  crypto::SeededRng rng(as_bytes("ward azure stage " + seed));
  return *crypto::generate_rsa_from(rng, 2048);
}

const soft::AmdKeys& amd_keys() {
  static const soft::AmdKeys kKeys = [] {
    crypto::SeededRng rng(as_bytes("ward azure stage amd"));
    return soft::AmdKeys{rsa_key("ark"), rsa_key("ask"), rsa_key("asvk"),
                         *PrivateKey::generate(KeyType::kP384, rng),
                         *PrivateKey::generate(KeyType::kP384, rng)};
  }();
  return kKeys;
}

soft::SnpStage snp_stage(const Face& face) {
  crypto::SeededRng rng(as_bytes(std::string("ward azure stage ") + face.name));
  auto out = *soft::good_stage(face.snp, amd_keys(), kFrom, kDays, rng);
  out.signing = soft::Signing::kRepeatable;
  out.world.report.vmpl = 0;
  return out;
}

soft::DcapStage tdx_stage(const Face& face) {
  crypto::SeededRng rng(as_bytes(std::string("ward azure stage ") + face.name));
  auto keys = *soft::generate_keys(rng);
  auto attestation = *PrivateKey::generate(KeyType::kP256, rng);
  auto out =
      *soft::good_stage(face.tdx, std::move(keys), std::move(attestation), kFrom, kDays, rng);
  out.signing = soft::Signing::kRepeatable;
  return out;
}

tpm::Quote quote_of(const Face& face) {
  tpm::Quote out;
  out.qualified_signer =
      concat({Buffer{0x00, 0x0b}, crypto::sha256(as_bytes("the virtual TPM's AK"))});
  out.extra_data = to_buffer(crypto::sha384(as_bytes(std::string("nonce of ") + face.name)));
  out.clock = 21'234'567;
  out.reset_count = 2;
  out.firmware_version = 0x2020'0312'0012'0003;
  out.pcr_select = {tpm::selection_of(
      tpm::alg::kSha256,
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23})};
  return out;
}

RuntimeData runtime_of() {
  RuntimeData out;
  out.keys = {runtime_key("HCLAkPub", ak().public_key()),
              runtime_key("HCLEkPub", stranger().public_key())};
  out.keys[1].key_ops = {"encrypt"};
  out.secure_boot = true;
  out.console_enabled = false;
  out.tpm_enabled = true;
  out.tpm_persisted = false;
  out.vm_unique_id = "00000000-7761-7264-0000-000000000001";
  out.root_cert_thumbprint = "d2FyZCBhenVyZSBzdGFnZQ";
  out.user_data = Buffer(kUserDataSize);
  return out;
}

// The digest that the hardware reports, zeros behind it.
std::array<std::uint8_t, 64> report_data_of(const Stage& s, const Hcl& hcl) {
  if (s.report_data) return *s.report_data;
  crypto::Hash hash = crypto::Hash::kSha256;
  if (s.face->hash_type == hash_type::kSha384) hash = crypto::Hash::kSha384;
  if (s.face->hash_type == hash_type::kSha512) hash = crypto::Hash::kSha512;
  const Buffer digest = crypto::digest(hash, hcl.runtime_data);
  std::array<std::uint8_t, 64> out{};
  std::ranges::copy(digest, out.begin());
  return out;
}

void make_snp(const Stage& s, Hcl& hcl, Made& out) {
  soft::SnpStage stage = *s.snp;
  stage.world.report.report_data = report_data_of(s, hcl);
  const soft::SnpMade made = *soft::sign_stage(stage);
  hcl.hardware = made.report;
  out.evidence.vcek = {made.collateral.vcek};
  out.documents = made.documents;
  drop(out, "vcek.der");
}

void make_tdx(const Stage& s, Hcl& hcl, Made& out) {
  const soft::DcapStage& good = *s.tdx;
  soft::DcapStage stage = tdx_stage(*s.face);
  stage.world = good.world;
  stage.td = good.td;
  stage.td.report_data = report_data_of(s, hcl);
  if (s.quoting_key != nullptr) {
    stage.attestation = *PrivateKey::from_pkcs8(s.quoting_key->to_pkcs8().expose());
  }
  const soft::DcapMade made = *soft::sign_stage(stage);
  out.evidence.td_quote = dcap::write_quote(made.parts);
  // Azure's service fills quotes up with zeros; here one form has them and the other not.
  if (s.face->form == Form::kAttestedTls) {
    out.evidence.td_quote.resize(out.evidence.td_quote.size() + kQuotePadding);
  }
  out.documents = made.documents;
  drop(out, "ccel.bin");
  tdx::LocalReportParts local{.td = s.local ? *s.local : stage.td};
  local.td.report_data = stage.td.report_data;
  hcl.hardware = tdx::write_local_report(local);
  hcl.hardware.resize(kHardwareReportSize);
}

}  // namespace

const PrivateKey& ak() {
  static const PrivateKey kKey = rsa_key("ak");
  return kKey;
}

const PrivateKey& stranger() {
  static const PrivateKey kKey = rsa_key("stranger");
  return kKey;
}

RuntimeKey runtime_key(const std::string& id, const crypto::PublicKey& key) {
  const tpm::Public area = tpm::public_of(key, 0, tpm::alg::kRsassa, tpm::alg::kSha256);
  return {.id = id,
          .type = "RSA",
          .key_ops = {"sign"},
          .modulus = area.modulus,
          .exponent = {0x01, 0x00, 0x01}};
}

void set_pcrs(Stage& stage, std::vector<Buffer> values) {
  stage.pcrs = std::move(values);
  Buffer all;
  for (const Buffer& value : stage.pcrs)
    all.insert(all.end(), value.begin(), value.end());
  stage.quote.pcr_digest = to_buffer(crypto::sha256(all));
}

Stage good_stage(const Face& face) {
  Stage s{.face = &face};
  attest::Expectations of_hardware;
  if (is_tdx(face.form)) {
    s.tdx.emplace(tdx_stage(face));
    of_hardware = s.tdx->expectations();
  } else {
    s.snp.emplace(snp_stage(face));
    of_hardware = s.snp->expectations();
  }
  s.hcl.version = is_tdx(face.form) ? 2 : 1;
  s.hcl.report_type = is_tdx(face.form) ? report_type::kTdx : report_type::kSnp;
  s.hcl.hash_type = face.hash_type;
  s.runtime = runtime_of();
  s.quote = quote_of(face);
  std::vector<Buffer> pcrs;
  for (std::size_t i = 0; i < kPcrs; ++i)
    pcrs.push_back(to_buffer(crypto::sha256(as_bytes("PCR " + std::to_string(i)))));
  set_pcrs(s, std::move(pcrs));
  s.ak = &ak();
  s.expected = {std::vector<Buffer>{s.quote.extra_data}, of_hardware.measurement,
                std::vector<Buffer>{s.pcrs[kWorkload]}};
  return s;
}

Made make(const Stage& stage) {
  Made out;
  out.evidence.form = stage.face->form;
  out.evidence.version = stage.face->version;
  Hcl hcl = stage.hcl;
  hcl.runtime_data = to_buffer(as_bytes(
      stage.runtime_json.empty() ? write_runtime_data(stage.runtime) : stage.runtime_json));
  if (stage.tdx) {
    make_tdx(stage, hcl, out);
  } else {
    make_snp(stage, hcl, out);
  }
  const std::size_t size = kRuntimeDataAt + hcl.runtime_data.size();
  hcl.padding = size < kHclSize ? kHclSize - size : 0;
  out.evidence.hcl = write_hcl(hcl);
  out.evidence.message = tpm::write_quote(stage.quote);
  out.evidence.signature = *crypto::sign_repeatably(
      *stage.ak, crypto::SignatureAlgorithm::kRsaPkcs1Sha256, out.evidence.message);
  out.evidence.pcrs = stage.pcrs;
  if (stage.face->form == Form::kAttestedTls) out.evidence.ak_certificate = "none";
  return out;
}

attest::Anchor anchor_of(const Stage& stage) {
  const crypto::PublicKey& key =
      stage.snp ? stage.snp->keys->ark.public_key() : stage.tdx->keys.root.public_key();
  return {.spki_sha256 = crypto::sha256(key.to_spki()),
          .name = "development",
          .development = !stage.root_of_hardware};
}

void change(Evidence& evidence, const std::function<void(Hcl&)>& how) {
  Hcl hcl = *parse_hcl(evidence.hcl);
  how(hcl);
  evidence.hcl = write_hcl(hcl);
}

void drop(Made& made, const std::string& name) {
  std::erase_if(made.documents.documents,
                [&](const attest::Document& d) { return d.name == name; });
}

}  // namespace ward::azure::made
