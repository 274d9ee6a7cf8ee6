#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "attest/collateral.h"
#include "attest/work.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "bench/hot_paths.h"
#include "tee/soft/world.h"
#include "verifier/verifier.h"

// Evidence, its collateral and who judges it: what one appraisal is made of.
namespace ward::bench {

// Platform is thread safe once it is made.
struct Platform {
  Buffer evidence;
  attest::Collateral documents;
  UnixTime now;
  attest::Expectations expected;
  std::vector<attest::Anchor> roots;  // beside the makers' own
  attest::Policy policy;
  std::unique_ptr<const verifier::Verifier> verifier;  // remembers nothing
  std::string peer_case{};  // the same for other verifiers, as test/differential's cases have it

  // accepted appraises once; what the verdict is derived from goes to `work` where it is not null.
  [[nodiscard]] bool accepted(attest::Work* work = nullptr) const;
};

// The development platforms, of the sizes that Intel's and AMD's documents have (platform.cc). Each
// is made once and lives as long as the program.
[[nodiscard]] const Platform& sgx_platform();
[[nodiscard]] const Platform& tdx_platform();
[[nodiscard]] const Platform& snp_platform();

// recorded_platform reads evidence of real hardware: FOLDER/evidence, and the documents of
// FOLDER/collateral. Any TCB status is accepted, and revocation is judged where a list is there.
[[nodiscard]] Result<std::shared_ptr<const Platform>> recorded_platform(const std::string& folder,
                                                                        UnixTime now);

// NamedPlatform is one of the project's own vectors: "tpm.ecdsa_p384_chain".
struct NamedPlatform {
  std::string name;
  const Platform* platform = nullptr;
};

// tee_platforms are the valid vectors of the TEEs that have no platform above, read from their
// folders once; they live as long as the program.
[[nodiscard]] const std::vector<NamedPlatform>& tee_platforms();

// work_of is what the platform's verdict is derived from. kMalformed where it is not accepted.
[[nodiscard]] Result<attest::Work> work_of(const Platform& platform);

// cold_path appraises with nothing verified before; its base are the signatures alone.
[[nodiscard]] Result<HotPath> cold_path(std::string name, const Platform& platform);

// tee_paths are the cold paths of tee_platforms(), in a table of their own. One whose signatures no
// library here verifies has no base.
[[nodiscard]] std::vector<HotPath> tee_paths();

// warm_path appraises what was appraised before by a verifier that remembers; its base is the one
// signature that is new with each quote.
[[nodiscard]] Result<HotPath> warm_path(const std::string& name, const Platform& platform);

// read_file is a file's octets; empty where there is none.
[[nodiscard]] Buffer read_file(const std::filesystem::path& path);

// rsa_key reads one of this program's RSA keys of AMD's size ("ark.pkcs8"), which take seconds to
// make.
[[nodiscard]] crypto::PrivateKey rsa_key(const char* file);

// dcap_keys are what the development platforms of Intel's kind are made with, for those who make
// more of them.
[[nodiscard]] soft::DcapKeys dcap_keys();

// The documents of the development platforms, for the parsers' paths.
[[nodiscard]] const Buffer& document_of(const Platform& platform, const std::string& name);

}  // namespace ward::bench
