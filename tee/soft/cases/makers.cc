#include "tee/soft/cases/case.h"
#include "tee/soft/maker_keys.h"

namespace ward::soft::cases {
namespace {

constexpr std::size_t kRsaBits = 4096;

Result<DcapStage> stage_of(const Setting& setting, const RandomSource& source,
                           const DcapFace& face) {
  WARD_TRY(DcapKeys keys, make_dcap_keys(source));
  WARD_TRY(crypto::PrivateKey attestation,
           crypto::PrivateKey::generate(crypto::KeyType::kP256, *source.stream("attestation key")));
  WARD_TRY(DcapStage out, good_stage(face, std::move(keys), std::move(attestation), setting.from(),
                                     setting.days, *source.stream("case platform")));
  out.signing = source.signing();
  return out;
}

}  // namespace

Makers::Makers(Setting setting)
    : setting_(std::move(setting)),
      own_(setting_.seed),
      strange_(concat({as_bytes("another maker of "), Bytes(setting_.seed)})) {}

Makers::Makers(Setting setting, AmdMakers amd) : Makers(std::move(setting)) {
  amd_ = std::make_unique<const AmdMakers>(std::move(amd));
}

Result<DcapStage> Makers::stage(const DcapFace& face) const {
  return stage_of(setting_, own_, face);
}

Result<DcapStage> Makers::stranger(const DcapFace& face) const {
  return stage_of(setting_, strange_, face);
}

Result<const AmdMakers*> Makers::amd() {
  if (!amd_) {
    WARD_TRY(AmdKeys keys, make_amd_keys(own_));
    WARD_TRY(crypto::PrivateKey stranger, strange_.rsa_key("ark", kRsaBits));
    amd_ = std::make_unique<const AmdMakers>(AmdMakers{std::move(keys), std::move(stranger)});
  }
  return amd_.get();
}

Result<SnpStage> Makers::stage(const SnpFace& face) {
  WARD_TRY(const AmdMakers* makers, amd());
  WARD_TRY(SnpStage out, good_stage(face, makers->keys, setting_.from(), setting_.days,
                                    *own_.stream(std::string("case platform ") + face.name)));
  out.signing = own_.signing();
  return out;
}

}  // namespace ward::soft::cases
