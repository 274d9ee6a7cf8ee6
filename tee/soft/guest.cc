#include "tee/soft/guest.h"

#include "tee/soft/sgx_guest.h"
#include "tee/soft/snp_guest.h"
#include "tee/soft/tdx_guest.h"

namespace ward::soft {

Result<std::unique_ptr<Guest>> launch(const Platform& platform, const Face& face,
                                      const Launch& launch, crypto::Rng& rng) {
  if (launch.runtime.empty()) return Error(Errc::kMalformed, "soft.launch: no runtime image");
  if (std::holds_alternative<AmdFace>(face.form)) {
    if (platform.amd() == nullptr) {
      return Error(Errc::kUnavailable, "soft.launch: this platform has no AMD-shaped processor");
    }
    return launch_snp(*platform.amd(), face, launch, rng);
  }
  if (platform.intel() == nullptr) {
    return Error(Errc::kUnavailable, "soft.launch: this platform has no Intel-shaped processor");
  }
  if (std::get<QuoteForm>(face.form).tee() == dcap::TeeType::kTdx) {
    return launch_tdx(*platform.intel(), face, launch);
  }
  return launch_sgx(*platform.intel(), face, launch);
}

}  // namespace ward::soft
