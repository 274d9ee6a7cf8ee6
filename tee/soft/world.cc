#include "tee/soft/world.h"

#include <algorithm>

#include "codec/pem.h"
#include "tee/soft/tcb_documents.h"

namespace ward::soft {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;
using crypto::SignatureAlgorithm;
using dcap::PckExtensions;

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kRootYears = 20;
constexpr const char* kRootName = "Intel SGX Root CA";
constexpr std::uint16_t kQeSvn = 8;
constexpr std::uint16_t kQeProdId = 1;
constexpr std::uint16_t kTdQeProdId = 2;

// Intel's common name, which other verifiers ask for, and the mark.
Result<pki::Name> name(const char* common) {
  const pki::NamePart parts[] = {{"C", "XX"},
                                 {"O", "ward development - not a TEE"},
                                 {"CN", common},
                                 {"serialNumber", x509::kDevelopmentMark}};
  return pki::make_name(parts);
}

// Where the issuer's list would be fetched: nobody is there, the lists come with the platform.
std::string crl_address(const pki::Name& issuer) {
  return std::string("https://not-a-tee.ward.example/") +
         (issuer.common_name() == kRootName ? "root_ca.crl" : "pck_platform_ca.crl");
}

Buffer serial(crypto::Rng& rng) {
  Buffer out(16);
  rng.fill(out);
  out[0] = static_cast<std::uint8_t>((out[0] & 0x7fU) | 0x40U);
  return out;
}

pki::Extension pck_extension(const PckExtensions& pck) {
  return {.oid = to_buffer(dcap::pck_extension_oid()),
          .critical = false,
          .value = write_pck_extensions(pck)};
}

PckExtensions platform(crypto::Rng& rng) {
  PckExtensions out;
  rng.fill(out.ppid);
  out.tcb_components.fill(1);
  out.cpu_svn.fill(1);
  out.pce_svn = 13;
  std::ranges::copy(x509::kDevelopmentId, out.fmspc.begin());
  out.sgx_type = 0;
  std::array<std::uint8_t, 16> instance{};
  rng.fill(instance);
  out.platform_instance_id = instance;
  out.dynamic_platform = false;
  out.cached_keys = false;
  out.smt_enabled = true;
  return out;
}

// A certificate of the PKI, for the key `subject_spki`, issued under `issuer_spki`.
Result<pki::CertificateSpec> certificate(const pki::Name& issuer, const pki::Name& subject,
                                         Bytes subject_spki, Bytes issuer_spki, crypto::Rng& rng) {
  WARD_TRY(const Buffer subject_id, pki::key_id(subject_spki));
  WARD_TRY(const Buffer issuer_id, pki::key_id(issuer_spki));
  pki::CertificateSpec out;
  out.serial = serial(rng);
  out.signature_algorithm = SignatureAlgorithm::kEcdsaP256Sha256;
  out.issuer = issuer;
  out.subject = subject;
  out.spki = to_buffer(subject_spki);
  out.extensions = {pki::subject_key_id_extension(subject_id),
                    pki::authority_key_id_extension(issuer_id),
                    pki::crl_distribution_point_extension(crl_address(issuer))};
  return out;
}

void make_ca(pki::CertificateSpec& spec, std::uint32_t path_len) {
  spec.extensions.push_back(
      pki::key_usage_extension(pki::key_usage::kKeyCertSign | pki::key_usage::kCrlSign));
  spec.extensions.push_back(pki::basic_constraints_extension({.ca = true, .path_len = path_len}));
}

void make_leaf(pki::CertificateSpec& spec) {
  spec.extensions.push_back(pki::key_usage_extension(pki::key_usage::kDigitalSignature));
  spec.extensions.push_back(pki::basic_constraints_extension({.ca = false}));
}

Result<pki::CrlSpec> crl(const pki::Name& issuer, Bytes issuer_spki, UnixTime from, UnixTime to) {
  WARD_TRY(const Buffer issuer_id, pki::key_id(issuer_spki));
  pki::CrlSpec out;
  out.signature_algorithm = SignatureAlgorithm::kEcdsaP256Sha256;
  out.issuer = issuer;
  out.this_update = from;
  out.next_update = to;
  out.extensions = {pki::authority_key_id_extension(issuer_id), pki::crl_number_extension(1)};
  return out;
}

dcap::SvnLevel svn_level(std::uint16_t svn, UnixTime date, dcap::TcbStatus status) {
  dcap::SvnLevel out{.isv_svn = svn, .tcb_date = date, .status = status};
  if (status != dcap::TcbStatus::kUpToDate) out.advisory_ids = {"WARD-DEVELOPMENT-0002"};
  return out;
}

// What a TDX TCB info has beside an SGX one: the TDX module, and TEE_TCB_SVN in each level.
void state_tdx(dcap::TcbInfo& info, UnixTime from) {
  info.id = "TDX";
  const auto svn = default_td_svn();
  info.levels[0].tdx_components = svn;
  info.levels[0].tdx_components[1] = 0;
  info.tdx_module.emplace().attributes_mask.fill(0xff);
  dcap::TdxModule module;
  module.id = "TDX_01";
  module.attributes_mask.fill(0xff);
  module.levels = {svn_level(svn[0], from, dcap::TcbStatus::kUpToDate),
                   svn_level(1, from, dcap::TcbStatus::kOutOfDate)};
  info.tdx_modules = {module};
}

void state_documents(DcapWorld& world, Bytes root_spki, UnixTime from, UnixTime to) {
  dcap::TcbInfo& info = world.tcb_info;
  info.id = "SGX";
  info.version = 3;
  info.issue_date = from;
  info.next_update = to;
  info.evaluation_number = 17;
  info.fmspc = world.pck.fmspc;
  info.pce_id = world.pck.pce_id;
  dcap::TcbLevel level;
  level.sgx_components = world.pck.tcb_components;
  level.pce_svn = world.pck.pce_svn;
  level.tcb_date = from;
  level.status = dcap::TcbStatus::kUpToDate;
  info.levels = {level};
  level.sgx_components.fill(0);
  level.pce_svn = 0;
  level.status = dcap::TcbStatus::kOutOfDate;
  level.advisory_ids = {"WARD-DEVELOPMENT-0001"};
  info.levels.push_back(level);

  dcap::QeIdentity& qe = world.qe_identity;
  qe.id = "QE";
  qe.version = 2;
  qe.issue_date = from;
  qe.next_update = to;
  qe.evaluation_number = 17;
  qe.misc_select_mask.fill(0xff);
  qe.attributes = {0x15};  // INIT, MODE64BIT, PROVISIONKEY
  qe.attributes_mask.fill(0);
  std::fill_n(qe.attributes_mask.begin(), 8, std::uint8_t{0xff});
  qe.mr_signer =
      crypto::sha256(concat({as_bytes("ward development quoting enclave signer"), root_spki}));
  qe.isv_prod_id = kQeProdId;
  qe.levels = {{.isv_svn = kQeSvn, .tcb_date = from, .status = dcap::TcbStatus::kUpToDate},
               {.isv_svn = 1, .tcb_date = from, .status = dcap::TcbStatus::kOutOfDate}};
}

// With the key that issues, and how it signs.
struct Signer {
  const PrivateKey& key;
  Signing signing;

  Result<Buffer> operator()(Bytes tbs) const {
    return sign(key, SignatureAlgorithm::kEcdsaP256Sha256, tbs, signing);
  }
};

Result<std::string> sign_document(const char* member, const std::string& body,
                                  const Signer& signer) {
  WARD_TRY(const Buffer signature, sign_rs(signer.key, SignatureAlgorithm::kEcdsaP256Sha256,
                                           as_bytes(body), signer.signing));
  return std::string("{\"") + member + "\":" + body + ",\"signature\":\"" + to_hex(signature) +
         "\"}";
}

}  // namespace

Result<DcapKeys> generate_keys(crypto::Rng& rng) {
  WARD_TRY(PrivateKey root, PrivateKey::generate(KeyType::kP256, rng));
  WARD_TRY(PrivateKey pck_ca, PrivateKey::generate(KeyType::kP256, rng));
  WARD_TRY(PrivateKey tcb_signing, PrivateKey::generate(KeyType::kP256, rng));
  WARD_TRY(PrivateKey pck, PrivateKey::generate(KeyType::kP256, rng));
  return DcapKeys{std::move(root), std::move(pck_ca), std::move(tcb_signing), std::move(pck)};
}

std::array<std::uint8_t, 16> default_td_svn() { return {5, 1, 3}; }

Result<DcapWorld> default_world(const DcapKeys& keys, UnixTime from, unsigned days,
                                crypto::Rng& rng, dcap::TeeType face) {
  WARD_TRY(const pki::Name root, name(kRootName));
  WARD_TRY(const pki::Name ca, name("Intel SGX PCK Platform CA"));
  WARD_TRY(const pki::Name signing, name("Intel SGX TCB Signing"));
  WARD_TRY(const pki::Name pck, name("Intel SGX PCK Certificate"));
  const Buffer root_spki = keys.root.public_key().to_spki();
  const Buffer ca_spki = keys.pck_ca.public_key().to_spki();
  DcapWorld out;
  out.pck = platform(rng);
  WARD_TRY(out.root_cert, certificate(root, root, root_spki, root_spki, rng));
  make_ca(out.root_cert, 1);
  WARD_TRY(out.pck_ca_cert, certificate(root, ca, ca_spki, root_spki, rng));
  make_ca(out.pck_ca_cert, 0);
  WARD_TRY(out.tcb_signing_cert,
           certificate(root, signing, keys.tcb_signing.public_key().to_spki(), root_spki, rng));
  make_leaf(out.tcb_signing_cert);
  WARD_TRY(out.pck_cert, certificate(ca, pck, keys.pck.public_key().to_spki(), ca_spki, rng));
  make_leaf(out.pck_cert);
  // Intel's profile has six extensions in a PCK certificate, which verifiers count.
  for (pki::CertificateSpec* spec : {&out.root_cert, &out.pck_ca_cert, &out.tcb_signing_cert}) {
    spec->extensions.insert(spec->extensions.begin(), mark_extension());
  }
  for (pki::CertificateSpec* spec :
       {&out.root_cert, &out.pck_ca_cert, &out.tcb_signing_cert, &out.pck_cert}) {
    spec->not_before = from;
    spec->not_after = {from.seconds + kRootYears * 365 * kDay};
  }
  const UnixTime to{from.seconds + days * kDay};
  WARD_TRY(out.root_crl, crl(root, root_spki, from, to));
  WARD_TRY(out.pck_crl, crl(ca, ca_spki, from, to));
  state_documents(out, root_spki, from, to);
  return face == dcap::TeeType::kTdx ? tdx_world(std::move(out)) : std::move(out);
}

DcapWorld tdx_world(DcapWorld sgx) {
  state_tdx(sgx.tcb_info, sgx.tcb_info.issue_date);
  sgx.qe_identity.id = "TD_QE";
  sgx.qe_identity.isv_prod_id = kTdQeProdId;
  return sgx;
}

Result<TcbCollateral> sign_documents(const dcap::TcbInfo& tcb_info,
                                     const dcap::QeIdentity& qe_identity,
                                     const PrivateKey& tcb_signing, Signing signing) {
  const Signer signer{tcb_signing, signing};
  WARD_TRY(const std::string info, tcb_info_body(tcb_info));
  WARD_TRY(const std::string identity, qe_identity_body(qe_identity));
  TcbCollateral out;
  WARD_TRY(out.tcb_info, sign_document("tcbInfo", info, signer));
  WARD_TRY(out.qe_identity, sign_document("enclaveIdentity", identity, signer));
  return out;
}

Result<DcapCollateral> sign_world(const DcapWorld& world, const DcapKeys& keys, Signing signing) {
  const Signer by_root{keys.root, signing};
  const Signer by_ca{keys.pck_ca, signing};
  pki::CertificateSpec leaf = world.pck_cert;
  leaf.extensions.push_back(pck_extension(world.pck));
  WARD_TRY(const Buffer root, pki::build_certificate(world.root_cert, by_root));
  WARD_TRY(const Buffer ca, pki::build_certificate(world.pck_ca_cert, by_root));
  WARD_TRY(const Buffer tcb_signing, pki::build_certificate(world.tcb_signing_cert, by_root));
  WARD_TRY(const Buffer pck, pki::build_certificate(leaf, by_ca));
  DcapCollateral out;
  out.root_pem = codec::to_pem("CERTIFICATE", root);
  out.tcb_signing_pem = codec::to_pem("CERTIFICATE", tcb_signing) + out.root_pem;
  out.pck_chain_pem =
      codec::to_pem("CERTIFICATE", pck) + codec::to_pem("CERTIFICATE", ca) + out.root_pem;
  WARD_TRY(out.root_crl, pki::build_crl(world.root_crl, by_root));
  WARD_TRY(out.pck_crl, pki::build_crl(world.pck_crl, by_ca));
  WARD_TRY(TcbCollateral documents,
           sign_documents(world.tcb_info, world.qe_identity, keys.tcb_signing, signing));
  out.tcb_info = std::move(documents.tcb_info);
  out.qe_identity = std::move(documents.qe_identity);
  return out;
}

attest::Collateral DcapCollateral::documents() const {
  attest::Collateral out;
  const auto text = [&](const char* file, const std::string& t) {
    out.documents.push_back({file, to_buffer(as_bytes(t))});
  };
  text("root_ca.pem", root_pem);
  text("tcb_signing.pem", tcb_signing_pem);
  out.documents.push_back({"root_ca.crl", root_crl});
  out.documents.push_back({"pck_platform_ca.crl", pck_crl});
  text("tcb_info.json", tcb_info);
  text("qe_identity.json", qe_identity);
  return out;
}

Result<std::string> outdated_chain(std::span<const pki::Certificate> chain,
                                   const PrivateKey& pck_ca, Bytes pck_spki, crypto::Rng& rng,
                                   Signing signing) {
  const Error no_chain(Errc::kMalformed, "soft.platform: not a platform's chain");
  if (chain.size() != 3) return no_chain;
  const pki::Extension* extension = chain[0].find(dcap::pck_extension_oid());
  if (extension == nullptr) return no_chain;
  WARD_TRY(PckExtensions pck, dcap::parse_pck_extensions(extension->value));
  rng.fill(pck.ppid);
  pck.tcb_components.fill(0);
  pck.cpu_svn.fill(0);
  pck.pce_svn = 0;
  WARD_TRY(pki::CertificateSpec leaf,
           certificate(chain[0].issuer, chain[0].subject, pck_spki, chain[1].spki, rng));
  make_leaf(leaf);
  leaf.extensions.push_back(pck_extension(pck));
  leaf.not_before = chain[0].not_before;
  leaf.not_after = chain[0].not_after;
  WARD_TRY(const Buffer der, pki::build_certificate(leaf, Signer{pck_ca, signing}));
  return codec::to_pem("CERTIFICATE", der) + codec::to_pem("CERTIFICATE", chain[1].der) +
         codec::to_pem("CERTIFICATE", chain[2].der);
}

}  // namespace ward::soft
