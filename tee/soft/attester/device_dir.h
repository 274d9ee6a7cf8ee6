#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/diag.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"
#include "tee/soft/platform.h"
#include "tee/soft/random_source.h"

// The folder of a development platform, as `ward dev init` makes it and softd opens it:
//   root.pem     the development roots, Intel-shaped and AMD-shaped: what a relying party names
//                with --trust-root
//   collateral/  certificates, CRLs, TCB infos and quoting enclave identities of all faces: what
//                `ward verify --collateral` takes
//   device/      the platform's own secrets (device_root, pck.pk8, vcek.pk8, vlek.pk8), its
//                certificates and its quoting enclaves' identities; softd's user alone
//   ca/          the makers' keys, with which documents are issued anew; nobody needs them to run
//                keeps
// A platform has an Intel-shaped processor (SGX and TDX), an AMD-shaped one (SEV-SNP, Genoa), or
// both; what belongs to the other is not there.
namespace ward::soft {

// InitOptions says what platform to make.
struct InitOptions {
  UnixTime from;        // from when on its documents are valid
  unsigned days = 365;  // and for how long
  bool intel = true;
  bool amd = true;
};

// init writes a new development platform into `dir`, which must not exist or be empty. Everything
// comes from `source`: with a seed and the same options the public files are the same octets.
// Secrets have mode 0600. On failure nothing is left behind. The text says what failed.
[[nodiscard]] Result<void, std::string> init(const std::string& dir, const InitOptions& options,
                                             const RandomSource& source);

// make_outdated writes into `dir`, as init does, another platform of the makers whose folder
// `maker` is (its ca/ signs): same roots, same collateral, but firmware that was never updated on
// each of its processors. For showing what a verifier says of it. The new folder has no ca/.
[[nodiscard]] Result<void, std::string> make_outdated(const std::string& dir,
                                                      const std::string& maker, crypto::Rng& rng);

// exposed_secret is the first of the platform's own secrets that others than its owner may read.
[[nodiscard]] std::optional<std::string> exposed_secret(const std::string& dir);

// open_platform reads what `init` wrote. The text says which file is missing, malformed or readable
// by others.
[[nodiscard]] Result<std::unique_ptr<const Platform>, std::string> open_platform(
    const std::string& dir);

}  // namespace ward::soft
