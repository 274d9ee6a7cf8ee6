#pragma once

#include "base/result.h"
#include "tee/soft/amd.h"
#include "tee/soft/random_source.h"
#include "tee/soft/world.h"

namespace ward::soft {

// make_dcap_keys draws the keys of the Intel-shaped PKI: four P-256 keys.
[[nodiscard]] Result<DcapKeys> make_dcap_keys(const RandomSource& source);

// make_amd_keys draws the keys of the AMD-shaped PKI: RSA-4096 for ARK, ASK and ASVK, as AMD's are,
// each in a thread of its own (together one to three seconds), and P-384 for VCEK and VLEK.
[[nodiscard]] Result<AmdKeys> make_amd_keys(const RandomSource& source);

// MakerKeys are all private keys of a development PKI: its makers' and those of one platform.
struct MakerKeys {
  DcapKeys intel;
  AmdKeys amd;

  [[nodiscard]] static Result<MakerKeys> from(const RandomSource& source);
};

}  // namespace ward::soft
