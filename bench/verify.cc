#include <array>
#include <memory>
#include <vector>

#include "bench/hot_paths.h"
#include "crypto/digest.h"
#include "crypto/rng.h"
#include "tee/sgx/scheme.h"
#include "tee/soft/quoting_enclave.h"
#include "tee/soft/world.h"
#include "verifier/verifier.h"

namespace ward::bench {
namespace {

constexpr UnixTime kFrom{1'790'000'000};
constexpr UnixTime kNow{1'790'000'000 + 86400};
constexpr std::array<std::uint8_t, 64> kReportData = {1, 2, 3};

// The different signatures of one SGX appraisal: quote, QE report, PCK certificate, its CA, the
// root, both CRLs, the TCB signing certificate, TCB info and QE identity.
constexpr unsigned kSignatures = 10;

// Platform is a development platform in Intel's formats, made from a seed, and one quote of it.
struct Platform {
  attest::Collateral documents;
  Buffer quote;
  sgx::Sgx scheme;
  std::unique_ptr<verifier::Verifier> verifier;
};

std::shared_ptr<const Platform> make_platform() {
  crypto::SeededRng rng(as_bytes("bench"));
  const soft::DcapKeys keys = *soft::generate_keys(rng);
  const soft::DcapWorld world = *soft::default_world(keys, kFrom, 30, rng);
  const soft::DcapCollateral signed_world = *soft::sign_world(world, keys);
  const auto quoting = *soft::QuotingEnclave::create(
      *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng), keys.pck, world.qe_identity,
      world.pck, signed_world.pck_chain_pem);
  soft::EnclaveIdentity enclave;
  enclave.mr_enclave.fill(0xaa);
  auto out = std::make_shared<Platform>();
  out->documents = signed_world.documents();
  out->quote = *quoting.quote(soft::report_body(enclave, world.pck.cpu_svn, kReportData));
  const attest::Scheme* schemes[] = {&out->scheme};
  attest::Policy policy;
  policy.allow_development = true;
  const auto root = crypto::sha256(keys.root.public_key().to_spki());
  out->verifier = std::make_unique<verifier::Verifier>(
      schemes,
      std::vector<attest::Anchor>{
          {.spki_sha256 = root, .name = "development", .development = true}},
      policy);
  return out;
}

}  // namespace

HotPath sgx_verify() {
  auto platform = make_platform();
  const std::size_t size = platform->quote.size();
  return {.name = "verify.sgx.cold",
          .bytes = size,
          .run =
              [platform] {
                const auto appraisal = platform->verifier->appraise(
                    {.evidence = platform->quote,
                     .collateral = platform->documents,
                     .now = kNow,
                     .expected = {.report_data = std::vector<Buffer>{to_buffer(kReportData)},
                                  .measurement = attest::Unchecked{},
                                  .workload = attest::Unchecked{}}});
                return appraisal && appraisal->verdict == attest::Verdict::kAccepted;
              },
          .floor = "crypto.p256_verify",
          .floor_runs = kSignatures};
}

}  // namespace ward::bench
