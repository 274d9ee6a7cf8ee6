#include "bench/platform.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "bench/peer_case.h"
#include "bench/signatures.h"
#include "crypto/digest.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "tee/all.h"
#include "tee/soft/amd.h"
#include "tee/soft/quoting_enclave.h"
#include "tee/soft/tcb_documents.h"
#include "tee/soft/world.h"
#include "tee/tdx/td_report.h"
#include "verifier/batch.h"
#include "verifier/platform_cache.h"

namespace ward::bench {
namespace {

using crypto::PrivateKey;

constexpr std::int64_t kDay = 86400;
constexpr UnixTime kFrom{1'790'000'000};
constexpr UnixTime kNow{kFrom.seconds + kDay};
constexpr unsigned kDays = 30;
constexpr std::array<std::uint8_t, 64> kReportData = {1, 2, 3};

// What Intel's documents of 2026 hold (TCB info SGX 00606a000000 of 2026-07-30 and TDX 00806f050000
// of 2026-01-07, QE identity 21, the platform CA's CRL of 2026-07-23): advisories of each TCB level
// and of each level of the QE, levels of the two TDX modules, and entries of the CRL.
constexpr std::array kSgxAdvisories = {0, 3, 4, 4, 6, 6, 7, 7, 9, 9, 11, 11, 13, 14, 26};
constexpr std::array kTdxAdvisories = {0, 7, 10, 11, 24};
constexpr std::array kQeAdvisories = {0, 1, 2, 3, 5, 6};
constexpr std::array kModuleAdvisories = {0, 2, 2};
constexpr int kRevoked = 57;
constexpr std::array kComponents = {
    R"({"svn":#,"category":"BIOS","type":"Early Microcode Update"})",
    R"({"svn":#,"category":"OS/VMM","type":"SGX Late Microcode Update"})",
    R"({"svn":#,"category":"OS/VMM","type":"TXT SINIT"})",
    R"({"svn":#,"category":"BIOS"})",
};

std::vector<std::string> advisories(int count) {
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    out.push_back("INTEL-SA-" + std::to_string(10000 + 37 * i).replace(0, 1, "0"));
  }
  return out;
}

// A platform's components, all of which a TCB level names.
constexpr std::array<std::uint8_t, 16> kSvns = {15, 16, 3, 3, 255, 255, 1};

// Levels below the platform's own: each is older in its first component alone.
void fill_levels(dcap::TcbInfo& info, std::span<const int> counts) {
  for (std::size_t i = 1; i < counts.size(); ++i) {
    dcap::TcbLevel level = info.levels.front();
    level.sgx_components[0] = static_cast<std::uint8_t>(level.sgx_components[0] - i);
    level.tcb_date = {level.tcb_date.seconds - static_cast<std::int64_t>(i) * 90 * kDay};
    level.status = dcap::TcbStatus::kOutOfDate;
    level.advisory_ids = advisories(counts[i]);
    info.levels.push_back(level);
  }
}

void fill_svn_levels(std::vector<dcap::SvnLevel>& levels, std::span<const int> counts) {
  const dcap::SvnLevel newest = levels.at(0);
  levels.resize(1);
  for (std::size_t i = 1; i < counts.size() && i < newest.isv_svn; ++i) {
    levels.push_back({.isv_svn = static_cast<std::uint16_t>(newest.isv_svn - i),
                      .tcb_date = {newest.tcb_date.seconds - static_cast<std::int64_t>(i) * kDay},
                      .status = dcap::TcbStatus::kOutOfDate,
                      .advisory_ids = advisories(counts[i])});
  }
}

std::vector<pki::RevokedEntry> revoked(int count, crypto::Rng& rng) {
  std::vector<pki::RevokedEntry> out;
  for (int i = 0; i < count; ++i) {
    pki::RevokedEntry entry{.serial = Buffer(20), .revoked_at = kFrom};
    rng.fill(entry.serial);
    entry.serial[0] = static_cast<std::uint8_t>(0x40 + i);  // positive, and sorted as readers like
    out.push_back(std::move(entry));
  }
  return out;
}

soft::DcapWorld world_of(const soft::DcapKeys& keys, dcap::TeeType face, crypto::Rng& rng) {
  soft::DcapWorld world = *soft::default_world(keys, kFrom, kDays, rng, face);
  const bool tdx = face == dcap::TeeType::kTdx;
  world.pck.tcb_components = kSvns;
  world.pck.cpu_svn = kSvns;
  world.tcb_info.levels.resize(1);
  world.tcb_info.levels.front().sgx_components = kSvns;
  fill_levels(world.tcb_info, tdx ? std::span<const int>(kTdxAdvisories) : kSgxAdvisories);
  if (tdx) {
    fill_svn_levels(world.tcb_info.tdx_modules.at(0).levels, kModuleAdvisories);
    dcap::TdxModule older = world.tcb_info.tdx_modules.at(0);
    older.id = "TDX_03";
    older.levels.resize(1);
    world.tcb_info.tdx_modules.insert(world.tcb_info.tdx_modules.begin(), older);
  } else {
    fill_svn_levels(world.qe_identity.levels, kQeAdvisories);
  }
  world.pck_crl.revoked = revoked(kRevoked, rng);
  return world;
}

// Intel names the components of each level, which doubles the document.
std::string name_components(const std::string& body) {
  constexpr std::string_view kPlain = "{\"svn\":";
  constexpr std::string_view kList = "sgxtcbcomponents\":[";
  std::string out;
  std::size_t at = 0;
  for (std::size_t list = body.find(kList); list != std::string::npos;
       list = body.find(kList, at)) {
    for (const std::string_view named : kComponents) {
      const std::size_t begin = body.find(kPlain, std::max(at, list));
      const std::size_t end = body.find('}', begin) + 1;
      const auto digits = body.substr(begin + kPlain.size(), end - 1 - begin - kPlain.size());
      out += body.substr(at, begin - at);
      out += std::string(named).replace(named.find('#'), 1, digits);
      at = end;
    }
  }
  return out + body.substr(at);
}

std::string tcb_info_document(const dcap::TcbInfo& info, const PrivateKey& key) {
  const std::string body = name_components(*soft::tcb_info_body(info));
  const Buffer signature =
      *key.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, as_bytes(body));
  return R"({"tcbInfo":)" + body + R"(,"signature":")" + to_hex(signature) + "\"}";
}

// td_report_of is a TD of a platform that is up to date.
Buffer td_report() {
  tdx::TdReportParts td;
  td.tee_tcb_svn = soft::default_td_svn();
  td.td_attributes = std::uint64_t{1} << tdx::td_attributes::kSeptVeDisable;
  td.xfam = 0xe7;
  std::uint8_t octet = 0xa0;
  for (auto* field : {&td.mr_td, &td.mr_config_id, &td.mr_owner, &td.mr_owner_config}) {
    field->fill(octet++);
  }
  td.report_data = kReportData;
  return tdx::write_td_report(td, dcap::BodyType::kTdReport10);
}

// Platforms trust their own root alone, which is no hardware's.
void set_verifier(Platform& out, const crypto::PublicKey& root) {
  out.policy.allow_development = true;
  out.roots = {
      {.spki_sha256 = crypto::sha256(root.to_spki()), .name = "development", .development = true}};
  out.verifier =
      std::make_unique<const verifier::Verifier>(tee::all_schemes(), out.roots, out.policy);
}

attest::Expectations report_data_alone() {
  return {.report_data = std::vector<Buffer>{to_buffer(kReportData)},
          .measurement = attest::Unchecked{},
          .workload = attest::Unchecked{}};
}

constexpr const char* kSeed = "bench";

Platform dcap_platform(const soft::QuoteForm& form) {
  crypto::SeededRng rng(as_bytes(kSeed));
  const soft::DcapKeys keys = *soft::generate_keys(rng);
  const soft::DcapWorld world = world_of(keys, form.tee(), rng);
  soft::DcapCollateral made = *soft::sign_world(world, keys);
  made.tcb_info = tcb_info_document(world.tcb_info, keys.tcb_signing);
  const auto quoting =
      *soft::QuotingEnclave::create(*PrivateKey::generate(crypto::KeyType::kP256, rng), keys.pck,
                                    world.qe_identity, world.pck, made.pck_chain_pem);
  soft::EnclaveIdentity enclave;
  enclave.mr_enclave.fill(0xaa);
  const Buffer body = form.tee() == dcap::TeeType::kTdx
                          ? td_report()
                          : soft::report_body(enclave, world.pck.cpu_svn, kReportData);
  Platform out{.evidence = *quoting.quote(body, form),
               .documents = made.documents(),
               .now = kNow,
               .expected = report_data_alone()};
  set_verifier(out, keys.root.public_key());
  out.peer_case = dcap_case(made, out.evidence, kNow);
  return out;
}

Platform amd_platform() {
  crypto::SeededRng rng(as_bytes("bench amd"));
  const soft::AmdKeys keys{rsa_key("ark.pkcs8"), rsa_key("ask.pkcs8"), rsa_key("ask.pkcs8"),
                           *PrivateKey::generate(crypto::KeyType::kP384, rng),
                           *PrivateKey::generate(crypto::KeyType::kP384, rng)};
  const soft::AmdFace face{snp::Line::kGenoa, 5, snp::SigningKey::kVcek};
  soft::AmdWorld world = *soft::default_amd_world(keys, face, kFrom, kDays, rng);
  world.report.report_data = kReportData;
  const soft::AmdCollateral made = *soft::sign_amd_world(world, keys);
  Platform out{.evidence = *soft::sign_report(world.report, keys.vcek),
               .documents = made.documents(face.key),
               .now = kNow,
               .expected = report_data_alone()};
  set_verifier(out, keys.ark.public_key());
  out.peer_case = amd_case(made, face.line, out.evidence, kNow);
  return out;
}

}  // namespace

Buffer read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool Platform::accepted(attest::Work* work) const {
  const auto appraisal = verifier->appraise({.evidence = evidence,
                                             .collateral = documents,
                                             .now = now,
                                             .expected = expected,
                                             .work = work});
  return appraisal && appraisal->verdict == attest::Verdict::kAccepted;
}

crypto::PrivateKey rsa_key(const char* file) {
  return *PrivateKey::from_pkcs8(read_file(std::filesystem::path(WARD_BENCH_DATA) / file));
}

soft::DcapKeys dcap_keys() {
  crypto::SeededRng rng(as_bytes(kSeed));
  return *soft::generate_keys(rng);
}

const Platform& sgx_platform() {
  static const Platform one = dcap_platform({3, dcap::BodyType::kSgxReport});
  return one;
}

const Platform& tdx_platform() {
  static const Platform one = dcap_platform({4, dcap::BodyType::kTdReport10});
  return one;
}

const Platform& snp_platform() {
  static const Platform one = amd_platform();
  return one;
}

Result<std::shared_ptr<const Platform>> recorded_platform(const std::string& folder, UnixTime now) {
  auto out = std::make_shared<Platform>();
  const std::filesystem::path place(folder);
  out->evidence = read_file(place / "evidence");
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(place / "collateral", failed)) {
    out->documents.documents.push_back({entry.path().filename(), read_file(entry.path())});
  }
  if (failed || out->evidence.empty()) {
    return Error(Errc::kUnavailable, "bench: no evidence with collateral in the folder");
  }
  std::ranges::sort(out->documents.documents, {}, &attest::Document::name);
  out->now = now;
  out->expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}};
  out->policy.accept_any_tcb = true;
  out->policy.require_revocation = false;
  out->verifier =
      std::make_unique<const verifier::Verifier>(tee::all_schemes(), out->roots, out->policy);
  return std::shared_ptr<const Platform>(std::move(out));
}

Result<attest::Work> work_of(const Platform& platform) {
  attest::Work work;
  if (!platform.accepted(&work)) {
    return Error(Errc::kMalformed, "bench: the evidence is not accepted");
  }
  return work;
}

Result<HotPath> cold_path(std::string name, const Platform& platform) {
  WARD_TRY(const attest::Work work, work_of(platform));
  WARD_TRY(std::vector<Bare> all, signatures_of(work));
  Base base = sum_of(name + ".signatures", std::move(all));
  return HotPath{.name = std::move(name),
                 .area = "cold",
                 .bytes = platform.evidence.size(),
                 .run = [&platform] { return platform.accepted(); },
                 .base = std::move(base)};
}

namespace {

// Relier is a relying party that has seen the platform before. Thread safe.
class Relier {
 public:
  explicit Relier(const Platform& platform)
      : cache_(std::make_shared<verifier::PlatformCache>()),
        prepared_(tee::all_schemes(), platform.documents),
        verifier_(tee::all_schemes(), platform.roots, platform.policy, cache_),
        request_{.evidence = platform.evidence,
                 .collateral = none_,
                 .now = platform.now,
                 .expected = platform.expected,
                 .prepared = &prepared_} {}

  [[nodiscard]] bool accepted() const {
    thread_local attest::Slate slate;
    return verifier_.appraise(request_, slate) &&
           slate.appraisal().verdict == attest::Verdict::kAccepted;
  }

  [[nodiscard]] bool all_accepted(unsigned threads, std::size_t count) const {
    const std::vector<verifier::Request> requests(count, request_);
    std::atomic<bool> good = true;
    verifier::appraise_all(
        verifier_, requests, threads,
        [&](std::size_t, const attest::Appraisal* appraisal, const Error*) {
          if (appraisal == nullptr || appraisal->verdict != attest::Verdict::kAccepted) {
            good = false;
          }
        });
    return good;
  }

  // knows is true where the platform was found in the cache each time but the first.
  [[nodiscard]] bool knows() const {
    const auto counts = cache_->counts();
    return counts.platforms == 1 && counts.misses == 1 && counts.hits > 0;
  }

 private:
  const attest::Collateral none_;
  std::shared_ptr<verifier::PlatformCache> cache_;
  verifier::PreparedCollateral prepared_;
  verifier::Verifier verifier_;
  verifier::Request request_;
};

}  // namespace

Result<HotPath> warm_path(const std::string& name, const Platform& platform) {
  WARD_TRY(const attest::Work work, work_of(platform));
  WARD_TRY(Bare one, quote_signature_of(work));
  const auto relier = std::make_shared<const Relier>(platform);
  if (!relier->accepted() || !relier->accepted() || !relier->knows()) {
    return Error(Errc::kMalformed, "bench: the platform is not remembered");
  }
  return HotPath{
      .name = name,
      .area = "warm",
      .bytes = platform.evidence.size(),
      .run = [relier] { return relier->accepted(); },
      .base = base_of(name + ".signature", std::move(one)),
      .batch = [relier](unsigned threads,
                        std::size_t runs) { return relier->all_accepted(threads, runs); }};
}

const Buffer& document_of(const Platform& platform, const std::string& name) {
  const auto& all = platform.documents.documents;
  const auto found = std::ranges::find(all, name, &attest::Document::name);
  if (found == all.end()) std::abort();
  return found->bytes;
}

}  // namespace ward::bench
