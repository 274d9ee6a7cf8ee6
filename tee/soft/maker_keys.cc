#include "tee/soft/maker_keys.h"

#include <array>
#include <optional>
#include <thread>

namespace ward::soft {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

constexpr std::size_t kAmdBits = 4096;

Result<PrivateKey> ec_key(const RandomSource& source, KeyType type, const char* label) {
  return PrivateKey::generate(type, *source.stream(label));
}

}  // namespace

Result<DcapKeys> make_dcap_keys(const RandomSource& source) {
  WARD_TRY(PrivateKey root, ec_key(source, KeyType::kP256, "intel root key"));
  WARD_TRY(PrivateKey pck_ca, ec_key(source, KeyType::kP256, "intel platform ca key"));
  WARD_TRY(PrivateKey tcb_signing, ec_key(source, KeyType::kP256, "intel tcb signing key"));
  WARD_TRY(PrivateKey pck, ec_key(source, KeyType::kP256, "intel pck key"));
  return DcapKeys{std::move(root), std::move(pck_ca), std::move(tcb_signing), std::move(pck)};
}

Result<AmdKeys> make_amd_keys(const RandomSource& source) {
  constexpr std::array kLabels = {"amd ark key", "amd ask key", "amd asvk key"};
  std::array<std::optional<Result<PrivateKey>>, kLabels.size()> made;
  {
    std::array<std::jthread, kLabels.size()> threads;
    for (std::size_t i = 0; i < kLabels.size(); ++i) {
      threads[i] = std::jthread([&source, &out = made[i], label = kLabels[i]] {
        out.emplace(source.rsa_key(label, kAmdBits));
      });
    }
  }
  WARD_TRY(PrivateKey ark, *std::move(made[0]));
  WARD_TRY(PrivateKey ask, *std::move(made[1]));
  WARD_TRY(PrivateKey asvk, *std::move(made[2]));
  WARD_TRY(PrivateKey vcek, ec_key(source, KeyType::kP384, "amd vcek key"));
  WARD_TRY(PrivateKey vlek, ec_key(source, KeyType::kP384, "amd vlek key"));
  return AmdKeys{std::move(ark), std::move(ask), std::move(asvk), std::move(vcek), std::move(vlek)};
}

Result<MakerKeys> MakerKeys::from(const RandomSource& source) {
  WARD_TRY(DcapKeys intel, make_dcap_keys(source));
  WARD_TRY(AmdKeys amd, make_amd_keys(source));
  return MakerKeys{std::move(intel), std::move(amd)};
}

}  // namespace ward::soft
