#pragma once

#include <string>

#include "base/diag.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"
#include "tee/soft/processor.h"

// The folder of a development platform, as `ward dev init` makes it and softd opens it:
//   root.pem             the development root: what a relying party names with --trust-root
//   collateral/          TCB info, QE identity, CRLs, certificates: what `ward verify --collateral`
//   takes device/              the platform's own secrets (device_root, pck.pk8) and its PCK chain;
//   softd's user alone ca/                  the makers' keys, with which documents are issued anew;
//   nobody needs them to run keeps
namespace ward::soft {

// init writes a new development platform into `dir`, which must not exist or be empty. Secrets have
// mode 0600. On failure nothing is left behind. The text says what failed.
[[nodiscard]] Result<void, std::string> init(const std::string& dir, UnixTime now, unsigned days,
                                             crypto::Rng& rng);

// make_outdated writes into `dir`, as init does, another platform of the maker whose folder `maker`
// is (its ca/ signs): same root, same collateral, but firmware that was never updated. For showing
// what a verifier says of it. The new folder has no ca/.
[[nodiscard]] Result<void, std::string> make_outdated(const std::string& dir,
                                                      const std::string& maker, crypto::Rng& rng);

// Device is an opened development platform.
struct Device {
  Processor processor;
  QuotingEnclave quoting_enclave;
};

// open_device reads what `init` wrote. The text says which file is missing, malformed or readable
// by others.
[[nodiscard]] Result<Device, std::string> open_device(const std::string& dir);

}  // namespace ward::soft
